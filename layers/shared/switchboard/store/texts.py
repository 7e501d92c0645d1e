"""Rows of text messages that are sent, their keys, and the pace of each number."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from .. import items
from ..announcements import text_ended
from ..items import Item
from ..model import Consent, Number, Organization, Text, TextStatus
from ..records import dataclass
from .directory import organization_key
from .messages import consent_item, consent_key
from .number_rows import number_key
from .outbox import due_in, moment, outbox
from .table import FRESH, Table, key, listed, put, serialized, update

_SAME = "version = :seen"
_DUE_PARTITIONS = 4
# What the API's statistics count; the rest is done.
_COUNTED = {
    TextStatus.QUEUED: "PENDING",
    TextStatus.SENDING: "ACTIVE",
    TextStatus.UNKNOWN: "ACTIVE",
    TextStatus.UNDELIVERED: "FAILED",
    TextStatus.FAILED: "FAILED",
}


@dataclass(frozen=True)
class TextContext:
    """What sending a message needs to know, as one request brought it."""

    organization: Organization | None
    number: Number | None
    """Whoever's it is."""
    consent: Consent | None
    free_at: datetime | None
    """When the number has sent all that was asked of it; None if nothing ever was."""
    asked: Item | None
    """The pointer to the message that was sent with the same Idempotency-Key."""


class Texts(Table):
    """Messages that customers send."""

    def text_context(
        self, organization_id: int, from_: str, to: str, idempotency_key: str | None
    ) -> TextContext:
        """Read all that sending a message depends on, and whether it was asked for before."""
        keys = {
            "organization": organization_key(organization_id),
            "number": number_key(from_),
            "consent": consent_key(organization_id, from_, to),
            "pace": _pace_key(organization_id, from_),
        }
        if idempotency_key is not None:
            keys["asked"] = _asked_key(organization_id, idempotency_key)
        found = self.get_items(list(keys.values()))
        at = {name: found.get((row["pk"], row["sk"])) for name, row in keys.items()}
        return TextContext(
            organization=items.organization(at["organization"]) if at["organization"] else None,
            number=items.number(at["number"]) if at["number"] else None,
            consent=items.consent(at["consent"]) if at["consent"] else None,
            free_at=_free_at(at["pace"]),
            asked=at.get("asked"),
        )

    def add_text(
        self,
        text: Text,
        idempotency_key: str | None,
        fingerprint: str,
        free_at: datetime | None,
        free_after: datetime,
    ) -> None:
        """Write a message that shall be sent, its Idempotency-Key, and the time that it takes up.

        Raises Taken with the places of the conditions that failed: 0 the message's id, 1 the
        key, 2 that the number was free at `free_at`.
        """
        asked = _asked_key(text.organization_id, idempotency_key or text.id)
        self.transact(
            put(_text_item(text), FRESH),
            put(asked | {"text_id": text.id, "fingerprint": fingerprint}, FRESH),
            _take_time(text, free_at, free_after),
            *self.audit(text.organization_id, "message.requested", text.id, **_told(text)),
        )

    def free_at(self, organization_id: int, phone_number: str) -> datetime | None:
        """Return when a number has sent all that was asked of it."""
        return _free_at(self.get_item(_pace_key(organization_id, phone_number)))

    def text(self, text_id: str) -> Text | None:
        """Return a message that was to be sent, whoever's it is."""
        item = self.get_item(_text_key(text_id))
        return items.text(item) if item else None

    def text_by_sid(self, organization_id: int, message_sid: str) -> Text | None:
        """Return an organization's message by its carrier's id: two requests."""
        pointer = self.get_item(_sid_key(organization_id, message_sid))
        return self.text(str(pointer["text_id"])) if pointer else None

    def save_text(self, before: Text, text: Text, consent: Consent | None = None) -> Text:
        """Write a changed message over the version it was made from; raise Taken.

        With the pointer from the carrier's id when that is new, and the event of its end.
        """
        saved = replace(text, version=before.version + 1, updated_at=self._clock())
        writes = [put(_text_item(saved), _SAME, {":seen": before.version})]
        if saved.message_sid and not before.message_sid:
            pointer = _sid_key(saved.organization_id, saved.message_sid)
            writes.append(put(pointer | {"text_id": saved.id}))
        if saved.status.is_final and not before.status.is_final:
            writes += outbox([text_ended(saved, self._clock())])
        if consent:
            writes.append(put(consent_item(consent)))
        self.transact(*writes)
        return saved

    def overdue_texts(self, until: datetime, most: int) -> Iterator[Text]:
        """Yield messages that should have been sent, or settled, by `until`."""
        for number in range(_DUE_PARTITIONS):
            yield from map(items.text, self.rows(due_in(f"TEXTDUE#{number}", until), most))

    def wake_text(self, text: Text, now: datetime, again: datetime) -> None:
        """Have the stream bring a message to the queue now; raise Taken when it has changed.

        It is listed as due `again`, so that it is not found at once a second time.
        """
        self.update_item(
            update(
                _text_key(text.id),
                "SET gsi2sk = :again, wake = :now",
                {":again": moment(again), ":now": moment(now), ":seen": text.version},
                condition=_SAME,
            )
        )

    def count_texts(self, organization_id: int, carrier: str, since: datetime) -> dict[str, int]:
        """Count a carrier's messages: pending, active, and those that failed since a moment.

        A request for each of the three, and for each MB of rows.
        """
        beginnings = {"pending": "0", "active": "0", "failed": moment(since)}
        return {
            name: self._counted(f"ORG#{organization_id}#TEXT#{name.upper()}", carrier, after)
            for name, after in beginnings.items()
        }

    def _counted(self, partition: str, carrier: str, after: str) -> int:
        request: Item = {
            "IndexName": "GSI1",
            "KeyConditionExpression": "gsi1pk = :pk AND gsi1sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": serialized(
                {":pk": partition, ":first": f"{carrier}#{after}", ":last": f"{carrier}#~"}
            ),
            "Select": "COUNT",
        }
        return sum(int(page["Count"]) for page in self.pages(request))


def _text_key(text_id: str) -> Item:
    return key(f"TEXT#{text_id}", "TEXT")


def _text_item(text: Text) -> Item:
    kind = f"TEXT#{_COUNTED.get(text.status, 'DONE')}"
    at = listed(text.organization_id, kind, f"{text.carrier}#{moment(text.created_at)}")
    row = _text_key(text.id) | at | items.fields_of(text)
    if text.due is None:
        return row
    partition = sha256(text.id.encode()).digest()[0] % _DUE_PARTITIONS
    row |= {"gsi2pk": f"TEXTDUE#{partition}", "gsi2sk": moment(text.due)}
    return row | {"wake": moment(text.due)} if text.status is TextStatus.QUEUED else row


def _sid_key(organization_id: int, message_sid: str) -> Item:
    return key(f"TEXTSID#{organization_id}#{message_sid}", "SID")


def _asked_key(organization_id: int, idempotency_key: str) -> Item:
    return key(f"TEXTKEY#{organization_id}#{idempotency_key}", "TEXTKEY")


def _pace_key(organization_id: int, phone_number: str) -> Item:
    return key(f"PACE#{organization_id}#{phone_number}", "PACE")


def _free_at(item: Mapping[str, str] | None) -> datetime | None:
    return datetime.fromisoformat(item["free_at"]) if item else None


def _take_time(text: Text, free_at: datetime | None, free_after: datetime) -> Item:
    values = {":after": moment(free_after)}
    condition = "attribute_not_exists(free_at)"
    if free_at is not None:
        condition = "free_at = :seen"
        values[":seen"] = moment(free_at)
    row = _pace_key(text.organization_id, text.from_)
    return update(row, "SET free_at = :after", values, condition=condition)


def _told(text: Text) -> dict[str, object]:
    # Neither to whom nor what: the message's row says that, and can be made to forget it.
    return {"from": text.from_, "segments": text.segments}
