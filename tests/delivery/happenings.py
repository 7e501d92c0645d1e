"""Things that happen in an organization, for whoever is told of them."""

from typing import Any

from switchboard import calls, sessions
from switchboard.events import receivers, reporting, signing
from switchboard.model import CallStatus
from tests.builders import ORGANIZATION, a_call, an_event
from tests.delivery.post import Post


def ring(post: Post, **changes: Any) -> None:
    """Let a phone ring."""
    post.app.store.add_call(a_call(**changes))


def happen(post: Post, status: CallStatus | None, **changes: Any) -> None:
    """Let the carrier say where a call is now, or something else of it."""
    voice = post.app.voice("fake", ORGANIZATION)
    name = f"{status} {changes.get('call_sid', '')}"
    event = an_event(
        **{"id": name, "type": name, "status": status, "occurred_at": post.clock()} | changes
    )
    calls.record(post.app, voice, ORGANIZATION, event)


def whole_call(post: Post, **changes: Any) -> None:
    """Let a phone ring, be answered, and the call be over: four events."""
    ring(post, **changes)
    sid = {"call_sid": changes["call_sid"]} if "call_sid" in changes else {}
    happen(post, CallStatus.IN_PROGRESS, **sid)
    post.clock.advance(seconds=1)
    happen(post, CallStatus.COMPLETED, **sid)


def report(post: Post, call_id: int = 5001, **content: Any) -> bool:
    """Let the media runtime report on a call."""
    token = sessions.issue(post.app.secrets.session_key(), a_call(id=call_id))
    return reporting.report(post.app, call_id, token, content)


def secret(post: Post, url: str) -> str:
    """Return with what the receiver at a URL verifies."""
    endpoint = receivers.receiver(post.app, ORGANIZATION, url)
    return signing.secret(post.app.secrets.session_key(), endpoint)
