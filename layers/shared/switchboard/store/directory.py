"""Rows of organizations, their tokens and caller ids."""

from collections.abc import Iterator
from dataclasses import asdict

from .. import items
from ..items import Item
from ..model import CallerId, Organization, Token
from .table import Table, delete, key, listed, sortable, update


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
            )
        )

    def organization(self, organization_id: int) -> Organization | None:
        """Return an organization."""
        item = self.get_item(organization_key(organization_id))
        return items.organization(item) if item else None

    def put_token(self, token: Token) -> None:
        """Write a token, new or changed."""
        self.put_item(
            _token_key(token.hash)
            | listed(token.organization_id, "TOKEN", sortable(token.id))
            | items.fields_of(token)
        )

    def token(self, token_hash: str) -> Token | None:
        """Return the token with this SHA-256."""
        item = self.get_item(_token_key(token_hash))
        return items.token(item) if item else None

    def tokens(self, organization_id: int) -> list[Token]:
        """Return an organization's tokens, oldest first. A request for each page of 1 MB."""
        return [items.token(item) for item in self.indexed(f"ORG#{organization_id}#TOKEN")]

    def add_caller_id(self, organization_id: int, phone_number: str, carrier: str) -> None:
        """Let the organization show a number that the carrier has verified to be its own."""
        row = caller_id_key(organization_id, phone_number)
        self.put_item(row | {"phone_number": phone_number, "carrier": carrier})

    def caller_ids(self, organization_id: int) -> Iterator[CallerId]:
        """Yield an organization's caller ids. A request for each MB that is really read."""
        return map(items.caller_id, self.below(f"ORG#{organization_id}", "CALLERID#"))

    def remove_caller_id(self, organization_id: int, phone_number: str) -> None:
        """Take a caller id from an organization; raise Taken when it has no such one."""
        row = caller_id_key(organization_id, phone_number)
        self.transact(delete(row, "attribute_exists(pk)"))


def organization_key(organization_id: int) -> Item:
    """Return the key of an organization's row."""
    return key(f"ORG#{organization_id}", "ORG")


def caller_id_key(organization_id: int, phone_number: str) -> Item:
    """Return the key of a caller id's row."""
    return key(f"ORG#{organization_id}", f"CALLERID#{phone_number}")


def _token_key(token_hash: str) -> Item:
    return key(f"TOKEN#{token_hash}", "TOKEN")
