"""Two at once, in every order that their effects can have."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from switchboard import calls, tokens
from switchboard.carriers.base import OrderUpdate
from switchboard.events import delivering
from switchboard.model import Direction, NumberStatus, OrderStatus
from switchboard.numbers import assigning
from switchboard.numbers.purchasing import Purchase
from tests.builders import ORGANIZATION, a_token, an_assistant
from tests.explorer import errands, promises, scenarios
from tests.explorer.convergence import (
    RECONCILES,
    WITHOUT_RECONCILIATION,
    converge,
    reconciled,
    unsettled,
)
from tests.explorer.effects import Process
from tests.explorer.stage import Work, at_once, every_order, some_orders
from tests.explorer.world import CARRIERS, RECEIVER, Intent, Market, World

# So many orders of each race are drawn; `make prove` takes all of them, or the first so many.
ORDERS, MANY_ORDERS = 30, 1_000
each_carrier = pytest.mark.parametrize("carrier", CARRIERS)
how_many = pytest.mark.parametrize(
    "orders", [ORDERS, pytest.param(MANY_ORDERS, marks=pytest.mark.long)]
)

# What a caller is told to hear: an assistant's stream, or a sentence. At Telnyx the command to
# answer keeps the sentence for when the call is taken.
STREAM = "media.example.com"
SPOKEN = {"twilio": "<Say", "telnyx": "client_state", "vonage": '"talk"'}

type Race = Callable[[World], tuple[list[Work], Callable[[], list[str]]]]
"""Prepares a world; returns what happens at once, and what must be so after it."""


def run(market: Market, carrier: str, orders: int, race: Race, *, is_pending: bool = False) -> None:
    """Let a race be run in many orders, and hold each against the books."""
    for choose in some_orders(orders) if orders == ORDERS else every_order(orders):
        world = World(market, carrier)
        works, judge = race(world)
        at_once([(Process(f"runner {n}"), work) for n, work in enumerate(works, 1)], choose)
        found = judge() + promises.kept(world)
        converge(world)
        found += unsettled(world)
        world.count(found, is_pending=is_pending)
        assert not found, "\n".join(found)


def asks(world: World, intent: Intent) -> Work:
    return lambda process: world.ask(intent, process)


@each_carrier
@how_many
def test_of_two_who_want_a_number_one_gets_it(market: Market, carrier: str, orders: int) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        wanted = [errands.purchase(carrier, key=key) for key in ("a", "b")]

        def judge() -> list[str]:
            got = [it for it in wanted if has_bought(it)]
            times = len(world.entries("number.purchased", errands.NUMBER))
            return [] if len(got) == times == 1 else [f"{len(got)} got it, bought {times} times"]

        return [asks(world, it) for it in wanted], judge

    run(market, carrier, orders, race)


@each_carrier
@how_many
def test_a_purchase_that_is_sent_twice_at_once_is_made_once(
    market: Market, carrier: str, orders: int
) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        first, second = errands.purchase(carrier), errands.purchase(carrier)

        def judge() -> list[str]:
            times = len(world.entries("number.purchased", errands.NUMBER))
            return [] if times == 1 else [f"bought {times} times"]

        return [asks(world, first), asks(world, second)], judge

    run(market, carrier, orders, race)


def has_bought(intent: Intent) -> bool:
    reply = intent.replies[-1]
    return isinstance(reply, Purchase) and reply.order.status is OrderStatus.ACTIVE


@each_carrier
@how_many
def test_a_call_that_is_sent_twice_at_once_is_placed_once(
    market: Market, carrier: str, orders: int
) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        scenarios.bought(world)
        first, second = errands.dial(), errands.dial()

        def judge() -> list[str]:
            placed = len(world.exchange.calls())
            return [] if placed == 1 else [f"placed {placed} times"]

        return [asks(world, first), asks(world, second)], judge

    run(market, carrier, orders, race)


@how_many
def test_no_more_calls_go_on_at_once_than_are_allowed(market: Market, orders: int) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        scenarios.bought(world)
        wanted = [errands.dial(key=key) for key in "abc"]

        def judge() -> list[str]:
            placed = len(world.exchange.calls())
            return [] if placed == 2 else [f"{placed} calls go on at once, and 2 are allowed"]

        return [asks(world, it) for it in wanted], judge

    run(market, "twilio", orders, race)


@each_carrier
@how_many
def test_a_call_that_comes_while_its_number_is_given_back_is_answered(
    market: Market, carrier: str, orders: int
) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        scenarios.bought(world)
        replies: list[Any] = []
        answered = ringing(world)

        def answer(process: Process) -> None:
            replies.append(world.process(answered, process))

        def judge() -> list[str]:
            told = heard(world, replies[0])
            is_answered = STREAM in told or SPOKEN[carrier] in told
            problems = [] if is_answered else [f"heard {told or replies[0]}"]
            return problems if not world.is_ours(errands.NUMBER) else [*problems, "still held"]

        return [asks(world, errands.release()), answer], judge

    run(market, carrier, orders, race)


@each_carrier
@how_many
def test_a_call_that_comes_while_its_number_is_reassigned_is_answered_by_one_of_both(
    market: Market, carrier: str, orders: int
) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        scenarios.bought(world)
        world.app.store.put_assistant(
            an_assistant(
                id=3002,
                stream_url="wss://other.example.com/stream",
                webhook_url=RECEIVER,
                version=0,
            )
        )
        replies: list[Any] = []
        answered = ringing(world)

        def answer(process: Process) -> None:
            replies.append(world.process(answered, process))

        def reassign(process: Process) -> None:
            number_id = int(errands.NUMBER[1:])
            app = world.app
            world.process(lambda: assigning.unassign(app, ORGANIZATION, number_id), process)
            world.process(lambda: assigning.assign(app, ORGANIZATION, 3002, number_id), process)

        def judge() -> list[str]:
            [call] = [it for it in promises.calls(world) if it.direction is Direction.INBOUND]
            shows = {3001: STREAM, 3002: "other.example.com", None: SPOKEN[carrier]}
            told = heard(world, replies[0])
            if shows[call.assistant_id] not in told:
                return [f"the call is said to be with {call.assistant_id}, and heard {told}"]
            [number] = promises.numbers(world)
            holder = number.assistant.id if number.assistant else None
            return [] if holder == 3002 else [f"the number is answered by {holder}"]

        return [reassign, answer], judge

    run(market, carrier, orders, race)


def heard(world: World, reply: Any) -> str:
    """Return what the caller shall hear: the reply says it, at Telnyx the commands to the call."""
    if world.carrier == "telnyx":
        commands = [it for it in world.exchange.world.requests if "/actions/" in it["path"]]
        return json.dumps([it["body"] for it in commands])
    return str(getattr(reply, "body", ""))


def ringing(world: World) -> Callable[[], Any]:
    """Let a stranger ring, and return how that call is answered."""
    placed = world.exchange.ring(world.carrier, scenarios.STRANGER, errands.NUMBER)
    inbound = scenarios.inbound(world, placed)
    voice = world.app.voice(world.carrier, ORGANIZATION)
    return lambda: calls.answer(world.app, voice, ORGANIZATION, inbound)


@how_many
def test_a_key_that_was_revoked_opens_nothing_whoever_uses_it_meanwhile(
    market: Market, orders: int
) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        secret = "burki_secret"
        key = a_token(hash=tokens.hash_of(secret))
        world.app.store.add_token(key)
        usage, late = tokens.Usage(), list[str]()
        is_revoked = list[bool]()

        def revoke(process: Process) -> None:
            world.process(lambda: tokens.revoke(world.app, ORGANIZATION, key.id), process)
            is_revoked.append(True)

        def use(process: Process) -> None:
            for _ in range(2):
                before = bool(is_revoked)
                found = world.process(lambda: tokens.authenticate(world.app, secret), process)
                if found and before:
                    late.append("a revoked key was let in")
                if found:
                    world.process(lambda: usage.count(world.app, found), process)  # noqa: B023

        def judge() -> list[str]:
            again = tokens.authenticate(world.app, secret)
            return [*late, "its use has brought it back"] if again else late

        return [revoke, use], judge

    run(market, "twilio", orders, race)


@how_many
def test_a_message_that_comes_twice_at_once_is_begun_once(market: Market, orders: int) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        scenarios.dialled(world)
        world.post.pump()
        messages = [it for _, _, it in sorted(world.post.queue.waiting)]
        message = next(it for it in messages if str(it["event"]).endswith("_1"))

        def deliver(process: Process) -> None:
            world.process(lambda: delivering.handle(world.post.office, message), process)

        def judge() -> list[str]:
            letters = [it.id for it in world.post.receivers.letters]
            return [] if letters == [message["event"]] else [f"sent: {letters}"]

        return [deliver, deliver], judge

    run(market, "twilio", orders, race)


@how_many
def test_a_delivery_that_is_announced_while_somebody_looks_is_settled_once(
    market: Market, orders: int
) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        intent, update = ordered(world)

        def hear(process: Process) -> None:
            world.hear(update, process)

        def judge() -> list[str]:
            [number] = promises.numbers(world)
            told = [it for it in promises.events(world) if "number.purchased" in it.payload]
            is_done = number.status is NumberStatus.ACTIVE and len(told) == 1
            return [] if is_done else [f"{number.status}, told {len(told)} times"]

        return [asks(world, intent), hear], judge

    run(market, "telnyx", orders, race)


def ordered(world: World) -> tuple[Intent, OrderUpdate]:
    """Order a number that is delivered now, and has not been looked at since."""
    fault = {"carrier": "telnyx", "operation": "buy_number", "fault": "pending_order", "polls": 99}
    world.exchange.world.faults.program(fault)
    intent = errands.purchase(world.carrier)
    world.ask(intent)
    update = world.deliver()
    assert update
    world.clock.advance(seconds=61)
    return intent, update


@each_carrier
@how_many
def test_a_call_that_ends_while_it_is_ended_ends_once(
    market: Market, carrier: str, orders: int
) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        call = scenarios.dialled(world)
        world.hang_up()
        [(_, event)] = world.untold()

        def hear(process: Process) -> None:
            world.hear(event, process)

        def judge() -> list[str]:
            reports = [it for it in promises.events(world) if it.type == "end-of-call-report"]
            return [] if len(reports) == 1 else [f"{len(reports)} reports of the end"]

        return [asks(world, errands.terminate(call)), hear], judge

    run(market, carrier, orders, race)


@pytest.mark.xfail(not RECONCILES, reason=WITHOUT_RECONCILIATION, strict=True)
@each_carrier
@how_many
def test_two_reconcilers_settle_a_purchase_and_a_call_once(
    market: Market, carrier: str, orders: int
) -> None:
    def race(world: World) -> tuple[list[Work], Callable[[], list[str]]]:
        scenarios.left_open(world)

        def reconcile(process: Process) -> None:
            reconciled(world, process)

        def judge() -> list[str]:
            reconciled(world)
            return [f"{it.phone_number} is {it.status}" for it in open_orders(world)]

        return [reconcile, reconcile], judge

    run(market, carrier, orders, race, is_pending=not RECONCILES)


def open_orders(world: World) -> list[Any]:
    return [it for it in promises.orders(world) if not it.status.is_final]
