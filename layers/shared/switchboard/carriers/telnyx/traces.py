"""What Telnyx's own records say of calls: the events that it sent, or tried to send."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

from ...errors import NotConfigurable, NothingThere
from ...model import Call, CallEvent, Direction
from ..base import Trace
from .api import PAGE_SIZE, Record, path_of
from .state import own_id, read_client_state
from .webhooks import TelnyxWebhooks

# Telnyx's clock and ours may differ a little.
_BEFORE = timedelta(seconds=5)
_MOST_EVENTS = 2_000


class TelnyxTraces(TelnyxWebhooks):
    """The calls of one Telnyx account, as its list of events has them."""

    def traces(self, call: Call) -> list[Trace]:
        """Read the events between the two numbers, and if there are none what goes on just now.

        One request, or two. Every leg of ours carries our id of the call, so whatever is found is
        certain. The list reaches back 24 hours, longer than any call:
        https://developers.telnyx.com/api-reference/debugging/list-call-events

        A call that came in over a SIP trunk is listed under addresses that we do not know.
        """
        if call.bridge and call.direction is Direction.INBOUND:
            raise NotConfigurable("Telnyx lists calls over SIP trunks by their SIP addresses only.")
        found: dict[str, list[CallEvent]] = {}
        for event in self._events(call):
            found.setdefault(event.call_sid, []).append(event)
        traces = [Trace(sid, tuple(events), is_certain=True) for sid, events in found.items()]
        if traces or call.call_sid or call.direction is Direction.INBOUND:
            return traces
        return self._alive(call)

    def _events(self, call: Call) -> list[CallEvent]:
        inbound = call.direction is Direction.INBOUND
        ours, theirs = str(call.phone_number), call.customer_number
        wanted: dict[str, Any] = {
            "filter[connection_id]": self._credentials["connection_id"],
            "filter[type]": "webhook",
            "filter[from]": theirs if inbound else ours,
            "filter[occurred_at][gte]": (call.created_at - _BEFORE).isoformat(),
            "page[size]": PAGE_SIZE,
        }
        # Over a SIP trunk it goes to an address that only the trunk knows.
        if not call.bridge:
            wanted["filter[to]"] = ours if inbound else theirs
        pages = self._pages(f"list the events of call {call.id}", "/call_events", wanted)
        listed = _listed(chain.from_iterable(pages))
        return [event for data in listed if (event := self._of(call, data))]

    def _of(self, call: Call, data: dict[str, Any]) -> CallEvent | None:
        """Return an event as its webhook would have told it, if it is of this call."""
        payload = data["payload"]
        marked = own_id(read_client_state(payload.get("client_state")))
        is_same = payload["call_control_id"] == call.call_sid
        is_ours = is_same if call.call_sid else marked == call.id
        return replace(self._call_event(data, payload), call_id=call.id) if is_ours else None

    def _alive(self, call: Call) -> list[Trace]:
        """Look among the calls that go on, in case their events are not listed yet."""
        connection = str(self._credentials["connection_id"])
        try:
            active = self._list(
                "list the active calls",
                path_of("connections", connection, "active_calls"),
                {"page[size]": PAGE_SIZE},
            )
        except NothingThere:
            return []
        now = self._context.clock()
        return [
            Trace(
                sid,
                (CallEvent(f"{sid}:active", "active", sid, now, call_id=call.id),),
                is_certain=True,
            )
            for it in active
            if own_id(read_client_state(it.client_state)) == call.id
            for sid in (str(it.call_control_id),)
        ]


def _listed(entries: Iterable[Record]) -> Iterator[dict[str, Any]]:
    for count, entry in enumerate(entries):
        if count == _MOST_EVENTS:
            raise NotConfigurable("Telnyx lists too many events to find one call among them.")
        data = _raw(entry.metadata, str(entry.name))
        if data:
            yield data


def _raw(metadata: object, name: str) -> dict[str, Any] | None:
    """Return the event that the metadata of a list's entry holds; None if there is none.

    "Event metadata, which includes raw event" is all that Telnyx's description says: so it is
    looked for, as the object with a payload that names a call.
    """
    if not isinstance(metadata, dict):
        return None
    payload = metadata.get("payload")
    if isinstance(payload, dict) and payload.get("call_control_id"):
        return {"event_type": name} | metadata
    inner = (_raw(value, name) for value in metadata.values())
    return next((found for found in inner if found), None)
