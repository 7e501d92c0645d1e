"""Rows of assistants."""

from collections.abc import Iterator
from dataclasses import replace

from .. import items
from ..items import Item
from ..model import Assistant
from .copies import Copies
from .table import key, put

# Rows that were written before versions were have none.
UNCHANGED = "version = :seen"
_UNWRITTEN = "attribute_not_exists(version)"


class Assistants(Copies):
    """What answers an organization's calls."""

    def put_assistant(
        self, assistant: Assistant, action: str = "assistant.updated", **details: object
    ) -> Assistant:
        """Write an assistant over the version it was made from, and renew its numbers' copies.

        Version 0 is a new one. Raises Taken when it was changed meanwhile. When this dies
        between two numbers, the next write of the assistant finishes it.
        """
        saved = replace(assistant, version=assistant.version + 1)
        seen = {":seen": assistant.version} if assistant.version else None
        self.transact(
            put(assistant_item(saved), UNCHANGED if seen else _UNWRITTEN, seen),
            *self.audit(saved.organization_id, action, saved.id, **details),
        )
        self.renew_copies(saved)
        return saved

    def assistant(self, organization_id: int, assistant_id: int) -> Assistant | None:
        """Return an assistant of this organization, unless it is being deleted."""
        item = living(self.get_item(assistant_key(organization_id, assistant_id)))
        return items.assistant(item) if item else None

    def assistants(self, organization_id: int) -> Iterator[Assistant]:
        """Yield an organization's assistants. A request for each MB that is really read."""
        found = map(items.assistant, self.below(f"ORG#{organization_id}", "ASSISTANT#"))
        return (assistant for assistant in found if not assistant.deleted_at)


def assistant_key(organization_id: int, assistant_id: int) -> Item:
    """Return the key of an assistant's row."""
    return key(f"ORG#{organization_id}", f"ASSISTANT#{assistant_id}")


def living(item: Item | None) -> Item | None:
    """Return the row of a thing that is not being deleted."""
    return None if item is None or "deleted_at" in item else item


def assistant_item(assistant: Assistant) -> Item:
    """Return an assistant's row."""
    return assistant_key(assistant.organization_id, assistant.id) | items.fields_of(assistant)
