"""Looking at text messages, and taking back those that still wait."""

from dataclasses import dataclass, replace
from datetime import timedelta

from ..app import App
from ..errors import MessageNotFound, ServiceUnavailable, UnknownProvider
from ..model import Text, TextStatus
from ..store import Taken

_WRITE_TRIES = 4
_FAILURES_COUNTED = timedelta(hours=24)


def find(app: App, organization_id: int, message_id: str) -> Text:
    """Return a message by our id of it or its carrier's; raise MessageNotFound."""
    text = app.store.text(message_id)
    if text is None or text.organization_id != organization_id:
        text = app.store.text_by_sid(organization_id, message_id)
    if text is None:
        raise MessageNotFound(f"Message {message_id} not found")
    return text


@dataclass(frozen=True)
class Cancelling:
    """What came of taking a message back."""

    before: TextStatus
    text: Text
    is_cancelled: bool


def cancel(app: App, organization_id: int, message_id: str) -> Cancelling:
    """Take back a message that still waits; one that does not stays as it is."""
    for _ in range(_WRITE_TRIES):
        text = find(app, organization_id, message_id)
        if text.status is not TextStatus.QUEUED:
            return Cancelling(text.status, text, is_cancelled=False)
        try:
            after = replace(text, status=TextStatus.CANCELLED, due=None)
            return Cancelling(text.status, app.store.save_text(text, after), is_cancelled=True)
        except Taken:
            continue
    raise ServiceUnavailable("The message is being changed by others. Try again.")


def counts(app: App, organization_id: int, provider: str | None) -> dict[str, dict[str, int]]:
    """Count by carrier what waits, what is being sent, and what failed in the last 24 hours.

    Raises UnknownProvider.
    """
    if provider is not None and provider not in app.carrier_names:
        raise UnknownProvider(f"Provider must be one of: {', '.join(app.carrier_names)}")
    since = app.clock() - _FAILURES_COUNTED
    wanted = [provider] if provider else app.carrier_names
    return {name: app.store.count_texts(organization_id, name, since) for name in wanted}
