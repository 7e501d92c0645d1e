"""The numbers that a Twilio account holds, and where they point."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...model import E164, is_e164
from ...records import dataclass
from ..base import CarrierContext
from ..stock import HeldNumber, drifts
from .api import FALLBACK_PATH, PAGE_SIZE, SMS_PATH, STATUS_PATH, VOICE_PATH, TwilioApi
from .inventory import capabilities

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance

# Where a number points whose owner never said anything else, and what silences its messages:
# https://demo.twilio.com/welcome/voice/ and …/sms/reply.
DEMO_HOST = "demo.twilio.com"
# These win over the URLs: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
VOICE_RIVALS = ("voice_application_sid", "trunk_sid")
SMS_RIVAL = "sms_application_sid"


class TwilioHeld(TwilioApi):
    """What one Twilio account holds."""

    def find_held(self, phone_number: E164) -> HeldNumber | None:
        """Look for it in one request. The filter matches parts of numbers too."""
        held = self._ask(
            f"list {phone_number}",
            lambda client: [
                self._held(number)
                for number in client.incoming_phone_numbers.list(
                    phone_number=phone_number, limit=50
                )
                if number.phone_number == phone_number
            ],
        )
        return held[0] if held else None

    def inspect(self, phone_number: E164) -> HeldNumber | None:
        """Look for it: everything is kept with the number itself."""
        return self.find_held(phone_number)

    def held_numbers(self) -> Iterator[HeldNumber]:
        """List them all, one request for each 1,000."""
        what = "list the account's numbers"
        page: Any = self._ask(
            what, lambda client: client.incoming_phone_numbers.page(page_size=PAGE_SIZE)
        )
        while page is not None:
            yield from self._rows(page, what)
            page = self._after(page, what)

    def _rows(self, page: Any, what: str) -> list[HeldNumber]:
        # They are read, and may turn out unreadable, as the page is walked through.
        return self._ask(what, lambda _: [self._held(number) for number in page])

    def _after(self, page: Any, what: str) -> Any:
        return self._ask(what, lambda _: page.next_page())

    def _held(self, number: "IncomingPhoneNumberInstance") -> HeldNumber:
        if not number.sid or not is_e164(number.phone_number or ""):
            raise ValueError("a number without its id or its digits")
        wanted = number_settings(self._context)
        is_plain = not any(getattr(number, rival) for rival in VOICE_RIVALS)
        host = urlsplit(number.voice_url or "").hostname
        return HeldNumber(
            phone_number=E164(number.phone_number),
            carrier_number_id=number.sid,
            friendly_name=number.friendly_name,
            capabilities=capabilities(number.capabilities),
            is_active=number.status in (None, "in-use"),
            points_here=not drifts(wanted.answering, number),
            points_nowhere=is_plain and host in (None, DEMO_HOST),
            drifts=(
                *drifts(wanted.around, number),
                *drifts(wanted.texts, number, of_texts=True),
            ),
            voice_url=number.voice_url or None,
            sms_url=number.sms_url or None,
            configuration=_configuration(number),
            diagnosis=_diagnosis(number),
        )


@dataclass(frozen=True)
class NumberSettings:
    """What a number's settings are to be, by what depends on them."""

    answering: dict[str, Any]
    """Without these its calls do not come to us."""
    around: dict[str, Any]
    """What else is told of its calls, and who answers them when we fail."""
    texts: dict[str, Any]


def number_settings(context: CarrierContext) -> NumberSettings:
    """Return what `number_urls` sets, and that nothing may be set which wins over it."""
    urls = number_urls(context)
    answering = {name: urls.pop(name) for name in ("voice_url", "voice_method")}
    texts = {name: urls.pop(name) for name in ("sms_url", "sms_method")}
    return NumberSettings(answering | dict.fromkeys(VOICE_RIVALS), urls, texts | {SMS_RIVAL: None})


def number_urls(context: CarrierContext) -> dict[str, Any]:
    """Return the settings of a number that make its calls and messages ours."""
    url = context.webhook_url
    return {
        "voice_url": url(VOICE_PATH),
        "voice_method": "POST",
        "voice_fallback_url": context.public_base_url + FALLBACK_PATH,
        "voice_fallback_method": "GET",
        "status_callback": url(STATUS_PATH),
        "status_callback_method": "POST",
        "sms_url": url(SMS_PATH),
        "sms_method": "POST",
    }


def _configuration(number: "IncomingPhoneNumberInstance") -> dict[str, Any]:
    return {
        "voice_webhook_url": number.voice_url,
        "voice_method": number.voice_method,
        "sms_webhook_url": number.sms_url,
        "sms_method": number.sms_method,
        "status_callback_url": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "phone_number_sid": number.sid,
        "friendly_name": number.friendly_name,
    }


def _diagnosis(number: "IncomingPhoneNumberInstance") -> dict[str, Any]:
    can = dict(number.capabilities or {})
    return {
        "phone_number_id": number.sid,
        # A number of a trunk or an application answers there, whatever its URLs say.
        "connection_id": number.trunk_sid or number.voice_application_sid,
        "status": number.status,
        "features": sorted(name.lower() for name, able in can.items() if able),
        "messaging_profile_id": number.sms_application_sid,
        "connection_info": None,
        "call_control_applications": [],
        "voice_configuration": {
            "voice_url": number.voice_url,
            "voice_method": number.voice_method,
            "voice_fallback_url": number.voice_fallback_url,
            "voice_fallback_method": number.voice_fallback_method,
            "status_callback": number.status_callback,
            "voice_application_sid": number.voice_application_sid,
            "trunk_sid": number.trunk_sid,
        },
        "assigned_call_control_app_id": None,
        "raw_phone_data": _configuration(number),
    }
