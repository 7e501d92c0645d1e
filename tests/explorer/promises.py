"""What must be so, held against the carriers' own books.

`kept` holds at any moment, in the middle of any failure. `settled` holds once everybody has asked
again, the carriers have spoken, time has passed and reconciliation has run.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from switchboard import event_items, items
from switchboard.model import (
    Call,
    CallStatus,
    DeliveryState,
    Direction,
    Number,
    NumberOrder,
    NumberStatus,
    OrderStatus,
    OutboxEvent,
)
from tests.explorer.world import ASSISTANT, World

type Row = dict[str, Any]


type Promise = Callable[[World], Iterator[str]]


def kept(world: World) -> list[str]:
    """Return what was promised for any moment and is not so."""
    return world.violations + _looked_at(
        world,
        _bought_once,
        _dialled_once,
        _sequences,
        _ended_once,
        _changes_truly_told,
        _calls_truly_told,
    )


def settled(world: World) -> list[str]:
    """Return what should have come to rest and has not."""
    return _looked_at(
        world,
        _numbers_known,
        _orders_ended,
        _calls_known,
        _places_belong,
        _no_lease,
        _counts_are_right,
        _changes_told,
        _events_arrived,
    )


def closed(world: World) -> list[str]:
    """Return what nobody asks about again, no carrier tells of, and stands open all the same."""
    return _looked_at(world, _calls_ended, _no_place_taken)


def _looked_at(world: World, *promises: Promise) -> list[str]:
    world.checked += len(promises)
    return [wrong for promise in promises for wrong in promise(world)]


def rows(world: World, kind: str) -> list[Row]:
    """Return the rows of one kind."""
    return [row for (pk, sk), row in sorted(world.table.rows.items()) if sk == kind]


def orders(world: World) -> list[NumberOrder]:
    """Return all orders."""
    return [items.order(row) for row in rows(world, "ORDER")]


def numbers(world: World) -> list[Number]:
    """Return all numbers."""
    return [items.number(row) for row in rows(world, "NUMBER")]


def calls(world: World) -> list[Call]:
    """Return all calls."""
    return [items.call(row) for row in rows(world, "CALL")]


def events(world: World) -> list[OutboxEvent]:
    """Return what customers are told, in the order in which it was written."""
    return sorted(
        (event_items.event(row) for row in rows(world, "EVENT")),
        key=lambda it: (it.call_id or 0, it.sequence or 0, it.cursor),
    )


# --- at any moment ---


def _bought_once(world: World) -> Iterator[str]:
    """Money is spent at most once per intent."""
    bought: dict[str, int] = defaultdict(int)
    for entry in world.exchange.books.purchases:
        bought[entry["number"]] += 1
    for number, times in bought.items():
        wanted = [it for it in orders(world) if it.phone_number == number]
        if times > len(wanted):
            yield f"{number} was bought {times} times for {len(wanted)} orders"
        done = [it for it in wanted if it.status is OrderStatus.ACTIVE]
        if len(done) > times:
            yield f"{number} was bought {times} times, and {len(done)} orders say they did"


def _dialled_once(world: World) -> Iterator[str]:
    """A call is placed at most once per intent, and has its row before it is placed."""
    known = {it.id for it in calls(world) if it.direction is Direction.OUTBOUND}
    placed: dict[int, int] = defaultdict(int)
    for call in world.exchange.calls():
        placed[world.our_id(call)] += 1
    for call_id, times in placed.items():
        if times > 1:
            yield f"call {call_id} was placed {times} times"
        if call_id not in known:
            yield f"call {call_id} was placed and has no row"
    if world.dials_sent() > len(known):
        yield f"{world.dials_sent()} dials were sent for {len(known)} calls"


def _sequences(world: World) -> Iterator[str]:
    """The events of a call are numbered without a gap."""
    seen: dict[int, list[int]] = defaultdict(list)
    for event in events(world):
        if event.call_id is not None and event.sequence is not None:
            seen[event.call_id].append(event.sequence)
    for call_id, found in seen.items():
        if found != list(range(1, len(found) + 1)):
            yield f"the events of call {call_id} are numbered {found}"


def _ended_once(world: World) -> Iterator[str]:
    """The end of a call is reported once, whoever tells us of it, and how often."""
    reports = Counter(it.call_id for it in events(world) if it.type == "end-of-call-report")
    for call_id, times in reports.items():
        if times > 1:
            yield f"the end of call {call_id} is reported {times} times"


def _changes_truly_told(world: World) -> Iterator[str]:
    """No event of a number says what the carriers' books do not."""
    told = _told(world)
    for action in ("number.purchased", "number.released"):
        for number, times in Counter(told[action]).items():
            done = len(world.entries(action, number))
            if times > done:
                yield f"{action} was told {times} times of {number}, and was so {done} times"
    failed = {it.phone_number for it in orders(world) if it.status is OrderStatus.FAILED}
    for number in set(told["number.order_failed"]) - failed:
        yield f"{number} is said to have failed, and its order did not"


def _calls_truly_told(world: World) -> Iterator[str]:
    """A call has the carrier's own id, and is no further than the carrier has brought it."""
    for call in calls(world):
        truth = world.truth_of(call)
        if call.call_sid and (truth is None or truth.carrier_call_id != call.call_sid):
            yield f"call {call.id} is said to be {call.call_sid}, which it is not"
        if truth and call.status.is_final and not truth.over.is_set():
            yield f"call {call.id} is said to be {call.status}, and goes on"
        if truth is None and call.status.rank >= CallStatus.DIALING.rank and not call.refusal:
            yield from _never_placed(call)


def _never_placed(call: Call) -> Iterator[str]:
    if call.status is not CallStatus.FAILED:
        yield f"call {call.id} is said to be {call.status}, and was never placed"


# --- at rest ---


def _numbers_known(world: World) -> Iterator[str]:
    """Nothing paid is unknown, nothing known is unpaid, no claim is stuck."""
    held = {it.number: it for it in world.exchange.books.numbers if it.carrier == world.carrier}
    known = {str(it.phone_number): it for it in numbers(world)}
    for number in held.keys() - known.keys():
        yield f"{number} is paid for, and nobody knows of it"
    for number, row in known.items():
        if row.status is not NumberStatus.ACTIVE:
            yield f"{number} is still {row.status}"
        elif number not in held:
            yield f"{number} is said to be ours, and nobody pays for it"
        elif not world.is_ours(number):
            yield f"{number} is said to be active, and does not point at us"


def _orders_ended(world: World) -> Iterator[str]:
    """Every order has got its number or has failed."""
    for order in orders(world):
        if not order.status.is_final:
            yield f"the order of {order.phone_number} is still {order.status}"


def _calls_known(world: World) -> Iterator[str]:
    """Every call that was placed has its carrier's id, and every one that is over has ended."""
    for call in calls(world):
        truth = world.truth_of(call)
        if truth and call.call_sid != truth.carrier_call_id:
            yield f"call {call.id} does not know that it is {truth.carrier_call_id}"
        if truth and truth.over.is_set() and not call.status.is_final:
            yield f"call {call.id} is over, and still {call.status}"


def _calls_ended(world: World) -> Iterator[str]:
    """A call that was never placed has ended, too."""
    for call in calls(world):
        if not call.status.is_final:
            yield f"call {call.id} is still {call.status}"


def _no_place_taken(world: World) -> Iterator[str]:
    """Nobody takes a place among the calls at once any more."""
    for row in rows(world, "PLACES"):
        for holder in sorted(row.get("holders", set())):
            yield f"{row['pk']} is still held by {holder}"


def _places_belong(world: World) -> Iterator[str]:
    """Every place is taken by a call that goes on."""
    going_on = {str(it.id) for it in calls(world) if not it.status.is_final}
    for row in rows(world, "PLACES"):
        for holder in sorted(row.get("holders", set())):
            if holder.partition("#")[2] not in going_on:
                yield f"{row['pk']} is still held by {holder}"


def _no_lease(world: World) -> Iterator[str]:
    """What one process may do at a time, none does any more."""
    now = world.clock().isoformat()
    for row in rows(world, "LEASE"):
        if row["until"] > now:
            yield f"{row['pk']} is held until {row['until']}"


def _counts_are_right(world: World) -> Iterator[str]:
    """As many calls are counted as there are."""
    counted = sum(int(row["calls"]) for row in _below(world, "COUNT#"))
    if counted != len(calls(world)):
        yield f"{counted} calls are counted, and there are {len(calls(world))}"


def _changes_told(world: World) -> Iterator[str]:
    """Every purchase and every release is told once."""
    told = _told(world)
    active = [str(it.phone_number) for it in orders(world) if it.status is OrderStatus.ACTIVE]
    if sorted(told["number.purchased"]) != sorted(active):
        yield f"purchases told: {told['number.purchased']}, done: {active}"
    gone = [str(row["phone_number"]) for row in _below(world, "RELEASE#")]
    if sorted(told["number.released"]) != sorted(gone):
        yield f"releases told: {told['number.released']}, done: {gone}"


def _events_arrived(world: World) -> Iterator[str]:
    """Every event was begun, and has arrived where somebody wants it."""
    for row in _below(world, "DELIVERY#"):
        if row["state"] != DeliveryState.DELIVERED:
            yield f"the delivery of {row['event_id']} is still {row['state']}"
    arrived = {it.id for it in world.post.receivers.taken}
    kept = any(it.assistant and it.assistant.id == ASSISTANT for it in numbers(world))
    kept = kept and not _below(world, "RELEASE#")
    for event in events(world):
        # While a number is nobody's, nobody is told of its calls.
        is_wanted = event.call_id is not None and (event.assistant_id is not None or kept)
        if event.due is not None:
            yield f"event {event.id} ({event.type}) was never begun"
        elif is_wanted and event.id not in arrived:
            yield f"event {event.id} ({event.type}) never arrived"


def _told(world: World) -> dict[str, list[str]]:
    """Return the numbers that customers were told something of, by what it was."""
    told: dict[str, list[str]] = defaultdict(list)
    for event in events(world):
        data = json.loads(event.payload).get("data", {})
        if "phone_number" in data:  # a fuse's events have an action too
            told[data["action"]].append(data["phone_number"])
    return told


def _below(world: World, beginning: str) -> list[Row]:
    return [row for (pk, _), row in world.table.rows.items() if pk.startswith(beginning)]
