"""A receiver that answers nobody costs one attempt at a time, however much waits for it.

After five failures in a row it is taken for dead: what is due for it is parked, and one delivery
after the other gets a turn. The first that arrives brings all the others back.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from ..model import Delivery, DeliveryState, Endpoint
from ..store import Taken
from .office import Office
from .schedule import GIVEN_UP_AFTER, LEAST_ATTEMPTS

_DEAD_AFTER = 5
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=5)
_BACK_AT_ONCE = 50
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


def park(office: Office, endpoint: Endpoint, delivery: Delivery) -> bool:
    """Let a delivery wait for its receiver; False if that has come back meanwhile."""
    waits = replace(
        delivery,
        state=DeliveryState.PARKED,
        due=None,
        parked_at_failures=endpoint.failures,
    )
    try:
        office.app.store.save_delivery(delivery, waits, while_down=endpoint)
    except Taken as taken:
        # Somebody else has taken care of the delivery, if it was that.
        return 0 in taken.failed
    return True


def note_failure(office: Office, endpoint: Endpoint) -> None:
    """Count a failure against a receiver, and let the next delivery in line have its turn."""
    failures = office.app.store.note_failure(endpoint)
    if failures < _DEAD_AFTER:
        return
    probe_at = office.app.clock() + _pause(failures)
    with suppress(Taken):
        office.app.store.take_for_dead(endpoint, probe_at)
    give_turn(office, endpoint, probe_at)


def note_success(office: Office, endpoint: Endpoint) -> None:
    """Take a receiver for alive; what is parked for it comes back."""
    if not endpoint.failures and endpoint.probe_at is None:
        return
    with suppress(Taken):
        office.app.store.note_success(endpoint)
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
        if now - delivery.first_at < GIVEN_UP_AFTER:
            return  # they come oldest first
        meanwhile = endpoint.failures - (delivery.parked_at_failures or 0)
        if delivery.attempts + meanwhile < LEAST_ATTEMPTS:
            continue
        reason = f"the receiver failed {meanwhile} more attempts while this event waited for it"
        last = f"{delivery.last_error}; {reason}" if delivery.last_error else reason
        dead = replace(
            delivery, state=DeliveryState.DEAD, due=None, settled_at=now, last_error=last
        )
        with suppress(Taken):
            office.app.store.save_delivery(delivery, dead)


def _back(office: Office, delivery: Delivery, at: datetime) -> None:
    waits = replace(delivery, state=DeliveryState.PENDING, due=at, parked_at_failures=None)
    with suppress(Taken):
        office.app.store.save_delivery(delivery, waits, wakes_at=at)


def _pause(failures: int) -> timedelta:
    doublings = min(max(failures - _DEAD_AFTER, 0), 8)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


def _drain(endpoint: Endpoint) -> dict[str, str | int]:
    return {"drain": endpoint.id, "organization": endpoint.organization_id}
