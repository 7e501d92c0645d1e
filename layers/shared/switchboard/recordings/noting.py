"""A carrier has recorded a call: keep that, and let somebody fetch the file."""

import logging

from .. import recording_links
from ..app import App
from ..carriers.base import RecordingSaved, Voice
from ..errors import CallNotFound, ServiceUnavailable
from ..model import Call, Recording
from ..store import Taken

logger = logging.getLogger(__name__)

_WRITE_TRIES = 6


def note(app: App, carrier: Voice, organization_id: int, saved: RecordingSaved) -> None:
    """Write that there is a recording, once however often the carrier says so.

    Nothing is fetched here: the carrier waits for its answer. Raises CallNotFound for a call that
    is not the organization's.
    """
    for _ in range(_WRITE_TRIES):
        call = _call(app, organization_id, saved)
        now = app.clock()
        recording = Recording(
            id=app.new_id(),
            organization_id=organization_id,
            call_id=call.id,
            carrier=carrier.name,
            recording_sid=saved.recording_sid,
            created_at=now,
            carrier_url=saved.url,
            leg_id=saved.leg_id,
            started_at=saved.started_at,
            duration=saved.duration,
            channels=saved.channels,
            due=now,
        )
        try:
            app.store.add_recording(call, recording, link(app, call.id))
        except Taken as taken:
            if 1 in taken.failed:
                logger.info("recording known", extra={"call_id": call.id})
                return
            continue  # the call has changed meanwhile
        return
    raise ServiceUnavailable(f"Call {saved.call_sid} is being changed by others. Try again.")


def link(app: App, call_id: int) -> str:
    """Return the link by which customers hear a call's recording."""
    key, base = app.secrets.session_key(), app.settings.public_base_url
    return recording_links.link(key, base, call_id, app.clock())


def _call(app: App, organization_id: int, saved: RecordingSaved) -> Call:
    call = None
    if saved.call_id is not None:
        call = app.store.call(saved.call_id)
    elif saved.call_sid:
        call = app.store.call_by_sid(organization_id, saved.call_sid)
    if call is None or call.organization_id != organization_id:
        raise CallNotFound(f"A recording of a call that is not known: {saved.call_sid}")
    return call
