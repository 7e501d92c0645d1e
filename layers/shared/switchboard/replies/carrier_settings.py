"""A number's settings at its carrier as the API shows them."""

from typing import Annotated, Any, NotRequired, TypedDict, cast

from pydantic import Field

from ..carriers.base import Check
from ..carriers.stock import HeldNumber
from ..model import Number
from ..numbers.carrier_settings import ChangedWebhooks, Examined

_Success = Annotated[bool, Field(examples=[True])]
_E164 = Annotated[str, Field(description="E.164.", examples=["+14155550100"])]
_Provider = Annotated[str, Field(examples=["twilio"])]
_Url = Annotated[str | None, Field(description="null where nothing is told.")]


class WebhooksReply(TypedDict):
    """Where a number's calls and messages go, as the carrier has it now."""

    success: _Success
    phone_number: _E164
    provider: _Provider
    voice_webhook_url: _Url
    sms_webhook_url: _Url
    configuration: Annotated[dict[str, Any], Field(description="In the carrier's own words.")]


class UpdatedWebhooks(TypedDict):
    """What was set."""

    voice: NotRequired[Annotated[str, Field(description="The URL.")]]
    sms: NotRequired[Annotated[str, Field(examples=["disabled (demo URL)"])]]


class WebhooksUpdated(TypedDict):
    """A number's webhooks were changed."""

    success: _Success
    phone_number: _E164
    provider: _Provider
    updated_webhooks: UpdatedWebhooks
    message: Annotated[str, Field(description="Says so to a person.")]


class CheckReply(TypedDict):
    """One thing that calls depend on: how it stands, and how to mend it."""

    name: str
    result: str
    verdict: Annotated[str, Field(description="ok, warning or failed.", examples=["ok"])]
    advice: str


class Diagnosis(TypedDict):
    """What the carrier says of a number; the keys after `error` only of one that it holds."""

    phone_number: _E164
    found: Annotated[bool, Field(examples=[True])]
    provider: _Provider
    checks: list[CheckReply]
    error: NotRequired[str]
    phone_number_id: NotRequired[str | None]
    connection_id: NotRequired[str | None]
    status: NotRequired[str | None]
    features: NotRequired[list[str]]
    messaging_profile_id: NotRequired[str | None]
    connection_info: NotRequired[dict[str, Any] | None]
    call_control_applications: NotRequired[list[dict[str, Any]]]
    voice_configuration: NotRequired[dict[str, Any] | None]
    assigned_call_control_app_id: NotRequired[str | None]
    raw_phone_data: NotRequired[dict[str, Any]]


class DiagnosisReply(TypedDict):
    """A number as its carrier has it, and all that its calls depend on."""

    success: _Success
    phone_number: _E164
    diagnosis: Diagnosis


def webhooks_reply(number: Number, held: HeldNumber) -> WebhooksReply:
    """Return where a number's calls and messages go."""
    return {
        "success": True,
        "phone_number": number.phone_number,
        "provider": number.carrier,
        "voice_webhook_url": held.voice_url,
        "sms_webhook_url": held.sms_url,
        "configuration": held.configuration,
    }


def webhooks_updated(changed: ChangedWebhooks) -> WebhooksUpdated:
    """Return what was changed."""
    number, count = changed.number, len(changed.updated)
    return {
        "success": True,
        "phone_number": number.phone_number,
        "provider": number.carrier,
        "updated_webhooks": cast(UpdatedWebhooks, changed.updated),
        "message": f"Successfully updated {count} webhook(s) for {number.phone_number} "
        f"via {number.carrier}",
    }


def diagnosis_reply(examined: Examined) -> DiagnosisReply:
    """Return what was seen of a number."""
    number, held = examined.number, examined.held
    common = {
        "phone_number": number.phone_number,
        "found": held is not None,
        "provider": number.carrier,
        "checks": [_check(check) for check in examined.checks],
    }
    missing = f"{number.carrier.title()} does not hold {number.phone_number}"
    told = held.diagnosis if held else {"error": missing}
    return {
        "success": True,
        "phone_number": number.phone_number,
        "diagnosis": cast(Diagnosis, common | told),
    }


def _check(check: Check) -> CheckReply:
    return {
        "name": check.name,
        "result": check.result,
        "verdict": check.verdict.value,
        "advice": check.advice,
    }
