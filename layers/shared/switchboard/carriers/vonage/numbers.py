"""Buying numbers at Vonage: one request buys, a second links to our application."""

import logging

from ...errors import (
    CarrierError,
    InsufficientBalance,
    InvalidCredentials,
    InvalidNumber,
    NumberUnavailable,
)
from ...model import Capabilities, NumberOrder, OrderStatus, PurchaseResult, masked
from ..problems import problem, unanswered
from .api import MethodFailed, VonageApi
from .inventory import VonageInventory
from .settings import VonageSettings

logger = logging.getLogger(__name__)


class VonageNumbers(VonageInventory, VonageSettings):
    """The numbers of one Vonage account."""

    def buy(self, order: NumberOrder) -> PurchaseResult:
        """Buy the number, then link it; it is pending until the second is done too.

        Once it is bought nothing here fails: whoever looks at the order finishes it.
        """
        what = f"sell {order.phone_number}"
        name = _name(order)
        country, _, msisdn = name.partition("-")
        fields = {"country": country, "msisdn": msisdn}
        try:
            self._order(what, "/number/buy", fields, buys=True)
        except (MethodFailed, InvalidCredentials) as error:
            raise self._reason(order, what, error) from error
        try:
            self._link(name, f"point {order.phone_number} here")
        except CarrierError as error:
            logger.warning(
                "bought and not configured yet",
                extra={
                    "order_id": order.id,
                    "phone_number": masked(order.phone_number),
                    "problem": type(error).__name__,
                },
            )
            return self._purchase(name, order, OrderStatus.PENDING)
        return self._purchase(name, order, OrderStatus.ACTIVE)

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Look for the number in the account, and link it if nobody has: that ends a purchase.

        One that is linked to another application was not bought by us: buying links nothing.
        """
        held = self.find_held(order.phone_number)
        if held is None or not (held.points_here or held.points_nowhere):
            return None
        if not held.points_here:
            self._link(held.carrier_number_id, f"point {order.phone_number} here")
        return self._purchase(held.carrier_number_id, order, OrderStatus.ACTIVE)

    def was_sold(self, order: NumberOrder) -> PurchaseResult | None:
        """Look for the number in the account: linked to our application it is ours.

        Linked to none it may be ours, or just being bought by somebody else who links it next.
        """
        held = self.find_held(order.phone_number)
        if held is not None and held.points_nowhere:
            what, said = f"sell {order.phone_number}", "refused, and the account holds the number"
            raise unanswered("Vonage", what, said)
        if held is None or not held.points_here:
            return None
        return self._purchase(held.carrier_number_id, order, OrderStatus.ACTIVE)

    def _purchase(self, name: str, order: NumberOrder, status: OrderStatus) -> PurchaseResult:
        country, _, msisdn = name.partition("-")
        return PurchaseResult(
            status=status,
            carrier_number_id=name,
            # What it can do is told by searches and lists only. It is linked to an application,
            # so its calls reach us; whether it takes messages, a sync or a message finds out.
            capabilities=Capabilities(voice=True, is_complete=False),
            details={
                "phone_number": order.phone_number,
                "country": country,
                "msisdn": msisdn,
                "application_id": self._credentials["application_id"],
                "provider": VonageApi.name,
            },
        )

    def _reason(self, order: NumberOrder, what: str, error: CarrierError) -> Exception:
        """Tell a number that is gone from an account that is empty: Vonage says the same of both.

        A trial account, or one without credit, gets 401 too.
        """
        if self._is_out_of_funds():
            kind, said = InsufficientBalance, "the account has no credit left"
            return problem(kind, "Vonage", what, said=said)
        if isinstance(error, InvalidCredentials):
            return error
        return problem(NumberUnavailable, "Vonage", what, said=str(error), code="420")

    def _is_out_of_funds(self) -> bool:
        try:
            found = self._look("read the balance", "/account/get-balance")
            return float(found["value"]) <= 0
        except (CarrierError, KeyError, TypeError, ValueError):
            # Then the refusal stands as Vonage worded it.
            return False


def _name(order: NumberOrder) -> str:
    if not order.country_code:
        raise InvalidNumber(
            f"Vonage wants to know the country of {order.phone_number}, which cannot be told "
            "from its digits. Give its country_code."
        )
    return f"{order.country_code}-{order.phone_number.removeprefix('+')}"
