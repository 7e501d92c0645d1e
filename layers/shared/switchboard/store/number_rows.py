"""What a number's row looks like, and how it changes: the only place that builds one."""

from dataclasses import field, replace
from typing import Any

from .. import items
from ..items import Item
from ..model import Number
from ..records import dataclass
from .table import delete, key, listed, update

_INDEX = ("gsi2pk", "gsi2sk")


@dataclass(frozen=True)
class NumberChange:
    """A number as it was read and as it shall be, and what that is called on record."""

    before: Number
    after: Number
    action: str | None = None
    """number.assigned, number.unassigned, number.updated; None for a step on the way."""
    details: dict[str, Any] = field(default_factory=dict)


def number_key(phone_number: str) -> Item:
    """Return the key of a number's row."""
    return key(f"NUMBER#{phone_number}", "NUMBER")


def number_item(number: Number) -> Item:
    """Return a number's row."""
    return (
        number_key(number.phone_number)
        | listed(number.organization_id, "NUMBER", number.phone_number)
        | {"gsi2pk": _held_by(number), "gsi2sk": number.phone_number}
        | items.fields_of(number)
    )


def changed(before: Number, after: Number) -> Item:
    """Return the write that turns the number that was read into another.

    Only what differs is written: the assistant's copy may have been renewed meanwhile. The
    condition is that nothing else has changed.
    """
    old = number_item(before)
    new = number_item(replace(after, version=before.version + 1))
    values = {name: new[name] for name in new if new[name] != old.get(name) or name in _INDEX}
    gone = sorted(old.keys() - new.keys())
    sets = ", ".join(f"#{name} = :{name}" for name in values)
    removes = ", ".join(f"#{name}" for name in gone)
    return update(
        number_key(before.phone_number),
        f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
        {f":{name}": value for name, value in values.items()} | _seen(before),
        condition=_unchanged(before),
        names={f"#{name}": name for name in (*values, *gone)} | {"#seen": "version"},
    )


def removed(number: Number) -> Item:
    """Return the write that removes a number's row as it was read."""
    return delete(
        number_key(number.phone_number), _unchanged(number), _seen(number), {"#seen": "version"}
    )


def answered_by(assistant_id: int) -> str:
    """Return the index's partition of the numbers that an assistant answers."""
    return f"ASSISTANT#{assistant_id}"


def free_of(organization_id: int) -> str:
    """Return the index's partition of the numbers that nobody answers."""
    return f"ORG#{organization_id}#FREE"


def _held_by(number: Number) -> str:
    # Every number is under one of the two, so that neither list has to pass over the other's.
    if number.assistant:
        return answered_by(number.assistant.id)
    return free_of(number.organization_id)


def _unchanged(number: Number) -> str:
    # Rows from before there were versions have none.
    version = "#seen = :seen" if number.version else "attribute_not_exists(#seen)"
    return f"organization_id = :organization_seen AND {version}"


def _seen(number: Number) -> Item:
    seen = {":organization_seen": number.organization_id}
    return seen | {":seen": number.version} if number.version else seen
