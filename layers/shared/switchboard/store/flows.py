"""Rows of conversation flows."""

from collections.abc import Iterator
from dataclasses import replace

from .. import items
from ..items import Item
from ..model import ConversationFlow
from .assistants import assistant_key, living
from .copies import Copies
from .table import FRESH, key, put, update


class Flows(Copies):
    """An organization's conversation graphs."""

    def flow(self, organization_id: int, flow_id: int) -> ConversationFlow | None:
        """Return a flow of this organization, unless it is being deleted."""
        item = living(self.get_item(flow_key(organization_id, flow_id)))
        return items.conversation_flow(item) if item else None

    def flows(self, organization_id: int) -> Iterator[ConversationFlow]:
        """Yield an organization's flows, oldest first. A request for each MB that is read."""
        found = map(items.conversation_flow, self.below(f"ORG#{organization_id}", "FLOW#"))
        return (flow for flow in found if not flow.deleted_at)

    def put_flow(
        self, flow: ConversationFlow, action: str = "flow.updated", **details: object
    ) -> ConversationFlow:
        """Write a flow over the version it was made from, and put it on its base's record.

        Version 0 is a new one. Raises Taken when it was changed meanwhile (place 0), or when
        there is no such base assistant any more (place 1).
        """
        saved = replace(flow, version=flow.version + 1)
        seen = {":seen": flow.version} if flow.version else None
        item = flow_key(saved.organization_id, saved.id) | items.fields_of(saved)
        self.transact(
            put(item, "version = :seen" if seen else FRESH, seen),
            _based_on(saved),
            *self.audit(saved.organization_id, action, saved.id, **details),
        )
        return saved


def flow_key(organization_id: int, flow_id: int) -> Item:
    """Return the key of a flow's row."""
    return key(f"ORG#{organization_id}", f"FLOW#{flow_id}")


def _based_on(flow: ConversationFlow) -> Item:
    # Counts as a change, so that whoever changes or deletes the assistant just now notices.
    return update(
        assistant_key(flow.organization_id, flow.base_assistant_id),
        "ADD flow_ids :flow, version :one",
        {":flow": {flow.id}, ":one": 1},
        condition="attribute_exists(pk) AND attribute_not_exists(deleted_at)",
    )
