"""Rows of assistants."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from .. import items
from ..items import Item
from ..model import Assistant
from .copies import Copies
from .pages import Pages, Slice
from .table import delete, key, put, update

_KIND = "ASSISTANT"


class Assistants(Copies, Pages):
    """What answers an organization's calls."""

    def put_assistant(
        self, assistant: Assistant, action: str = "assistant.updated", **details: Any
    ) -> Assistant:
        """Write an assistant over the version it was made from, and renew its numbers' copies.

        Version 0 is a new one. Raises Taken when it was changed meanwhile. When this dies
        between two numbers, the next write of the assistant finishes it.
        """
        saved = replace(assistant, version=assistant.version + 1)
        self.transact(
            put(assistant_item(saved), *_unchanged(assistant)),
            *self.audit(saved.organization_id, action, saved.id, **details),
        )
        self.renew_copies(saved)
        return saved

    def assistant(self, organization_id: int, assistant_id: int) -> Assistant | None:
        """Return an assistant of this organization, unless it is being deleted."""
        found = self.dying_assistant(organization_id, assistant_id)
        return None if found is None or found.deleted_at else found

    def assistants(self, organization_id: int) -> Iterator[Assistant]:
        """Yield an organization's assistants. A request for each MB that is really read."""
        return map(items.assistant, self.all_of(organization_id, _KIND))

    def assistants_page(self, organization_id: int, wanted: Slice) -> list[Assistant]:
        """Return some of an organization's assistants, oldest first; see `page` for its costs."""
        return [items.assistant(item) for item in self.page(organization_id, _KIND, wanted)]

    def count_assistants(self, organization_id: int, *, active_only: bool) -> int:
        """Count an organization's assistants. A request for each MB of them."""
        return self.count(organization_id, _KIND, active_only=active_only)

    def dying_assistant(self, organization_id: int, assistant_id: int) -> Assistant | None:
        """Return an assistant of this organization, also while it is being deleted."""
        item = self.get_item(assistant_key(organization_id, assistant_id))
        return items.assistant(item) if item else None

    def condemn_assistant(self, assistant: Assistant, now: datetime) -> Assistant:
        """Begin to delete an assistant: nothing is assigned to it any more, and it is not found.

        Raises Taken when it was changed meanwhile, or has become a flow's base.
        """
        condemned = replace(assistant, version=assistant.version + 1, deleted_at=now)
        unchanged, seen = _unchanged(assistant)
        self.transact(
            update(
                assistant_key(assistant.organization_id, assistant.id),
                "SET deleted_at = :now, version = :new",
                {":now": now.isoformat(), ":new": condemned.version} | seen,
                condition=f"attribute_exists(pk) AND attribute_not_exists(flow_ids) "
                f"AND {unchanged}",
            ),
            *self.audit(
                assistant.organization_id, "assistant.deleted", assistant.id, name=assistant.name
            ),
        )
        return condemned

    def bury_assistant(self, assistant: Assistant) -> None:
        """Take a condemned assistant from all its numbers, and then from the table.

        Running it again finishes what an earlier run began.
        """
        self.unassign_all(assistant)
        row = assistant_key(assistant.organization_id, assistant.id)
        self.each([delete(row, "attribute_exists(deleted_at)")])


def assistant_key(organization_id: int, assistant_id: int) -> Item:
    """Return the key of an assistant's row."""
    return key(f"ORG#{organization_id}", f"ASSISTANT#{assistant_id}")


def living(item: Item | None) -> Item | None:
    """Return the row of a thing that is not being deleted."""
    return None if item is None or "deleted_at" in item else item


def assistant_item(assistant: Assistant) -> Item:
    """Return an assistant's row."""
    return assistant_key(assistant.organization_id, assistant.id) | items.fields_of(assistant)


def _unchanged(assistant: Assistant) -> tuple[str, Item]:
    # Rows that were written before there were versions have none.
    if not assistant.version:
        return "attribute_not_exists(version)", {}
    return "version = :seen", {":seen": assistant.version}
