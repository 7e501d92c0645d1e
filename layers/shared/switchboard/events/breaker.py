"""A receiver that answers nobody costs one attempt at a time, however much waits for it.

After five failures in a row it is taken for dead: what is due for it is parked, and one delivery
after the other gets a turn. The first that arrives brings all the others back.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from ..model import Attempt, Delivery, DeliveryState, Endpoint
from ..store import Taken
from .office import Office
from .schedule import GIVEN_UP_AFTER, LEAST_ATTEMPTS, MOST_PATIENCE

_DEAD_AFTER = 5
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=10)
_JITTER = 0.1
_BACK_AT_ONCE = 50
_SETTLED = timedelta(minutes=2)
_GIVEN_UP_AT_ONCE = 200


def may_send(office: Office, endpoint: Endpoint) -> bool:
    """Tell whether something may be sent to a receiver now; a dead one's turn is claimed."""
    if endpoint.probe_at is None:
        return True
    now = office.app.clock()
    if now < endpoint.probe_at:
        return False
    try:
        office.app.store.take_turn(endpoint, now + _pause(endpoint.failures))
    except Taken:
        return False
    return True


def park(
    office: Office, endpoint: Endpoint, delivery: Delivery, attempt: Attempt | None = None
) -> None:
    """Let a delivery wait for its receiver, unless that has come back meanwhile."""
    since = delivery.parked_at_failures
    waits = replace(
        delivery,
        state=DeliveryState.PARKED,
        due=None,
        parked_at_failures=endpoint.failures if since is None else min(since, endpoint.failures),
    )
    save(office, delivery, waits, attempt)
    # Read after it was parked: whoever takes the receiver for alive later finds it there.
    now = office.app.store.endpoint(endpoint.organization_id, endpoint.id)
    if now and now.probe_at is None:
        parked = office.app.store.delivery(delivery.event_id, delivery.endpoint_id)
        if parked and parked.state is DeliveryState.PARKED:
            _back(office, parked, office.app.clock())


def line_up(office: Office, endpoint: Endpoint, tried: Delivery, attempt: Attempt) -> None:
    """Let a delivery that failed wait, and the one that has waited longest have the next turn."""
    at = endpoint.probe_at or office.app.clock()
    longest = next(iter(office.app.store.parked(endpoint, 1)), None)
    if longest and longest.first_at < tried.first_at:
        park(office, endpoint, tried, attempt)
        _back(office, longest, at)
        return
    since = endpoint.failures if tried.parked_at_failures is None else tried.parked_at_failures
    waits = replace(tried, due=at, parked_at_failures=min(since, endpoint.failures))
    save(office, tried, waits, attempt, at)


def save(
    office: Office,
    before: Delivery,
    after: Delivery,
    attempt: Attempt | None,
    wakes_at: datetime | None = None,
) -> None:
    """Write how a delivery stands, with what came of an attempt, unless others were faster."""
    try:
        office.app.store.save_delivery(before, after, attempt=attempt, wakes_at=wakes_at)
    except Taken:
        # It took so long that somebody else went on with it; that it was sent stays on record.
        if attempt:
            office.app.store.put_attempt(attempt)


def note_failure(
    office: Office, endpoint: Endpoint, retry_after: timedelta | None = None
) -> Endpoint:
    """Count a failure against a receiver, and return it as it stands: perhaps taken for dead."""
    failures = office.app.store.note_failure(endpoint)
    if failures < _DEAD_AFTER:
        return replace(endpoint, failures=failures, probe_at=None)
    pause = max(_pause(failures), min(retry_after or _FIRST_PAUSE, MOST_PATIENCE))
    # Receivers that went down together shall not all be asked together.
    probe_at = office.app.clock() + pause + pause * _JITTER * office.random()
    with suppress(Taken):
        office.app.store.take_for_dead(endpoint, probe_at)
    return replace(endpoint, failures=failures, probe_at=probe_at)


def is_hopeless(delivery: Delivery, endpoint: Endpoint, now: datetime) -> bool:
    """Tell whether a delivery has waited for a dead receiver long enough, and that failed enough.

    An attempt with any event counts: a receiver that answers nobody answers this one neither.
    """
    if now - delivery.first_at < GIVEN_UP_AFTER:
        return False
    since = delivery.parked_at_failures
    meanwhile = 0 if since is None else max(0, endpoint.failures - since)
    return delivery.attempts + meanwhile >= LEAST_ATTEMPTS


def note_success(office: Office, endpoint: Endpoint) -> None:
    """Take a receiver for alive; what is parked for it comes back."""
    if not endpoint.failures and endpoint.probe_at is None:
        return
    with suppress(Taken):
        office.app.store.note_success(endpoint, office.app.clock())
    if endpoint.probe_at is not None:
        office.queue.put([(_drain(endpoint), 0)])


def give_turn(office: Office, endpoint: Endpoint, at: datetime) -> None:
    """Let the delivery that has waited longest for a receiver be its next attempt."""
    for delivery in office.app.store.parked(endpoint, 1):
        _back(office, delivery, at)


def drain(office: Office, organization_id: int, endpoint_id: str) -> None:
    """Bring back what was parked for a receiver that answers: some now, the rest by and by."""
    endpoint = office.app.store.endpoint(organization_id, endpoint_id)
    if endpoint is None or endpoint.probe_at is not None:
        return
    waiting = office.app.store.parked(endpoint, _BACK_AT_ONCE)
    for delivery in waiting:
        _back(office, delivery, office.app.clock())
    if len(waiting) == _BACK_AT_ONCE:
        office.queue.put([(_drain(endpoint), 1)])
        return
    # An index shows what was written just now a little later: the sweep looks once more.
    answered_at = endpoint.recovered_at
    if answered_at is None or office.app.clock() - answered_at >= _SETTLED:
        with suppress(Taken):
            office.app.store.whole_again(endpoint)


def look_after(office: Office, endpoint: Endpoint) -> None:
    """Go on with a receiver that was taken for dead, in case whoever did so has crashed."""
    if endpoint.probe_at is None:
        office.queue.put([(_drain(endpoint), 0)])
        return
    _give_up(office, endpoint)
    if endpoint.probe_at < office.app.clock() - _FIRST_PAUSE:
        give_turn(office, endpoint, office.app.clock())


def _give_up(office: Office, endpoint: Endpoint) -> None:
    now = office.app.clock()
    for delivery in office.app.store.parked(endpoint, _GIVEN_UP_AT_ONCE):
        if not is_hopeless(delivery, endpoint, now):
            return  # they come oldest first
        reason = f"the receiver failed {endpoint.failures} times in a row while this waited for it"
        last = f"{delivery.last_error}; {reason}" if delivery.last_error else reason
        dead = replace(
            delivery, state=DeliveryState.DEAD, due=None, settled_at=now, last_error=last
        )
        with suppress(Taken):
            office.app.store.save_delivery(delivery, dead)


def _back(office: Office, delivery: Delivery, at: datetime) -> None:
    waits = replace(delivery, state=DeliveryState.PENDING, due=at)
    with suppress(Taken):
        office.app.store.save_delivery(delivery, waits, wakes_at=at)


def _pause(failures: int) -> timedelta:
    doublings = min(max(failures - _DEAD_AFTER, 0), 8)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


def _drain(endpoint: Endpoint) -> dict[str, str | int]:
    return {"drain": endpoint.id, "organization": endpoint.organization_id}
