"""List the carriers the sandbox stands in for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.routing import Route

from sandbox.books import Account, OwnedNumber, Resource
from sandbox.telnyx import messages as telnyx_messages
from sandbox.telnyx import orders as telnyx_orders
from sandbox.telnyx import portal as telnyx_portal
from sandbox.telnyx import routes as telnyx
from sandbox.texts import TextMessage
from sandbox.transcript import Call, Plan
from sandbox.twilio import messages as twilio_messages
from sandbox.twilio import portal as twilio_portal
from sandbox.twilio import routes as twilio
from sandbox.vonage import messages as vonage_messages
from sandbox.vonage import portal as vonage_portal
from sandbox.vonage import routes as vonage
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
    new_number: Callable[[str, str], OwnedNumber]
    """Makes the resource of a number (account id, number); nobody owns it before it is entered."""
    configure: Callable[[World, Account, OwnedNumber, dict[str, Any]], None]
    """Sets the carrier's own fields of a number; raises ValueError for a wrong one."""
    caller_ids: Callable[[World], list[dict[str, Any]]]
    """Lists all accounts' verified caller ids, and those that wait for their code."""
    complete_caller_id: Callable[[World, Account, str, str], bool]
    """Ends a verification with `success` or `failure`; False when none waits."""
    receive_text: Callable[[World, Account, OwnedNumber, TextMessage], Awaitable[bool]]
    """Tells a number's owner of a text message that came; False when nobody took it."""


def _nothing_to_complete(world: World, order: Resource, status: str) -> None:
    """Do nothing: who sells at once never has an order to complete."""


CARRIERS = {
    "twilio": Carrier(
        operations=twilio.OPERATIONS,
        routes=twilio.routes,
        place_call=twilio.place_call,
        complete_order=_nothing_to_complete,
        new_number=twilio_portal.new_number,
        configure=twilio_portal.configure,
        caller_ids=twilio_portal.caller_ids,
        complete_caller_id=twilio_portal.complete_caller_id,
        receive_text=twilio_messages.receive,
    ),
    "telnyx": Carrier(
        operations=telnyx.OPERATIONS,
        routes=telnyx.routes,
        place_call=telnyx.place_call,
        complete_order=telnyx_orders.complete,
        new_number=telnyx_portal.new_number,
        configure=telnyx_portal.configure,
        caller_ids=telnyx_portal.caller_ids,
        complete_caller_id=telnyx_portal.complete_caller_id,
        receive_text=telnyx_messages.receive,
    ),
    "vonage": Carrier(
        operations=vonage.OPERATIONS,
        routes=vonage.routes,
        place_call=vonage.place_call,
        complete_order=_nothing_to_complete,
        new_number=vonage_portal.new_number,
        configure=vonage_portal.configure,
        caller_ids=vonage_portal.caller_ids,
        complete_caller_id=vonage_portal.complete_caller_id,
        receive_text=vonage_messages.receive,
    ),
}
