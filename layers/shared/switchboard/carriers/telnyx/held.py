"""The numbers that a Telnyx account holds, and where they point.

A number has no URLs of its own. Its calls go to the application that it is tied to, its messages
to its messaging profile, and those know the URLs.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...model import E164, Capabilities, is_e164
from ..stock import HeldNumber, drifts
from .api import PAGE_SIZE, Record, TelnyxApi, path_of

# Such a number is shown by the account, but nobody holds it here (any more).
_GONE = {"deleted", "ported-out", "purchase-failed", "port-failed"}
_SHOWN = (
    "id",
    "phone_number",
    "status",
    "phone_number_type",
    "country_iso_alpha2",
    "connection_id",
    "connection_name",
    "messaging_profile_id",
    "messaging_profile_name",
    "customer_reference",
    "deletion_lock_enabled",
    "call_forwarding_enabled",
    "inbound_call_screening",
    "emergency_enabled",
    "purchased_at",
)


class TelnyxHeld(TelnyxApi):
    """What one Telnyx account holds."""

    def find_held(self, phone_number: E164) -> HeldNumber | None:
        """Look for it in one request."""
        found = self._find(phone_number)
        return self._held(found) if found else None

    def inspect(self, phone_number: E164) -> HeldNumber | None:
        """Look for it, its application and its messaging profile: three requests."""
        found = self._find(phone_number)
        if found is None:
            return None
        applications = self._applications()
        tied = next((it for it in applications if str(it.id) == found.connection_id), None)
        profile = self._profile(found.messaging_profile_id)
        urls = {
            "voice_webhook_url": getattr(tied, "webhook_event_url", None),
            "voice_webhook_failover_url": getattr(tied, "webhook_event_failover_url", None),
            "sms_webhook_url": getattr(profile, "webhook_url", None) or None,
            "sms_webhook_failover_url": getattr(profile, "webhook_failover_url", None) or None,
        }
        held = self._held(found)
        return replace(
            held,
            voice_url=urls["voice_webhook_url"],
            sms_url=urls["sms_webhook_url"],
            configuration=held.configuration | urls,
            diagnosis=held.diagnosis
            | {
                "connection_info": _connection(found, tied),
                "call_control_applications": [_application(it) for it in applications],
                "assigned_call_control_app_id": str(tied.id) if tied else None,
            },
        )

    def held_numbers(self) -> Iterator[HeldNumber]:
        """List them all, one request for each 250."""
        what = "list the account's numbers"
        for page in self._pages(what, "/phone_numbers", {"page[size]": PAGE_SIZE}):
            yield from [self._held(number) for number in page if _is_held(number)]

    def _find(self, phone_number: E164) -> Record | None:
        # It finds nothing for anything but digits, and matches parts of numbers too.
        wanted = {
            "filter[phone_number]": phone_number.removeprefix("+"),
            "page[size]": PAGE_SIZE,
        }
        found = self._list(f"list {phone_number}", "/phone_numbers", wanted)
        return next((it for it in found if it.phone_number == phone_number and _is_held(it)), None)

    def _applications(self) -> list[Record]:
        return self._list(
            "list the call control applications",
            "/call_control_applications",
            {"page[size]": PAGE_SIZE},
        )

    def _profile(self, profile_id: str | None) -> Record | None:
        if not profile_id:
            return None
        return self._look("show the messaging profile", path_of("messaging_profiles", profile_id))

    def _held(self, number: Record) -> HeldNumber:
        tied = number.connection_id or None
        # What it can do is told elsewhere: with a messaging profile it takes messages.
        can = Capabilities(voice=True, sms=bool(number.messaging_profile_id))
        features = [name for name in ("voice", "sms") if getattr(can, name)]
        common = {
            "connection_id": tied,
            "messaging_profile_id": number.messaging_profile_id or None,
            "phone_number_id": str(number.id),
            "status": number.status,
            "features": features,
        }
        return HeldNumber(
            phone_number=E164(number.phone_number),
            carrier_number_id=str(number.id),
            capabilities=can,
            country_code=number.country_iso_alpha2 or None,
            is_active=number.status == "active",
            points_here=tied is not None and tied == self._credentials.get("connection_id"),
            points_nowhere=tied is None,
            drifts=drifts(
                {"messaging_profile_id": self._credentials.get("messaging_profile_id")},
                number,
                of_texts=True,
            ),
            configuration=common | dict.fromkeys(("voice_webhook_url", "sms_webhook_url")),
            diagnosis=common
            | {
                "connection_info": None,
                "call_control_applications": [],
                "voice_configuration": {
                    "call_forwarding_enabled": number.call_forwarding_enabled,
                    "inbound_call_screening": number.inbound_call_screening,
                },
                "assigned_call_control_app_id": None,
                "raw_phone_data": {name: number.get(name) for name in _SHOWN},
            },
        )


def _is_held(number: Record) -> bool:
    # An account may have short codes, which nobody outside its country can name.
    return is_e164(number.phone_number or "") and number.status not in _GONE


def _connection(number: Record, application: Record | None) -> dict[str, Any] | None:
    if not number.connection_id:
        return None
    if application is None:
        # A SIP connection or a TeXML application: it does not tell us of calls.
        name = number.connection_name
        return {
            "id": number.connection_id,
            "name": name,
            "type": "other",
            "active": None,
            "webhook_event_url": None,
        }
    return {
        "id": str(application.id),
        "name": application.application_name,
        "type": "call_control_application",
        "active": application.active,
        "webhook_event_url": application.webhook_event_url,
    }


def _application(application: Record) -> dict[str, Any]:
    return {
        "id": str(application.id),
        "name": application.application_name,
        "webhook_event_url": application.webhook_event_url,
        # An application is a connection: their ids are the same.
        "connection_id": str(application.id),
    }
