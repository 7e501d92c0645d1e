"""Rows of organizations and their caller ids."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from .. import items
from ..items import Item
from ..model import CallerId, Organization
from .table import Table, Taken, delete, key, put, sortable, update


class Directory(Table):
    """Who uses Switchboard."""

    def add_organization(self, organization: Organization) -> None:
        """Write a new organization."""
        among_all = {"gsi1pk": "ORG", "gsi1sk": sortable(organization.id)}
        self.put_item(organization_key(organization.id) | among_all | items.fields_of(organization))

    def organizations(self) -> Iterator[Organization]:
        """Yield every organization, oldest first. A request for each MB that is really read."""
        return map(items.organization, self.indexed("ORG"))

    def change_organization(self, before: Organization, after: Organization) -> Organization:
        """Write what has become different in an organization, and return it as it is now.

        Raises Taken when it was changed meanwhile.
        """
        changes = _differences(before, after)
        self.transact(
            _set_all(before, changes | {"updated_at": items.plain(after.updated_at)}),
            # Of its settings only that they changed: customers keep in them what they like.
            *self.audit(
                before.id,
                "organization.updated",
                before.id,
                fields=list(changes),
                **{name: it for name, it in changes.items() if name in ("name", "limits")},
            ),
        )
        return replace(after, version=before.version + 1)

    def show_connected(self, before: Organization, carrier: str, hints: dict[str, str]) -> None:
        """Write what may be shown of a carrier's new credentials; raise Taken.

        The secret itself is no row of the table: this puts its change on record.
        """
        shown = before.credentials | {carrier: hints}
        self.transact(
            _set_all(before, {"credentials": shown}),
            *self.audit(before.id, "carrier.connected", carrier),
        )

    def organization(self, organization_id: int) -> Organization | None:
        """Return an organization."""
        item = self.get_item(organization_key(organization_id))
        return items.organization(item) if item else None

    def add_caller_id(self, organization_id: int, phone_number: str, carrier: str) -> None:
        """Let the organization show a number that the carrier has verified to be its own."""
        row = caller_id_key(organization_id, phone_number)
        item = row | {"phone_number": phone_number, "carrier": carrier}
        # The same again changes nothing, and so is not on record again.
        with suppress(Taken):
            self.transact(
                put(item, "attribute_not_exists(pk) OR carrier <> :carrier", {":carrier": carrier}),
                *self.audit(organization_id, "caller_id.added", phone_number, carrier=carrier),
            )

    def caller_ids(self, organization_id: int) -> Iterator[CallerId]:
        """Yield an organization's caller ids. A request for each MB that is really read."""
        return map(items.caller_id, self.below(f"ORG#{organization_id}", "CALLERID#"))

    def remove_caller_id(self, organization_id: int, phone_number: str) -> None:
        """Take a caller id from an organization; raise Taken when it has no such one."""
        row = caller_id_key(organization_id, phone_number)
        self.transact(
            delete(row, "attribute_exists(pk)"),
            *self.audit(organization_id, "caller_id.removed", phone_number),
        )


def organization_key(organization_id: int) -> Item:
    """Return the key of an organization's row."""
    return key(f"ORG#{organization_id}", "ORG")


def caller_id_key(organization_id: int, phone_number: str) -> Item:
    """Return the key of a caller id's row."""
    return key(f"ORG#{organization_id}", f"CALLERID#{phone_number}")


# What only our own writes count, or what no change may touch.
_FIXED = ("id", "created_at", "updated_at", "version")


def _differences(before: Organization, after: Organization) -> Item:
    old, new = items.fields_of(before), items.fields_of(after)
    names = (old.keys() | new.keys()) - set(_FIXED)
    return {name: new.get(name) for name in sorted(names) if new.get(name) != old.get(name)}


def _set_all(before: Organization, changes: Item) -> Item:
    kept = {name: it for name, it in changes.items() if it is not None}
    gone = [f"#{name}" for name in changes if name not in kept]
    sets = ", ".join(f"#{name} = :{name}" for name in kept)
    return update(
        organization_key(before.id),
        f"SET {sets}" + (f" REMOVE {', '.join(gone)}" if gone else "") + " ADD version :one",
        {f":{name}": it for name, it in kept.items()} | {":one": 1, ":seen": before.version},
        condition=f"attribute_exists(pk) AND {_unchanged(before)}",
        names={f"#{name}": name for name in changes},
    )


def _unchanged(before: Organization) -> str:
    # Rows that were written before there were versions have none.
    unversioned = "attribute_not_exists(version) OR version = :seen"
    return "version = :seen" if before.version else f"({unversioned})"
