"""What placing a call reads and writes: one request each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import items
from ..announcements import announced
from ..items import Item
from ..model import Assistant, Call, Number, Organization
from .assistants import assistant_key, living
from .calls import call_item
from .directory import caller_id_key, organization_key
from .limits import Place, Quota, spend, take_place
from .number_rows import number_key
from .outbox import outbox
from .table import FRESH, Table, key, put
from .totals import tally


@dataclass(frozen=True)
class DialContext:
    """What placing a call needs to know, as one request brought it."""

    organization: Organization | None
    number: Number | None
    """Only if it is the organization's own."""
    caller_id_carrier: str | None
    """The carrier that has verified the number as a caller id of the organization."""
    assistant: Assistant | None
    asked: Item | None
    """The pointer to the call that was placed with the same Idempotency-Key."""


class Dialing(Table):
    """Calls that are about to be placed."""

    def dial_context(
        self,
        organization_id: int,
        phone_number: str,
        assistant_id: int | None,
        idempotency_key: str | None = None,
    ) -> DialContext:
        """Read all that placing a call depends on, and whether it was asked for before."""
        keys = {
            "organization": organization_key(organization_id),
            "number": number_key(phone_number),
            "caller_id": caller_id_key(organization_id, phone_number),
        }
        if assistant_id is not None:
            keys["assistant"] = assistant_key(organization_id, assistant_id)
        if idempotency_key is not None:
            keys["asked"] = _dial_key(organization_id, idempotency_key)
        found = self.get_items(list(keys.values()))
        at = {name: found.get((row["pk"], row["sk"])) for name, row in keys.items()}
        number = _read(items.number, at["number"])
        return DialContext(
            organization=_read(items.organization, at["organization"]),
            # Somebody else's number may still be a verified caller id of ours, and no more.
            number=number if number and number.organization_id == organization_id else None,
            caller_id_carrier=_read(lambda item: str(item["carrier"]), at["caller_id"]),
            assistant=_read(items.assistant, living(at.get("assistant"))),
            asked=at.get("asked"),
        )

    def reserve_call(
        self,
        call: Call,
        idempotency_key: str | None,
        fingerprint: str,
        places: Sequence[Place],
        quotas: Sequence[Quota],
    ) -> None:
        """Write a call that shall be dialled, its Idempotency-Key, and what it takes up.

        Raises Taken with the places of the conditions that failed: 0 the call's id, 1 the key,
        then `places`, then `quotas`.
        """
        # Without a key of its own the call is its own key: nothing else can have it.
        asked = _dial_key(call.organization_id, idempotency_key or str(call.id))
        call, told = announced(None, call, self._clock())
        self.transact(
            put(call_item(call), FRESH),
            put(asked | {"call_id": call.id, "fingerprint": fingerprint}, FRESH),
            *map(take_place, places),
            *map(spend, quotas),
            tally(call),
            *self.audit(call.organization_id, "call.initiated", call.id, **_told(call)),
            *outbox(told),
        )


def _told(call: Call) -> dict[str, object]:
    # Not whom it calls: the call's row says that, and can be made to forget it.
    return {"from": call.phone_number, "assistant_id": call.assistant_id}


def _dial_key(organization_id: int, idempotency_key: str) -> Item:
    return key(f"DIAL#{organization_id}#{idempotency_key}", "DIAL")


def _read[T](read: Callable[[Item], T], item: Item | None) -> T | None:
    return None if item is None else read(item)
