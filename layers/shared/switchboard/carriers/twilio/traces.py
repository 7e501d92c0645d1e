"""What Twilio's own records say of calls."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ...errors import NothingThere
from ...model import Call, CallEvent, CallStatus, Direction
from ..base import PLACED_AFTER, PLACED_BEFORE, Trace
from ..sip import is_sip, user_of
from .api import PAGE_SIZE, TwilioApi
from .webhooks import ANSWERED_BY, CALL_STATUS

if TYPE_CHECKING:
    from twilio.rest import Client


class TwilioTraces(TwilioApi):
    """The calls of one Twilio account, as it lists them."""

    def traces(self, call: Call) -> list[Trace]:
        """Look at the call by its SID, else for outbound calls between its numbers: one request.

        Twilio's records do not show the URL that a call was given, and so not our id of it.
        """
        if call.call_sid:
            try:
                found = self._ask(
                    f"show call {call.call_sid}",
                    lambda client: _trace(call, client.calls(call.call_sid).fetch(), True),
                )
            except NothingThere:
                return []
            return [found]
        return self._ask(
            f"list the calls to {call.customer_number}",
            lambda client: [_trace(call, it, False) for it in _alike(client, call)],
        )


def _alike(client: "Client", call: Call) -> list[Any]:
    """Return the calls that may be this one, oldest first."""
    # Over a SIP trunk it went to an address that only the trunk knows.
    to = {} if call.bridge else {"to": call.customer_number}
    # Newest first: what is older than our request ends the search. A queued call has no start.
    listed: Iterator[Any] = client.calls.stream(
        from_=call.phone_number, page_size=PAGE_SIZE if call.bridge else 50, **to
    )
    recent = takewhile(lambda it: _at(it.date_created) >= call.asked_at - PLACED_BEFORE, listed)
    found = [
        it
        for it in recent
        if _at(it.date_created) <= call.asked_at + PLACED_AFTER
        and it.direction == "outbound-api"
        and _called(it.to) == call.customer_number
    ]
    return found[::-1]


def _called(address: str | None) -> str:
    return user_of(address) if address and is_sip(address) else str(address)


def _trace(call: Call, found: Any, is_certain: bool) -> Trace:
    if not found.sid or not found.status:
        raise ValueError("a call without its id or its status")
    status = CALL_STATUS.get(found.status)
    ended = status is not None and status.is_final
    event = CallEvent(
        id=f"{found.sid}:{found.status}:record",
        type=found.status,
        call_sid=found.sid,
        occurred_at=_at((found.end_time if ended else found.start_time) or found.date_created),
        status=status,
        direction=Direction.INBOUND if found.direction == "inbound" else Direction.OUTBOUND,
        from_=str(found._from or ""),
        to=str(found.to or ""),
        duration=int(found.duration or 0) if status is CallStatus.COMPLETED else None,
        answered_by=ANSWERED_BY.get(str(found.answered_by)),
        call_id=call.id,
    )
    return Trace(found.sid, (event,), is_certain)


def _at(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError("a call without its times")
    return moment.astimezone(UTC)
