"""What was told and what has not arrived: listed, and sent again when somebody asks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from ..app import App
from ..errors import EventNotFound, InvalidRequest
from ..ids import first_id_at
from ..model import Attempt, Delivery, DeliveryState, OutboxEvent
from ..store import Taken
from . import receivers

# A slow transaction may write an event a little later than it is dated. Whoever follows `next`
# gets the last seconds again, so that it cannot be missed.
_UNSETTLED = timedelta(seconds=30)
_AGAIN_AT_ONCE = 100


@dataclass(frozen=True)
class Page:
    """Some events, and where to go on."""

    events: list[OutboxEvent]
    next: str
    has_more: bool
    """Whether there is more already."""


@dataclass(frozen=True)
class Wanted:
    """Which deliveries to make again: those that match everything that is set."""

    type: str | None = None
    call_id: int | None = None
    assistant_id: int | None = None
    endpoint_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, delivery: Delivery) -> bool:
        """Tell whether a delivery is one of them."""
        return (
            self.type in (None, delivery.type)
            and self.call_id in (None, delivery.call_id)
            and self.assistant_id in (None, delivery.assistant_id)
            and self.endpoint_id in (None, delivery.endpoint_id)
            and (self.since is None or delivery.first_at >= self.since)
            and (self.until is None or delivery.first_at < self.until)
        )


def events_after(app: App, organization_id: int, after: str | None, limit: int) -> Page:
    """Return events later than a cursor or a time, oldest first: one request."""
    start = _cursor(after)
    found = app.store.events_after(organization_id, start, limit + 1)
    page = found[:limit]
    last = page[-1].cursor if page else start
    if len(found) > limit:
        return Page(page, last, has_more=True)
    settled = (app.clock() - _UNSETTLED).isoformat(timespec="microseconds")
    return Page(page, min(last, settled), has_more=False)


def find(app: App, organization_id: int, event_id: str) -> tuple[OutboxEvent, list[Delivery]]:
    """Return an organization's event and its deliveries; raise EventNotFound."""
    event = app.store.event(event_id)
    if event is None or event.organization_id != organization_id:
        raise EventNotFound(f"Event {event_id} not found in your organization")
    return event, app.store.deliveries(event_id)


def dead_letters(
    app: App, organization_id: int, limit: int, cursor: str | None
) -> tuple[list[Delivery], str | None]:
    """Return deliveries that were given up, oldest first, and where to go on."""
    return app.store.dead_letters(organization_id, limit, cursor)


def redeliver(app: App, organization_id: int, event_id: str) -> int:
    """Send an event again to everybody who gets it, and return to how many.

    Also to those who have joined since. One that is being sent anyway is left alone.
    """
    event, earlier = find(app, organization_id, event_id)
    if event.due is not None:
        return 0
    known = {it.endpoint_id for it in earlier}
    fresh = [
        Delivery(
            event_id=event.id,
            endpoint_id=it.id,
            organization_id=organization_id,
            url=it.url,
            type=event.type,
            first_at=app.clock(),
            state=DeliveryState.DEAD,
            call_id=event.call_id,
            assistant_id=event.assistant_id,
            version=0,
        )
        for it in receivers.of_event(app, event)
        if it.id not in known
    ]
    return _again(app, [*earlier, *fresh])


def redeliver_dead(
    app: App, organization_id: int, wanted: Wanted, cursor: str | None = None
) -> tuple[int, str | None]:
    """Send what was given up again, as far as it is wanted: the next hundred of it.

    Returns how many were, and the cursor of the next ones.
    """
    found, after = app.store.dead_letters(organization_id, _AGAIN_AT_ONCE, cursor)
    return _again(app, filter(wanted.takes, found)), after


def redeliver_all(
    app: App, organization_id: int, wanted: Wanted, cursor: str | None = None
) -> tuple[int, str | None]:
    """Send every event of a time again, arrived or not: the next hundred of them."""
    if wanted.since is None:
        raise InvalidRequest("`since` is missing: from when on events shall be sent again")
    start = cursor or _cursor(wanted.since.isoformat())
    found = app.store.events_after(organization_id, start, _AGAIN_AT_ONCE)
    in_time = [it for it in found if wanted.until is None or it.created_at < wanted.until]
    made = [d for it in in_time for d in app.store.deliveries(it.id)]
    timeless = replace(wanted, since=None, until=None)
    is_last = len(found) < _AGAIN_AT_ONCE or len(in_time) < len(found)
    return _again(app, filter(timeless.takes, made)), None if is_last else found[-1].cursor


def attempts(
    app: App, organization_id: int, call_id: int, kind: str | None = None
) -> list[Attempt]:
    """Return the attempts to tell of a call, oldest first, for 30 days."""
    found = app.store.attempts(organization_id, str(call_id))
    return [it for it in found if kind is None or it.type == kind]


def attempt_id(attempt: Attempt) -> int:
    """Return an id for an attempt: a number, as the contract has it, in order of time."""
    name = f"{attempt.event_id} {attempt.endpoint_id} {attempt.number}"
    return first_id_at(attempt.at) + (int.from_bytes(sha256(name.encode()).digest()[:2]) & 0xFFF)


def _again(app: App, deliveries: Iterable[Delivery]) -> int:
    now, begun = app.clock(), 0
    for delivery in deliveries:
        if delivery.state is DeliveryState.PENDING:
            continue
        anew = replace(
            delivery,
            state=DeliveryState.PENDING,
            first_at=now,
            attempts=0,
            due=now,
            settled_at=None,
            parked_at_failures=None,
        )
        try:
            app.store.save_delivery(delivery, anew, wakes_at=now)
        except Taken:
            continue  # somebody else has asked for it just now
        begun += 1
    return begun


def _cursor(after: str | None) -> str:
    if after is None:
        return "0"
    time, mark, event_id = after.partition("#")
    try:
        at = datetime.fromisoformat(time)
    except ValueError as error:
        raise InvalidRequest(
            "`after` is the `next` of an earlier page, or a time such as 2026-03-02T09:00:00Z"
        ) from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC).isoformat(timespec="microseconds") + mark + event_id
