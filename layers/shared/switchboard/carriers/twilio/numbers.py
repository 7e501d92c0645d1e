"""Buying, pointing and giving back numbers at Twilio."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...errors import NothingThere, NumberNotHeld
from ...model import Number, NumberOrder, OrderStatus, PurchaseResult
from ..problems import problem
from .api import SMS_PATH, VOICE_PATH, TwilioApi
from .held import SMS_RIVAL, VOICE_RIVALS, TwilioHeld, number_urls
from .inventory import TwilioInventory, capabilities

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance

_SILENCE = "https://demo.twilio.com/welcome/sms/reply"
# Left alone, they would tell us of calls that somebody else answers, or apologize for him.
_OURS_ALONE = ("voice_fallback_url", "status_callback")


class TwilioNumbers(TwilioInventory, TwilioHeld):
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

    def was_sold(self, order: NumberOrder) -> PurchaseResult | None:
        """Look whether it points at us: nothing but buying it has done that."""
        return self.find_purchase(order)

    def release(self, number: Number) -> None:
        """Give it back in one request, two when its sid is not known. 404 says: gone already."""
        sid = number.carrier_number_id or self._sid(number)
        if sid is None:
            return
        with suppress(NothingThere):
            self._ask(
                f"release {number.phone_number}",
                lambda client: client.incoming_phone_numbers(sid).delete(),
                changes=True,
            )

    def voice_url(self) -> str:
        """Return the URL that answers calls."""
        return self._context.webhook_url(VOICE_PATH)

    def wire(self, number: Number) -> None:
        """Set every URL in one request, and take away what would win over them."""
        rivals = dict.fromkeys((*VOICE_RIVALS, SMS_RIVAL), "")
        self._update(
            number, f"point {number.phone_number} here", number_urls(self._context) | rivals
        )

    def set_voice_url(self, number: Number, url: str) -> None:
        """Point its calls anywhere, in one request."""
        ours = {
            name: value
            for name, value in number_urls(self._context).items()
            if not name.startswith("sms")
        }
        wanted = ours | {"voice_url": url} | dict.fromkeys(VOICE_RIVALS, "")
        if url != ours["voice_url"]:
            wanted |= dict.fromkeys(_OURS_ALONE, "")
        self._update(number, f"point the calls of {number.phone_number} elsewhere", wanted)

    def set_sms(self, number: Number, enabled: bool) -> str:
        """Point its messages here, or at Twilio's demo: an empty URL would be an error to it."""
        url = self._context.webhook_url(SMS_PATH) if enabled else _SILENCE
        wanted = {"sms_url": url, "sms_method": "POST", SMS_RIVAL: ""}
        self._update(number, f"change the messages of {number.phone_number}", wanted)
        return f"enabled ({url})" if enabled else "disabled (demo URL)"

    def _update(self, number: Number, what: str, wanted: dict[str, Any]) -> None:
        sid = number.carrier_number_id or self._sid(number)
        try:
            if sid is None:
                raise NothingThere
            self._ask(
                what,
                lambda client: client.incoming_phone_numbers(sid).update(**wanted),
                changes=True,
            )
        except NothingThere as error:
            said = "the account does not hold it"
            raise problem(NumberNotHeld, "Twilio", what, said=said) from error

    def _sid(self, number: Number) -> str | None:
        held = self.find_held(number.phone_number)
        return held.carrier_number_id if held else None


def _purchase(number: "IncomingPhoneNumberInstance") -> PurchaseResult:
    if not number.sid or not number.phone_number:
        raise ValueError("an answer without a number")
    created = number.date_created
    return PurchaseResult(
        status=OrderStatus.ACTIVE,
        carrier_number_id=number.sid,
        capabilities=capabilities(number.capabilities),
        details={
            "sid": number.sid,
            "phone_number": number.phone_number,
            "friendly_name": number.friendly_name,
            "voice_url": number.voice_url,
            "sms_url": number.sms_url,
            "capabilities": {
                key.lower(): bool(value) for key, value in dict(number.capabilities).items()
            },
            "date_created": created.isoformat() if created else None,
            "provider": TwilioApi.name,
        },
    )
