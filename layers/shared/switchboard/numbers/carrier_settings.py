"""A number's settings at its carrier: shown, changed, examined."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ..app import App
from ..carriers.base import Check, Expected
from ..carriers.stock import HeldNumber
from ..errors import (
    CarrierError,
    CarrierUnavailable,
    InvalidNumber,
    InvalidRequest,
    NotOwned,
    NumberNotFound,
    NumberNotHeld,
    NumberNotReady,
    OutcomeUnknown,
)
from ..model import Number, NumberStatus, parse_e164
from ..store import NumberChange
from .assigning import persistently
from .pointing import check_settled

_LONGEST_URL = 2_048


@dataclass(frozen=True)
class WebhookChanges:
    """What a number's webhooks shall be, as it came."""

    phone_number: str
    voice_webhook_url: str | None = None
    disable_sms: bool = False
    enable_sms: bool = False
    provider: str | None = None


@dataclass(frozen=True)
class ChangedWebhooks:
    """What was set: `voice` and `sms`, as the contract words it."""

    number: Number
    updated: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Examined:
    """A number as its carrier has it, None if it does not, and what was looked at beside it."""

    number: Number
    held: HeldNumber | None
    checks: list[Check]


def webhooks(
    app: App, organization_id: int, phone_number: str, provider: str | None = None
) -> tuple[Number, HeldNumber]:
    """Return where a number's calls and messages go, as the carrier has it now.

    Raises InvalidNumber, UnknownProvider, InvalidRequest, NumberNotFound, NotOwned and, with
    the number in its text, CarrierError.
    """
    number = _own(app, organization_id, phone_number, provider)
    _check_delivered(number)
    failed = f"Could not retrieve webhook configuration for {number.phone_number}"
    held = _carried_out(
        failed, lambda: app.carrier(number.carrier, organization_id).inspect(number.phone_number)
    )
    if held is None:
        raise NumberNotHeld(f"{failed}. {_not_held(number)}")
    return number, held


def update_webhooks(app: App, organization_id: int, changes: WebhookChanges) -> ChangedWebhooks:
    """Change where a number's calls and messages go. Safe to repeat.

    Voice comes first; when messages then fail, the error says that voice was changed. A number
    whose calls are sent elsewhere is inactive from before the carrier is asked, and one whose
    calls are brought back is active once the carrier has agreed. Raises what `webhooks` does,
    and InvalidRequest, NumberNotReady, NotConfigurable.
    """
    number = _checked(app, organization_id, changes)
    updated: dict[str, str] = {}
    failed = f"Failed to update webhooks for {number.phone_number} via {number.carrier}"
    if changes.voice_webhook_url is not None:
        number = _carried_out(failed, lambda: _set_voice(app, number, _url(changes)))
        updated["voice"] = _url(changes)
    if changes.enable_sms or changes.disable_sms:
        if updated:
            failed = (
                f"The voice webhook of {number.phone_number} was updated, its messages were not"
            )
        carrier = app.carrier(number.carrier, organization_id)
        updated["sms"] = _carried_out(failed, lambda: carrier.set_sms(number, changes.enable_sms))
    return ChangedWebhooks(_recorded(app, number, updated, changes), updated)


def diagnose(app: App, organization_id: int, phone_number: str) -> Examined:
    """Look at a number at its carrier, and at all of the account that its calls depend on.

    Changes nothing. Raises what `webhooks` does.
    """
    number = _own(app, organization_id, phone_number, None)
    _check_delivered(number)
    carrier = app.carrier(number.carrier, organization_id)
    failed = f"Could not diagnose {number.phone_number}"
    held = _carried_out(failed, lambda: carrier.inspect(number.phone_number))
    # It never raises for what the carrier refuses: that is a check that failed.
    checks = carrier.check(Expected(phone_numbers=(number.phone_number,)))
    return Examined(number, held, checks)


# --- whose number it is ---


def _own(app: App, organization_id: int, phone_number: str, provider: str | None) -> Number:
    if provider is not None:
        app.carrier_class(provider)
    number = _owned(app, organization_id, phone_number)
    _check_carrier(number, provider)
    return number


def _owned(app: App, organization_id: int, phone_number: str) -> Number:
    wanted = parse_e164(phone_number)
    number = app.store.number(wanted)
    if number is None:
        raise NumberNotFound(f"Phone number {wanted} not found in your account")
    if number.organization_id != organization_id:
        raise NotOwned("Unauthorized: phone number belongs to different organization")
    return number


def _check_carrier(number: Number, provider: str | None) -> None:
    if provider not in (None, number.carrier):
        raise InvalidRequest(
            f"{number.phone_number} is held at {number.carrier}, not at {provider}. "
            "Leave provider out, or name the right one."
        )


def _check_delivered(number: Number) -> None:
    if number.status is NumberStatus.PENDING:
        raise NumberNotReady(
            f"{number.phone_number} is ordered and not delivered yet. Repeat the purchase with "
            "its Idempotency-Key to see how it stands."
        )


def _not_held(number: Number) -> str:
    return (
        f"{number.carrier.title()} does not hold it: was it released there, or is another account "
        "connected than it was?"
    )


# --- the contract's checks, in its order ---


def _checked(app: App, organization_id: int, changes: WebhookChanges) -> Number:
    try:
        number = _owned(app, organization_id, changes.phone_number)
    except InvalidNumber:
        _check_actions(changes)
        raise
    _check_actions(changes)
    if changes.provider is not None:
        app.carrier_class(changes.provider)
    _check_carrier(number, changes.provider)
    check_settled(number)
    _check_delivered(number)
    if changes.voice_webhook_url is not None:
        _check_url(app, number, _url(changes))
    if changes.enable_sms:
        _check_sms(app, number)
    return number


def _check_actions(changes: WebhookChanges) -> None:
    if changes.voice_webhook_url is None and not (changes.disable_sms or changes.enable_sms):
        raise InvalidRequest(
            "At least one action required: voice_webhook_url, disable_sms=true, or enable_sms=true"
        )
    if changes.disable_sms and changes.enable_sms:
        raise InvalidRequest("Cannot set both disable_sms and enable_sms to true")


def _url(changes: WebhookChanges) -> str:
    return (changes.voice_webhook_url or "").strip()


def _check_url(app: App, number: Number, url: str) -> None:
    if url == app.carrier(number.carrier, number.organization_id).voice_url():
        return
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    readable = url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST_URL
    # Twilio refuses hosts with an underscore: https://www.twilio.com/docs/api/errors/21205
    if parts.scheme != "https" or not host or not readable or "_" in host:
        raise InvalidRequest(
            "voice_webhook_url must be an https:// URL that the carrier can reach, such as "
            "https://voice.example.com/calls"
        )


def _check_sms(app: App, number: Number) -> None:
    if number.assistant is None:
        raise InvalidRequest(
            f"Phone number {number.phone_number} is not assigned to any assistant. "
            "Assign it to an assistant with sms_webhook_url configured first."
        )
    # The number's own copy leaves out what no ringing phone waits for.
    assistant = app.store.assistant(number.organization_id, number.assistant.id)
    if assistant is None or not assistant.sms_webhook_url:
        raise InvalidRequest(
            f"Assistant '{number.assistant.name}' does not have sms_webhook_url configured. "
            "Configure it first."
        )


# --- at the carrier ---


def _set_voice(app: App, number: Number, url: str) -> Number:
    carrier = app.carrier(number.carrier, number.organization_id)
    if url == carrier.voice_url():
        carrier.set_voice_url(number, url)
        return _with_status(app, number, NumberStatus.ACTIVE)
    # Before the carrier is asked: a number is never called active while its calls go elsewhere.
    inactive = _with_status(app, number, NumberStatus.INACTIVE)
    try:
        carrier.set_voice_url(inactive, url)
    except OutcomeUnknown:
        raise
    except Exception:
        _with_status(app, inactive, number.status)
        raise
    return inactive


def _with_status(app: App, number: Number, status: NumberStatus) -> Number:
    """Write a number's status, whatever else is being changed about it."""

    def attempt() -> Number:
        now = app.store.number(number.phone_number)
        if now is None or now.organization_id != number.organization_id:
            raise NumberNotFound(
                f"Phone number {number.phone_number} not found in your account: it was released "
                "meanwhile."
            )
        check_settled(now)
        if now.status is status:
            return now
        after = replace(now, status=status, updated_at=app.clock())
        return app.store.change_numbers([NumberChange(now, after)])[0]

    return persistently(attempt, number.id)


def _recorded(app: App, number: Number, updated: dict[str, str], changes: WebhookChanges) -> Number:
    """Put on record what was set, and in the row whether messages are wanted at all."""

    def attempt() -> Number:
        now = app.store.number(number.phone_number)
        if now is None or now.organization_id != number.organization_id:
            return number  # released meanwhile, which is on record too
        off = changes.disable_sms or (now.texts_are_off and not changes.enable_sms)
        after = replace(now, updated_at=app.clock(), texts_are_off=off)
        change = NumberChange(now, after, "number.webhooks_updated", dict(updated))
        return app.store.change_numbers([change])[0]

    return persistently(attempt, number.id)


def _carried_out[T](failed: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except OutcomeUnknown as error:
        # Nobody may take a status of 2xx for done.
        raise CarrierUnavailable(f"{failed}. {error}") from error
    except CarrierError as error:
        raise type(error)(f"{failed}. {error}") from error
