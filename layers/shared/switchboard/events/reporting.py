"""What a media runtime has to say of a call, for the end-of-call report."""

from datetime import timedelta
from typing import Any

from .. import sessions
from ..app import App
from ..errors import CallNotFound, ServiceUnavailable
from ..model import Call, Report
from ..store import Taken

# The token was given when the call began; its runtime may report when it is long over.
_GRACE = timedelta(hours=24)
_WRITE_TRIES = 6


def report(app: App, call_id: int, token: str, content: dict[str, Any]) -> bool:
    """Keep what a call's runtime reports; tell whether the end-of-call report will hold it.

    Sent again, it changes nothing; sent in parts, they are put together. What comes after the
    end-of-call report was sent becomes an event of its own. Raises Unauthorized and CallNotFound.
    """
    sessions.check(app.secrets.session_key(), token, call_id, app.clock(), grace=_GRACE)
    for _ in range(_WRITE_TRIES):
        call = app.store.call(call_id)
        if call is None:
            raise CallNotFound(f"Call with ID {call_id} not found")
        earlier = app.store.report(call_id)
        said = {**(earlier.content if earlier else {}), **content}
        if earlier and earlier.content == said:
            return True
        try:
            return _kept(app, call, Report(call_id, app.clock(), said))
        except Taken:
            continue  # the call has changed meanwhile
    raise ServiceUnavailable(f"Call {call_id} is being changed by others. Try again.")


def _kept(app: App, call: Call, said: Report) -> bool:
    try:
        app.store.put_report(call, said)
    except Taken as taken:
        if 0 in taken.failed:
            raise
        app.store.put_report(call, said, too_late=True)
        return False
    return True
