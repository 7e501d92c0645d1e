"""What Vonage's own records say of calls."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ...errors import NothingThere
from ...model import Call, Direction
from ..base import PLACED_AFTER, PLACED_BEFORE, Trace
from .api import PAGE_SIZE
from .webhooks import VonageWebhooks


class VonageTraces(VonageWebhooks):
    """The calls of one Vonage application, as it lists them."""

    def traces(self, call: Call) -> list[Trace]:
        """Look at the call by its uuid, else for outbound calls between its numbers.

        One request, and with the uuid one for each region that does not know it. The records do
        not show the URL that a call was given, and so not our id of it.
        """
        if call.call_sid:
            found = self._by_uuid(call)
            return [self._trace(call, found, True)] if found else []
        return [self._trace(call, it, False) for it in self._alike(call)]

    def _by_uuid(self, call: Call) -> dict[str, Any] | None:
        for host in (None, *self._other_voice_hosts):
            try:
                what = f"show call {call.call_sid}"
                found: dict[str, Any] = self._call_api(what, "GET", f"/{call.call_sid}", host=host)
            except NothingThere:
                continue
            return found
        return None

    def _alike(self, call: Call) -> list[dict[str, Any]]:
        """Return the calls that may be this one, oldest first."""
        query = {
            "date_start": _moment(call, -PLACED_BEFORE),
            "date_end": _moment(call, PLACED_AFTER),
            "order": "asc",
            "page_size": str(PAGE_SIZE),
        }
        found: list[dict[str, Any]] = []
        index = 0
        while True:
            page = self._call_api(
                f"list the calls to {call.customer_number}",
                "GET",
                fields=query | {"record_index": str(index)},
            )
            listed = (page.get("_embedded") or {}).get("calls") or []
            found += [it for it in listed if _is_alike(call, it)]
            index += len(listed)
            if not listed or index >= int(page.get("count") or 0):
                return found

    def _trace(self, call: Call, found: dict[str, Any], is_certain: bool) -> Trace:
        sid, word = str(found.get("uuid") or ""), str(found.get("status") or "")
        said = found | {"to": _number(found.get("to")), "from": _number(found.get("from"))}
        event = self._call_event(said, word, sid, call.id)
        # Not the name that the webhook has: that one may come yet, and say more.
        return Trace(sid, (replace(event, id=f"{event.id}:record"),), is_certain)


def _is_alike(call: Call, found: dict[str, Any]) -> bool:
    numbers = (_number(found.get("from")), _number(found.get("to")))
    wanted = (call.phone_number.removeprefix("+"), call.customer_number.removeprefix("+"))
    return numbers == wanted and found.get("direction") == Direction.OUTBOUND.value


def _number(endpoint: object) -> str:
    # An endpoint here, where webhooks have the bare number.
    if isinstance(endpoint, dict):
        return str(endpoint.get("number") or endpoint.get("uri") or "")
    return str(endpoint or "")


def _moment(call: Call, offset: timedelta) -> str:
    return (call.asked_at + offset).strftime("%Y-%m-%dT%H:%M:%SZ")
