"""List the carriers the sandbox stands in for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.routing import Route

from sandbox.books import Account, OwnedNumber, Resource
from sandbox.telnyx import orders as telnyx_orders
from sandbox.telnyx import routes as telnyx
from sandbox.transcript import Call, Plan
from sandbox.twilio import routes as twilio
from sandbox.world import World


class Player(Protocol):
    """Plays one inbound call to its end."""

    async def play(self) -> None:
        """Run the call."""


@dataclass(frozen=True)
class Carrier:
    """What the control API needs to know of a carrier."""

    operations: set[str]
    routes: Callable[[], list[Route]]
    place_call: Callable[[World, Account, OwnedNumber, str, Plan], tuple[Call, Player]]
    complete_order: Callable[[World, Resource, str], None]


def _nothing_to_complete(world: World, order: Resource, status: str) -> None:
    """Twilio sells at once: there is never an order to complete."""


CARRIERS = {
    "twilio": Carrier(twilio.OPERATIONS, twilio.routes, twilio.place_call, _nothing_to_complete),
    "telnyx": Carrier(telnyx.OPERATIONS, telnyx.routes, telnyx.place_call, telnyx_orders.complete),
}
