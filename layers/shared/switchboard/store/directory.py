"""Rows of organizations and their caller ids."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict

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

    def set_limits(self, organization: Organization) -> None:
        """Write an organization's limits; raise Taken when there is no such organization."""
        self.transact(
            update(
                organization_key(organization.id),
                "SET limits = :limits",
                {":limits": items.plain(asdict(organization.limits))},
                condition="attribute_exists(pk)",
            ),
            *self.audit(
                organization.id,
                "organization.updated",
                organization.id,
                limits=items.plain(asdict(organization.limits)),
            ),
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
