"""Sending events: each at least once, with the same id and body however often.

Whoever dies at any line leaves a row that is due: the sweep finds it, and somebody else goes on.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from .. import recording_links
from ..announcements import with_cost, with_recording, with_report
from ..model import (
    END_OF_CALL_REPORT,
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    OutboxEvent,
)
from ..store import Taken
from . import breaker, receivers, signing
from .office import Answer, Message, Office
from .schedule import next_attempt

logger = logging.getLogger(__name__)

# Longer than an attempt can take: who is not done by then has crashed.
_LEASE = timedelta(seconds=60)
# So long an event waits for the one before it, which is being sent for the first time.
_PATIENCE = timedelta(seconds=60)
_BODY_KEPT = 10_240
# A queue's delay is in whole seconds.
_EARLY = timedelta(seconds=1)
_GONE = 410


def handle(office: Office, message: Message) -> None:
    """Do what a message asks for; one that came before or too early changes nothing."""
    match message:
        case {"drain": str(endpoint_id), "organization": int(organization_id)}:
            breaker.drain(office, organization_id, endpoint_id)
        case {"event": str(event_id), "endpoint": str(endpoint_id)}:
            _again(office, event_id, endpoint_id)
        case {"event": str(event_id)}:
            _begin(office, event_id)
        case _:
            raise ValueError(f"Not a message of ours: {sorted(message)}")


def _begin(office: Office, event_id: str) -> None:
    """Take an event from the outbox, and send it to everybody who gets it."""
    store, now = office.app.store, office.app.clock()
    event = store.event(event_id)
    if event is None or event.due is None:
        return
    if now + _EARLY < event.due:
        return  # it wakes us again: a report may come in until then
    if event.type == END_OF_CALL_REPORT and event.call_id is not None:
        event = _completed(office, event, event.call_id)
    endpoints = receivers.of_event(office.app, event)
    if not _is_its_turn(office, event, endpoints):
        office.queue.put([({"event": event_id, "organization": event.organization_id}, 1)])
        return
    # Sent from here when it is one; else nobody waits for a slow one among them.
    alone = len(endpoints) == 1
    deliveries = [_delivery(event, it, now, now + _LEASE if alone else now) for it in endpoints]
    try:
        store.begin(event, deliveries)
    except Taken:
        return
    if alone:
        _attempt(office, event, endpoints[0], deliveries[0])
    else:
        office.queue.put(
            [
                (
                    {
                        "event": event_id,
                        "organization": event.organization_id,
                        "endpoint": it.id,
                    },
                    0,
                )
                for it in endpoints
            ]
        )


def _completed(office: Office, event: OutboxEvent, call_id: int) -> OutboxEvent:
    """Return an end-of-call report with what came in since the call's end."""
    app = office.app
    if call := app.store.call(call_id):
        event = with_cost(event, call.cost)
    key, base = app.secrets.session_key(), app.settings.public_base_url
    link = recording_links.link(key, base, call_id, app.clock())
    return with_recording(with_report(event, app.store.report(call_id)), link)


def _again(office: Office, event_id: str, endpoint_id: str) -> None:
    store, now = office.app.store, office.app.clock()
    waiting = store.delivery(event_id, endpoint_id)
    if waiting is None or waiting.state is not DeliveryState.PENDING:
        return
    if waiting.due is None or now + _EARLY < waiting.due:
        return  # somebody is at it, or it wakes us again
    event = store.event(event_id)
    endpoint = store.endpoint(waiting.organization_id, endpoint_id)
    try:
        claimed = store.save_delivery(waiting, replace(waiting, due=now + _LEASE))
    except Taken:
        return
    if event is None or endpoint is None:
        _bury(office, claimed, "the event is older than it is kept")
        return
    _attempt(office, event, endpoint, claimed)


def _is_its_turn(office: Office, event: OutboxEvent, endpoints: list[Endpoint]) -> bool:
    """Tell whether the event before it, of the same call, was sent to the same receivers once."""
    previous_id, now = event.previous_id, office.app.clock()
    if previous_id is None or now - event.created_at > _PATIENCE:
        return True
    previous = office.app.store.event(previous_id)
    if previous is None:
        return True
    if previous.due is not None:
        # Not begun yet. One that waits for a report is not waited for.
        return previous.due > now + _EARLY
    ours = {it.id for it in endpoints}
    return not any(
        it.endpoint_id in ours and it.state is DeliveryState.PENDING and it.attempts == 0
        for it in office.app.store.deliveries(previous_id)
    )


def _delivery(event: OutboxEvent, endpoint: Endpoint, now: datetime, due: datetime) -> Delivery:
    return Delivery(
        event_id=event.id,
        endpoint_id=endpoint.id,
        organization_id=event.organization_id,
        url=endpoint.url,
        type=event.type,
        first_at=now,
        state=DeliveryState.PENDING,
        call_id=event.call_id,
        assistant_id=event.assistant_id,
        due=due,
    )


def _attempt(office: Office, event: OutboxEvent, endpoint: Endpoint, delivery: Delivery) -> None:
    """Send an event to a receiver once, unless that is not to be sent to now."""
    if endpoint.disabled_at is not None:
        _bury(office, delivery, endpoint.disabled_reason or "the receiver is switched off")
        return
    if not breaker.may_send(office, endpoint):
        breaker.park(office, endpoint, delivery)
        return
    at = office.app.clock()
    headers = signing.headers(
        office.app.secrets.session_key(), endpoint, event.id, event.payload, at
    )
    answer = office.sender.send(endpoint, event, headers)
    _settle(office, endpoint, delivery, _logged(office, event, delivery, at, answer), answer)


def _settle(
    office: Office, endpoint: Endpoint, delivery: Delivery, attempt: Attempt, answer: Answer
) -> None:
    tried = replace(
        delivery,
        attempts=attempt.number,
        last_status=answer.status,
        last_error=attempt.error,
        due=None,
    )
    if answer.is_success:
        arrived = replace(tried, state=DeliveryState.DELIVERED, settled_at=office.app.clock())
        breaker.save(office, delivery, arrived, attempt)
        breaker.note_success(office, endpoint)
        return
    if answer.status == _GONE:
        _switch_off(office, endpoint)
        breaker.save(office, delivery, _dead(office, tried), attempt)
        return
    _failed(office, endpoint, tried, attempt, answer)


def _failed(
    office: Office, endpoint: Endpoint, tried: Delivery, attempt: Attempt, answer: Answer
) -> None:
    now = office.app.clock()
    endpoint = breaker.note_failure(office, endpoint, answer.retry_after)
    logger.info(
        "event not delivered",
        extra={"event_id": tried.event_id, "status": answer.status, "failures": endpoint.failures},
    )
    if endpoint.probe_at is not None and not breaker.is_hopeless(tried, endpoint, now):
        breaker.line_up(office, endpoint, tried, attempt)
        return
    if endpoint.probe_at is not None:
        breaker.save(office, tried, _dead(office, tried), attempt)
        breaker.give_turn(office, endpoint, endpoint.probe_at)
        return
    due = next_attempt(tried.attempts, now, office.random(), answer.retry_after)
    after = replace(tried, due=due) if due else _dead(office, tried)
    breaker.save(office, tried, after, attempt, due)


def _dead(office: Office, delivery: Delivery) -> Delivery:
    return replace(delivery, state=DeliveryState.DEAD, due=None, settled_at=office.app.clock())


def _logged(
    office: Office, event: OutboxEvent, delivery: Delivery, at: datetime, answer: Answer
) -> Attempt:
    took = office.app.clock() - at
    return Attempt(
        event_id=event.id,
        organization_id=event.organization_id,
        endpoint_id=delivery.endpoint_id,
        url=delivery.url,
        type=event.type,
        at=at,
        number=delivery.attempts + 1,
        request=event.payload[:_BODY_KEPT],
        success=answer.is_success,
        status=answer.status,
        response=answer.body[:_BODY_KEPT],
        milliseconds=took // timedelta(milliseconds=1),
        error=answer.error or _refusal(answer),
        call_id=event.call_id,
        assistant_id=event.assistant_id,
    )


def _refusal(answer: Answer) -> str | None:
    return None if answer.is_success else f"the receiver answered {answer.status}"


def _bury(office: Office, delivery: Delivery, reason: str) -> None:
    try:
        office.app.store.save_delivery(
            delivery, replace(_dead(office, delivery), last_error=reason)
        )
    except Taken:
        logger.info("delivery changed meanwhile", extra={"event_id": delivery.event_id})


def _switch_off(office: Office, endpoint: Endpoint) -> None:
    # 410 says: never again. Standard Webhooks asks senders to take it at its word.
    reason = "the receiver answered 410 Gone, which asks for no more events"
    now = office.app.clock()
    try:
        office.app.store.put_endpoint(
            replace(endpoint, disabled_at=now, disabled_reason=reason), "webhook.disabled"
        )
    except Taken:
        logger.info("receiver changed meanwhile", extra={"endpoint_id": endpoint.id})
