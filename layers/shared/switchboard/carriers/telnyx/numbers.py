"""Buying numbers at Telnyx."""

from ...errors import NumberUnavailable
from ...model import NumberOrder, PurchaseResult
from ..problems import problem
from .api import SEARCH_FIRST, SearchFirst, path_of
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
            "POST",
            "/number_orders",
            lambda answer: purchase(answer.data, order.phone_number),
            body={
                "phone_numbers": [{"phone_number": order.phone_number}],
                "connection_id": self._credentials["connection_id"],
                "messaging_profile_id": self._messaging_profile_id(order),
                "customer_reference": reference(order),
            },
            buys=True,
        )

    def _search(self, order: NumberOrder) -> None:
        what = f"search for {order.phone_number}"
        filters = {
            "filter[country_code]": order.country_code or "US",
            "filter[phone_number][contains]": order.phone_number.lstrip("+"),
        }
        # What it finds is of no interest: that it was searched for is.
        self._ask(what, "GET", "/available_phone_numbers", lambda _: None, query=filters)

    def _messaging_profile_id(self, order: NumberOrder) -> str:
        return order.messaging_profile_id or str(self._credentials["messaging_profile_id"])

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Look for the order by its id, else by our reference, which every order carries."""
        what = f"show the order for {order.phone_number}"
        if order.carrier_order_id:
            return self._ask(
                what,
                "GET",
                path_of("number_orders", order.carrier_order_id),
                lambda answer: purchase(answer.data, order.phone_number),
            )
        ours = reference(order)
        listed = self._list(what, "/number_orders", {"filter[customer_reference]": ours})
        placed = next((it for it in listed if it.customer_reference == ours), None)
        return purchase(placed, order.phone_number) if placed else None

    def was_sold(self, order: NumberOrder) -> PurchaseResult | None:
        """Look for an order with our reference: no other has it."""
        return self.find_purchase(order)
