"""What somebody may want: each use case as its Lambda runs it, and when an answer will do."""

from typing import Any

from switchboard import control, dialing
from switchboard.app import App
from switchboard.errors import (
    CallInProgress,
    CallNotActive,
    CallNotFound,
    CarrierUnavailable,
    LimitExceeded,
    NumberNotFound,
    PurchaseInProgress,
    ServiceUnavailable,
)
from switchboard.model import Call, CallStatus, OrderStatus
from switchboard.numbers import purchasing, releasing
from switchboard.numbers.purchasing import Purchase, PurchaseRequest
from switchboard.numbers.releasing import Released
from tests.builders import ORGANIZATION
from tests.explorer.world import ASSISTANT, Intent, World

NUMBER = "+14155550100"
CALLEE = "+12125550199"

# Nothing was done; the same request may be sent again.
_AGAIN = (ServiceUnavailable, CarrierUnavailable)


def purchase(carrier: str, number: str = NUMBER, key: str = "buy-1") -> Intent:
    """Want a number, under one Idempotency-Key."""

    def attempt(app: App) -> Purchase:
        request = PurchaseRequest(carrier, number, assistant_id=ASSISTANT)
        return purchasing.purchase(app, ORGANIZATION, request, key)

    def is_final(reply: Any) -> bool:
        if isinstance(reply, Purchase):
            return reply.order.status in (OrderStatus.ACTIVE, OrderStatus.FAILED)
        return not isinstance(reply, (*_AGAIN, PurchaseInProgress))

    def check(world: World, reply: Any) -> str | None:
        status = reply.order.status if isinstance(reply, Purchase) else None
        bought = world.bought(number)
        if status is OrderStatus.ACTIVE and not bought:
            return f"{number} is said to be bought, and is not"
        # What was given back since is answered as it was at first.
        is_kept = not any(it.name.startswith("release") for it in world.intents)
        if status is OrderStatus.ACTIVE and is_kept and not world.is_ours(number):
            return f"{number} is said to be active, and does not point at us"
        others = [it for it in world.intents if it.name.startswith(f"purchase of {number}")]
        if status is OrderStatus.FAILED and bought and len(others) == 1:
            return f"{number} is said not to be bought, and it is"
        return None

    return Intent(f"purchase of {number} ({key})", attempt, is_final, check)


def release(number: str = NUMBER) -> Intent:
    """Want to give a number back."""

    def attempt(app: App) -> Released:
        return releasing.release(app, ORGANIZATION, number)

    def is_final(reply: Any) -> bool:
        return reply.is_certain if isinstance(reply, Released) else _is(reply, NumberNotFound)

    def check(world: World, reply: Any) -> str | None:
        if is_final(reply) and world.exchange.books.owner(world.carrier, number):
            return f"{number} is said to be given back, and is paid for" if _alone(world) else None
        return None

    return Intent(f"release of {number}", attempt, is_final, check)


def dial(to: str = CALLEE, key: str = "dial-1", from_: str = NUMBER) -> Intent:
    """Want a call, under one Idempotency-Key."""
    request = dialing.DialRequest(to_phone_number=to, from_phone_number=from_)

    def attempt(app: App) -> Call:
        return dialing.initiate(app, ORGANIZATION, request, key).call

    def is_final(reply: Any) -> bool:
        if isinstance(reply, Call):
            return reply.status not in (CallStatus.QUEUED, CallStatus.UNKNOWN)
        return not isinstance(reply, (*_AGAIN, CallInProgress)) and not _is(reply, LimitExceeded)

    def check(world: World, reply: Any) -> str | None:
        if not isinstance(reply, Call):
            return None
        placed = [it.carrier_call_id for it in world.exchange.calls()]
        if reply.call_sid and reply.call_sid not in placed:
            return f"call {reply.id} is said to be {reply.call_sid}, which nobody placed"
        if reply.refusal and world.placed(reply.id):
            return f"call {reply.id} is said to be refused, and it was placed"
        return None

    return Intent(f"call to {to} ({key})", attempt, is_final, check)


def terminate(call: Call) -> Intent:
    """Want a call to end."""

    def attempt(app: App) -> Call:
        return control.terminate(app, ORGANIZATION, str(call.id))

    def is_final(reply: Any) -> bool:
        return isinstance(reply, Call | CallNotActive | CallNotFound)

    def check(world: World, reply: Any) -> str | None:
        if not isinstance(reply, Call):
            return None
        going_on = [it for it in world.placed(call.id) if not it.over.is_set()]
        return f"call {call.id} is said to be ended, and goes on" if going_on else None

    return Intent(f"end of call {call.id}", attempt, is_final, check)


def _is(reply: Any, kind: type[Exception]) -> bool:
    return isinstance(reply, kind)


def _alone(world: World) -> bool:
    """Tell whether nobody buys the number anew while it is given back."""
    return sum(it.name.startswith("purchase") for it in world.intents) <= 1
