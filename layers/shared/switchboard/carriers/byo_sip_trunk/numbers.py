"""Numbers that an organization holds at a company that only its SIP trunk knows."""

from collections.abc import Iterator

from ...errors import InvalidRequest, NotConfigurable
from ...model import E164, Capabilities, Number, NumberOrder, OrderStatus, PurchaseResult
from ..base import CarrierContext, Credentials
from ..stock import AvailableNumber, HeldNumber, NumberSearch

# Messages of such a number come, if at all, some other way than over its trunk.
_CAPABILITIES = Capabilities(voice=True)


class TrunkNumbers:
    """The numbers behind an organization's trunks: ours is the only record of them."""

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        self._credentials = credentials
        self._context = context

    def buy(self, order: NumberOrder) -> PurchaseResult:
        """Register the number: nothing is bought, and nobody is asked."""
        return PurchaseResult(
            status=OrderStatus.ACTIVE,
            capabilities=_CAPABILITIES,
            details={
                "phone_number": order.phone_number,
                "friendly_name": order.friendly_name,
                "sip_trunk_id": order.sip_trunk_id,
                "provider": "byo-sip-trunk",
            },
        )

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Finish what an earlier process began: there is nothing that could have failed."""
        return self.buy(order)

    def was_sold(self, order: NumberOrder) -> PurchaseResult | None:
        """Return None: nobody is asked to sell it, and so nobody refuses."""
        return None

    def search(self, wanted: NumberSearch) -> list[AvailableNumber]:
        """Raise InvalidRequest: there is nothing for sale."""
        raise InvalidRequest(
            "A SIP trunk has no numbers for sale, so nothing can be searched. Register a number "
            "that you hold with POST /api/v1/phone-numbers/purchase and provider byo-sip-trunk."
        )

    def countries(self) -> list[str]:
        """Raise InvalidRequest: there is nothing for sale."""
        raise InvalidRequest(
            "A SIP trunk sells no numbers, so there is no list of countries. A number of any "
            "country that you hold can be registered."
        )

    def find_held(self, phone_number: E164) -> HeldNumber | None:
        """Return None: nobody but our own table knows of the number."""
        return None

    def inspect(self, phone_number: E164) -> HeldNumber | None:
        """Return the number as registered: where its calls go is set at its own company."""
        return HeldNumber(
            phone_number=phone_number,
            carrier_number_id="",
            capabilities=_CAPABILITIES,
            points_here=True,
        )

    def held_numbers(self) -> Iterator[HeldNumber]:
        """Return nothing: there is no account to look into."""
        return iter(())

    def release(self, number: Number) -> None:
        """Ask nobody: the number stays at the company where it is."""

    def voice_url(self) -> str:
        """Return where an own bridge asks; a carrier's SIP domain has that carrier's URL."""
        return self._context.webhook_url("/sip-webhook")

    def wire(self, number: Number) -> None:
        """Ask nobody: what the gateway does with its calls is set there."""

    def set_voice_url(self, number: Number, url: str) -> None:
        """Raise NotConfigurable: no URL belongs to the number."""
        raise NotConfigurable(
            f"The calls of {number.phone_number} come over a SIP trunk: where they go is set at "
            "the gateway, and no voice_webhook_url belongs to the number."
        )

    def set_sms(self, number: Number, enabled: bool) -> str:
        """Raise NotConfigurable: no messages come over a trunk."""
        raise NotConfigurable(
            f"The messages of {number.phone_number} do not come over a SIP trunk: there is "
            "nothing to switch on or off."
        )
