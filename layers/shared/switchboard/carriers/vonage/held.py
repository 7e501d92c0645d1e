"""The numbers that a Vonage account holds, and where they point.

A number has no URL for calls of its own. It is linked to an application, and that knows the URLs.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from ...errors import NothingThere
from ...model import E164, is_e164
from ..stock import HeldNumber, drifts
from .api import PAGE_SIZE, VonageApi
from .inventory import capabilities

# These win over the application: https://developer.vonage.com/en/numbers/overview
_FORWARDS = ("sip", "tel")


class VonageHeld(VonageApi):
    """What one Vonage account holds."""

    def find_held(self, phone_number: E164) -> HeldNumber | None:
        """Look for it in one request."""
        found = self._find(phone_number)
        return self._held(found) if found else None

    def inspect(self, phone_number: E164) -> HeldNumber | None:
        """Look for it and for its application: two requests."""
        held = self.find_held(phone_number)
        if held is None or not held.configuration["application_id"]:
            return held
        webhooks = self._webhooks(held.configuration["application_id"])
        voice_url = webhooks.get("voice", {}).get("answer_url")
        sms_url = held.sms_url or webhooks.get("messages", {}).get("inbound_url")
        urls = {"voice_webhook_url": voice_url, "sms_webhook_url": sms_url}
        return replace(
            held,
            voice_url=voice_url,
            sms_url=sms_url,
            configuration=held.configuration
            | urls
            | {"status_callback_url": webhooks.get("voice", {}).get("event_url")},
            diagnosis=held.diagnosis | {"connection_info": urls},
        )

    def held_numbers(self) -> Iterator[HeldNumber]:
        """List them all, one request for each 100."""
        index, seen = 1, 0
        while True:
            found = self._look(
                "list the account's numbers", "/account/numbers", size=PAGE_SIZE, index=index
            )
            page = found.get("numbers") or []
            yield from [self._held(it) for it in page if _is_number(it)]
            index, seen = index + 1, seen + len(page)
            # No numbers at all are answered with nothing, the count among it.
            if not page or seen >= int(found.get("count") or 0):
                return

    def _find(self, phone_number: E164) -> dict[str, Any] | None:
        msisdn = phone_number.removeprefix("+")
        found = self._look(
            f"list {phone_number}",
            "/account/numbers",
            pattern=msisdn,
            search_pattern=0,
            size=PAGE_SIZE,
        )
        # It is a filter on how numbers begin.
        for number in found.get("numbers") or []:
            if _is_number(number) and str(number["msisdn"]) == msisdn:
                return dict(number)
        return None

    def _webhooks(self, application_id: str) -> dict[str, dict[str, str]]:
        """Return an application's URLs by capability; none when it is gone."""
        try:
            found = self._applications("show the application", "GET", f"/{application_id}")
        except NothingThere:
            return {}
        return {
            name: {it: hook.get("address") for it, hook in (able.get("webhooks") or {}).items()}
            for name, able in (found.get("capabilities") or {}).items()
        }

    def _held(self, number: dict[str, Any]) -> HeldNumber:
        application = number.get("app_id") or None
        forward = _forward(number)
        features = [str(feature).lower() for feature in number.get("features") or ()]
        common = {
            "phone_number_id": number_id(number),
            "application_id": application,
            "forwarded_to": forward,
            "status": "active",
            "features": features,
        }
        ours = application is not None and application == self._credentials.get("application_id")
        return HeldNumber(
            phone_number=E164(f"+{number['msisdn']}"),
            carrier_number_id=number_id(number),
            capabilities=capabilities(features),
            country_code=str(number.get("country")),
            points_here=ours and not forward,
            points_nowhere=application is None and not forward,
            # It wins over the application's.
            drifts=drifts({"moHttpUrl": None}, SimpleNamespace(**number), of_texts=True),
            sms_url=number.get("moHttpUrl") or None,
            configuration=common
            | {"voice_webhook_url": None, "sms_webhook_url": number.get("moHttpUrl") or None},
            diagnosis=common
            | {
                "connection_id": application,
                "connection_info": None,
                "call_control_applications": [],
                "voice_configuration": {
                    name: number.get(name) for name in ("voiceCallbackType", "voiceCallbackValue")
                },
                "assigned_call_control_app_id": application,
                "messaging_profile_id": None,
                "raw_phone_data": number,
            },
        )


def number_id(number: dict[str, Any]) -> str:
    """Return the name of a number: Vonage gives it no id, and wants its country with it."""
    return f"{number.get('country')}-{number.get('msisdn')}"


def _forward(number: dict[str, Any]) -> str | None:
    kind = number.get("voiceCallbackType")
    return f"{kind}:{number.get('voiceCallbackValue')}" if kind in _FORWARDS else None


def _is_number(number: object) -> bool:
    return isinstance(number, dict) and is_e164(f"+{number.get('msisdn')}")
