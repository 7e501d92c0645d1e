"""A signed sample, sent to a receiver to see whether it verifies."""

from ..announcements import made
from ..app import App
from ..model import WEBHOOK_TEST, Endpoint, OutboxEvent
from . import receivers, registering, signing
from .office import Answer, Sender


def send(app: App, sender: Sender, organization_id: int, url: str) -> tuple[OutboxEvent, Answer]:
    """Send a sample to a URL, signed as its events are; nothing of it is kept.

    Raises InvalidSettings for a URL that may get nothing.
    """
    registering.check(app, url)
    endpoint = receiver_at(app, organization_id, url)
    now = app.clock()
    body = {
        "organization_id": organization_id,
        "data": {"text": "If you can verify the signature of this, you can verify all events."},
    }
    event = made(organization_id, WEBHOOK_TEST, body, f"evt_test_{app.new_id()}", now)
    headers = signing.headers(app.secrets.session_key(), endpoint, event.id, event.payload, now)
    return event, sender.send(endpoint, event, headers)


def receiver_at(app: App, organization_id: int, url: str) -> Endpoint:
    """Return the receiver at a URL, also one that nothing was sent to yet."""
    new = receivers.receiver(app, organization_id, url)
    return app.store.endpoint(organization_id, new.id) or new
