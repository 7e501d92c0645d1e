"""Buying numbers at Twilio."""

from typing import TYPE_CHECKING, Any

from ...model import Capabilities, NumberOrder, OrderStatus, PurchaseResult
from ..base import CarrierContext
from .api import FALLBACK_PATH, SMS_PATH, STATUS_PATH, VOICE_PATH, TwilioApi

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance


class TwilioNumbers(TwilioApi):
    """The numbers of one Twilio account."""

    def buy(self, order: NumberOrder) -> PurchaseResult:
        """Buy and configure in one request.

        Twilio answers 201 for a number that the account already owns, and updates it:
        https://github.com/danielberkompas/ex_twilio/issues/116
        """
        return self._ask(
            f"sell {order.phone_number}",
            lambda client: _purchase(
                client.incoming_phone_numbers.create(
                    phone_number=order.phone_number,
                    friendly_name=order.friendly_name[:64],
                    **number_urls(self._context),
                )
            ),
            buys=True,
        )

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Look for the number in the account, pointing at us: buying sets both at once."""
        wanted = (order.phone_number, self._context.webhook_url(VOICE_PATH))
        # The filter matches parts of numbers, so several may come back.
        held = self._ask(
            f"list {order.phone_number}",
            lambda client: [
                _purchase(number)
                for number in client.incoming_phone_numbers.list(
                    phone_number=order.phone_number, limit=50
                )
                if (number.phone_number, number.voice_url) == wanted
            ],
        )
        return held[0] if held else None


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


def _purchase(number: "IncomingPhoneNumberInstance") -> PurchaseResult:
    if not number.sid or not number.phone_number:
        raise ValueError("an answer without a number")
    # Older API versions spell the keys SMS and MMS.
    capabilities = {key.lower(): bool(value) for key, value in dict(number.capabilities).items()}
    created = number.date_created
    return PurchaseResult(
        status=OrderStatus.ACTIVE,
        carrier_number_id=number.sid,
        capabilities=Capabilities(
            **{key: capabilities.get(key, False) for key in ("voice", "sms", "mms", "fax")}
        ),
        details={
            "sid": number.sid,
            "phone_number": number.phone_number,
            "friendly_name": number.friendly_name,
            "voice_url": number.voice_url,
            "sms_url": number.sms_url,
            "capabilities": capabilities,
            "date_created": created.isoformat() if created else None,
            "provider": TwilioApi.name,
        },
    )
