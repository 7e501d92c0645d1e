"""Taking hold of a call: end it, put it through to somebody else, note something on it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from . import calls, fuses
from .app import App
from .destinations import check_destination, check_sip
from .errors import (
    CallNotActive,
    CallNotFound,
    CallNotPlaced,
    CarrierError,
    InvalidRequest,
    OutcomeUnknown,
    ServiceUnavailable,
)
from .model import Call, CallEvent, CallStatus, Limits, masked, parse_e164
from .store import Taken

logger = logging.getLogger(__name__)

METADATA_LIMIT = 16 * 1024
_WRITE_TRIES = 6


def terminate(app: App, organization_id: int, call_sid: str) -> Call:
    """End a call and return it: completed if it was answered, cancelled if not.

    Asking again after any failure is safe. Raises CallNotFound, CallNotActive when it is over,
    CallNotPlaced, or the carrier's refusal, after which the call is as it was.
    """
    call = _placed(app, organization_id, call_sid, "terminate")
    if call.status.is_final:
        raise CallNotActive(f"Cannot terminate call - current status is '{call.status.summary}'")
    carrier = app.voice_for(call)
    # That the carrier ended it a moment ago is what was wanted.
    with _refusals(f"terminate call via {call.carried_by}"), suppress(CallNotActive):
        carrier.hang_up(call)
    ended = CallEvent(
        # One for each call: whoever asks twice ends it once.
        id=f"terminate-{call.id}",
        type="terminate",
        call_sid=call.call_sid,
        call_id=call.id,
        occurred_at=app.clock(),
        status=CallStatus.COMPLETED,
        status_unanswered=CallStatus.CANCELLED,
    )
    on_record = app.store.audit(organization_id, "call.terminated", call.id)
    ended_call = calls.record(app, carrier, organization_id, ended, on_record)
    if not ended_call.status.is_final:
        # Its trunk failed a moment ago, and it goes on over another one.
        raise _not_placed(ended_call, "terminate")
    return ended_call


def transfer(app: App, organization_id: int, call_sid: str, to: str) -> Call:
    """Put the other side through to a number or a SIP address, and return the call.

    Where it may go is decided as for a new call. Raises CallNotFound, CallNotActive unless the
    call is in progress, InvalidRequest, DestinationNotAllowed, FuseTripped, or the carrier's
    refusal.
    """
    call = _placed(app, organization_id, call_sid, "transfer")
    if call.status is not CallStatus.IN_PROGRESS:
        raise CallNotActive(f"Cannot transfer call - current status is '{call.status.value}'")
    organization = app.store.organization(organization_id)
    allowed = organization.limits if organization else Limits()
    target = _destination(to, allowed)
    # Whoever is put through is a new outbound call, wherever this one came from.
    fuses.count(app, call, target, allowed)
    carrier = app.voice_for(call)
    with _refusals(f"transfer call via {call.carried_by}"):
        carrier.transfer(call, target)
    logger.info("call transferred", extra={"call_id": call.id, "to": masked(target)})
    handed_over = CallEvent(
        id=f"transfer-{app.new_id()}",
        type="transfer",
        call_sid=call.call_sid,
        call_id=call.id,
        occurred_at=app.clock(),
    )
    # Without the headers of a SIP address, which may hold what only the far end should see.
    on_record = app.store.audit(
        organization_id, "call.transferred", call.id, to=target.partition("?")[0]
    )
    return calls.record(app, carrier, organization_id, handed_over, on_record)


def update_metadata(app: App, organization_id: int, call_id: int, changes: dict[str, Any]) -> Call:
    """Merge `changes` into what the customer has noted on a call; None removes a name.

    Raises CallNotFound, and InvalidRequest when all notes together become too large.
    """
    # The names only: what is noted may be personal, and goes with the call.
    on_record = app.store.audit(
        organization_id, "call.metadata_updated", call_id, names=sorted(changes)
    )
    for _ in range(_WRITE_TRIES):
        call = calls.find(app, organization_id, call_id)
        merged = {**call.metadata, **changes}
        noted = replace(call, metadata={k: v for k, v in merged.items() if v is not None})
        _check_size(noted.metadata)
        if noted == call:
            return call
        try:
            app.store.save_call(call, noted, on_record=on_record)
        except Taken:
            continue
        return noted
    raise ServiceUnavailable(f"Call {call_id} is being changed by others. Try again.")


def _placed(app: App, organization_id: int, call_sid: str, verb: str) -> Call:
    # Carriers' ids are never mere digits: those are our own id, all that a call has at first.
    own_id = call_sid.isascii() and call_sid.isdecimal() and len(call_sid) <= 16
    call = app.store.call(int(call_sid)) if own_id else None
    call = call or app.store.call_by_sid(organization_id, call_sid)
    if call is None or call.organization_id != organization_id:
        raise CallNotFound(f"Call not found or you don't have permission to {verb} it")
    if not call.call_sid and not call.status.is_final:
        raise _not_placed(call, verb)
    return call


def _not_placed(call: Call, verb: str) -> CallNotPlaced:
    return CallNotPlaced(
        f"{call.carried_by} has not told yet whether it placed call {call.id}, so it cannot be "
        f"asked to {verb} it. GET /api/v1/calls/{call.id} shows what becomes of it."
    )


def _destination(to: str, allowed: Limits) -> str:
    if to.lower().startswith(("sip:", "sips:")):
        return check_sip(to)
    number = parse_e164(to)
    check_destination(number, allowed)
    return number


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    """Put the contract's words before the carrier's own."""
    try:
        yield
    except OutcomeUnknown as error:
        # Its status says "accepted", which here would be read as "done".
        raise CarrierError(f"Failed to {what}. {error}") from error
    except CarrierError as error:
        raise type(error)(f"Failed to {what}. {error}") from error


def _check_size(metadata: dict[str, Any]) -> None:
    try:
        size = len(json.dumps(metadata, allow_nan=False))
    except ValueError as error:
        raise InvalidRequest("metadata holds a number that JSON does not know") from error
    if size > METADATA_LIMIT:
        raise InvalidRequest(f"metadata is larger than {METADATA_LIMIT // 1024} KB")
