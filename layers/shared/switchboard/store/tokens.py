"""Rows of API tokens, found by their hash; the index lists an organization's."""

from datetime import datetime

from .. import items
from ..items import Item
from ..model import Token
from .table import FRESH, Table, key, listed, put, serialized, sortable, update


class Tokens(Table):
    """The API's keys."""

    def add_token(self, token: Token) -> None:
        """Write a new token."""
        item = (
            _token_key(token.hash)
            | listed(token.organization_id, "TOKEN", sortable(token.id))
            | items.fields_of(token)
        )
        self.transact(put(item, FRESH), *self._on_record(token, "key.created"))

    def token(self, token_hash: str) -> Token | None:
        """Return the token with this SHA-256."""
        item = self.get_item(_token_key(token_hash))
        return items.token(item) if item else None

    def token_by_id(self, organization_id: int, token_id: int) -> Token | None:
        """Return an organization's token: one request to find it, one to read how it stands."""
        condition = "gsi1pk = :pk AND gsi1sk = :id"
        values = {":pk": _partition(organization_id), ":id": sortable(token_id)}
        found = next(self.rows(_listing(condition, values)), None)
        return self.token(found["hash"]) if found else None

    def tokens(self, organization_id: int) -> list[Token]:
        """Return an organization's tokens, oldest first. A request for each page of 1 MB."""
        return [items.token(item) for item in self.indexed(_partition(organization_id))]

    def tokens_page(self, organization_id: int, after: int, most: int) -> list[Token]:
        """Return those of them that come after an id. One request."""
        condition = "gsi1pk = :pk AND gsi1sk > :after"
        values = {":pk": _partition(organization_id), ":after": sortable(after)}
        return [items.token(item) for item in self.rows(_listing(condition, values), most)]

    def change_token(self, seen: Token, token: Token, action: str) -> None:
        """Write what may change of a token over the version that was read; raise Taken."""
        values = items.plain(
            {
                ":name": token.name,
                ":scopes": token.scopes,
                ":revoked_at": token.revoked_at,
                ":updated_at": token.updated_at,
                ":version": seen.version + 1,
                ":seen": seen.version or None,
            }
        )
        # The rest is not ours to write: the door counts how often the token is used.
        fields = ("name", "scopes", "revoked_at", "updated_at", "version")
        changed = [field for field in fields if f":{field}" in values]
        write = update(
            _token_key(seen.hash),
            "SET " + ", ".join(f"#{field} = :{field}" for field in changed),
            values,
            # Tokens from before there were versions have none.
            condition="#version = :seen" if seen.version else "attribute_not_exists(#version)",
            names={f"#{field}": field for field in changed},
        )
        self.transact(write, *self._on_record(token, action))

    def count_use(self, token: Token, times: int, at: datetime) -> None:
        """Add to how often a token was used."""
        used = update(
            _token_key(token.hash),
            "SET last_used_at = :at ADD usage_count :times",
            {":at": at.isoformat(), ":times": times},
            condition="attribute_exists(pk)",
        )
        self.update_item(used)

    def count_requests(self, token: Token, minute: int, times: int) -> int:
        """Add to how many requests came with a token in a minute, and return how many that are."""
        # Not in the token's own row: the index would be written each time, too.
        counted = update(
            key(f"RATE#{token.id}", str(minute)),
            "ADD requests :times SET #ttl = :ttl",
            {":times": times, ":ttl": (minute + 2) * 60},
            names={"#ttl": "ttl"},
        )
        return int(self.updated(counted)["requests"])

    def _on_record(self, token: Token, action: str) -> list[Item]:
        details = {"name": token.name, "scopes": list(token.scopes)}
        return self.audit(token.organization_id, action, token.id, **details)


def _partition(organization_id: int) -> str:
    return f"ORG#{organization_id}#TOKEN"


def _token_key(token_hash: str) -> Item:
    return key(f"TOKEN#{token_hash}", "TOKEN")


def _listing(condition: str, values: Item) -> Item:
    return {
        "IndexName": "GSI1",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": serialized(values),
    }
