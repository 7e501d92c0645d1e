"""Who gets an event: the assistant's own URL, and the organization's registered receivers."""

from dataclasses import replace
from hashlib import sha256

from ..app import App
from ..model import SMS_RECEIVED, Endpoint, OutboxEvent
from ..store import Taken


def endpoint_id(organization_id: int, url: str) -> str:
    """Return the id of a receiver: the same whoever meets it first."""
    return sha256(f"{organization_id} {url}".encode()).hexdigest()[:20]


def receiver(app: App, organization_id: int, url: str) -> Endpoint:
    """Return the receiver at a URL as it would be new, without looking it up."""
    return Endpoint(
        id=endpoint_id(organization_id, url),
        organization_id=organization_id,
        url=url,
        created_at=app.clock(),
    )


def of_event(app: App, event: OutboxEvent) -> list[Endpoint]:
    """Return who gets an event: two requests at most, and one for a receiver that is new."""
    known = {it.id: it for it in app.store.endpoints(event.organization_id)}
    found = {it.id: it for it in known.values() if it.is_registered and _wants(it, event)}
    url = _url_of_assistant(app, event)
    if url:
        at = endpoint_id(event.organization_id, url)
        found[at] = known.get(at) or _made(app, event.organization_id, url)
    return list(found.values())


def _wants(endpoint: Endpoint, event: OutboxEvent) -> bool:
    return event.is_terminal or not endpoint.types or event.type in endpoint.types


def _url_of_assistant(app: App, event: OutboxEvent) -> str | None:
    is_message = event.type == SMS_RECEIVED
    if event.assistant_id is None or (event.call_id is None and not is_message):
        return None
    assistant = app.store.assistant(event.organization_id, event.assistant_id)
    if assistant is None:
        return None
    return assistant.sms_webhook_url if is_message else assistant.webhook_url


def _made(app: App, organization_id: int, url: str) -> Endpoint:
    new = receiver(app, organization_id, url)
    try:
        app.store.put_endpoint(new)
    except Taken:
        return app.store.endpoint(organization_id, new.id) or replace(new, version=1)
    return replace(new, version=1)
