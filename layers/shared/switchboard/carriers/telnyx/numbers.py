"""Buying numbers at Telnyx."""

from ...errors import NumberUnavailable
from ...model import NumberOrder, PurchaseResult
from ..problems import problem
from .api import SEARCH_FIRST, SearchFirst
from .inventory import TelnyxInventory
from .orders import purchase, reference
from .settings import TelnyxSettings


class TelnyxNumbers(TelnyxInventory, TelnyxSettings):
    """The numbers of one Telnyx account."""

    def buy(self, order: NumberOrder) -> PurchaseResult:
        """Order the number, tied to our application and messaging profile in the same request.

        Telnyx sells only what the account's own search returned lately (85000). That refusal
        is certain, so the number is searched for and ordered once more.
        """
        what = f"sell {order.phone_number}"
        try:
            return self._order(order)
        except SearchFirst:
            self._search(order)
        try:
            return self._order(order)
        except SearchFirst as error:
            raise problem(
                NumberUnavailable, "Telnyx", what, said=str(error), code=SEARCH_FIRST
            ) from error

    def _order(self, order: NumberOrder) -> PurchaseResult:
        return self._ask(
            f"sell {order.phone_number}",
            lambda client: purchase(
                client.number_orders.create(
                    phone_numbers=[{"phone_number": order.phone_number}],
                    connection_id=self._credentials["connection_id"],
                    messaging_profile_id=self._messaging_profile_id(order),
                    customer_reference=reference(order),
                ).data,
                order.phone_number,
            ),
            buys=True,
        )

    def _search(self, order: NumberOrder) -> None:
        self._ask(
            f"search for {order.phone_number}",
            lambda client: client.available_phone_numbers.list(
                filter={
                    "country_code": order.country_code or "US",
                    "phone_number": {"contains": order.phone_number.lstrip("+")},
                }
            ),
        )

    def _messaging_profile_id(self, order: NumberOrder) -> str:
        return order.messaging_profile_id or str(self._credentials["messaging_profile_id"])

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Look for the order by its id, else by our reference, which every order carries."""
        what = f"show the order for {order.phone_number}"
        if order.carrier_order_id:
            order_id = order.carrier_order_id
            return self._ask(
                what,
                lambda client: purchase(
                    client.number_orders.retrieve(order_id).data, order.phone_number
                ),
            )
        ours = reference(order)
        matching = self._ask(
            what,
            lambda client: [
                purchase(placed, order.phone_number)
                for placed in client.number_orders.list(filter={"customer_reference": ours})
                if placed.customer_reference == ours
            ],
        )
        return matching[0] if matching else None
