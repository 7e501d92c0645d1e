"""Rows of conversation flows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from .. import items
from ..items import Item
from ..model import Assistant, ConversationFlow
from .assistants import assistant_item, assistant_key
from .copies import Copies
from .pages import Pages, Slice
from .table import FRESH, delete, key, put, update

_KIND = "FLOW"
_UNCHANGED = "version = :seen"


class Flows(Copies, Pages):
    """An organization's conversation graphs."""

    def flow(self, organization_id: int, flow_id: int) -> ConversationFlow | None:
        """Return a flow of this organization, unless it is being deleted."""
        found = self.dying_flow(organization_id, flow_id)
        return None if found is None or found.deleted_at else found

    def dying_flow(self, organization_id: int, flow_id: int) -> ConversationFlow | None:
        """Return a flow of this organization, also while it is being deleted."""
        item = self.get_item(flow_key(organization_id, flow_id))
        return items.conversation_flow(item) if item else None

    def flows(self, organization_id: int) -> Iterator[ConversationFlow]:
        """Yield an organization's flows. A request for each MB that is really read."""
        return map(items.conversation_flow, self.all_of(organization_id, _KIND))

    def flows_page(self, organization_id: int, wanted: Slice) -> list[ConversationFlow]:
        """Return some of an organization's flows, oldest first; see `page` for its costs."""
        return [items.conversation_flow(item) for item in self.page(organization_id, _KIND, wanted)]

    def add_flow(self, flow: ConversationFlow, base: Assistant | None = None) -> ConversationFlow:
        """Write a new flow and put it on its base's record, or write its base with it.

        Raises Taken when there is no such base (place 1).
        """
        saved = replace(flow, version=1)
        paired = base and replace(base, version=1, flow_ids=frozenset({flow.id}))
        self.transact(
            put(_flow_item(saved), FRESH),
            put(assistant_item(paired), FRESH) if paired else _based_on(saved),
            *self.audit(saved.organization_id, "flow.created", saved.id, name=saved.name),
            *(
                self.audit(paired.organization_id, "assistant.created", paired.id, name=paired.name)
                if paired
                else ()
            ),
        )
        return saved

    def put_flow(self, flow: ConversationFlow, **details: Any) -> ConversationFlow:
        """Write a flow over the version it was made from; its base has it on record.

        Raises Taken when it was changed meanwhile (place 0), or when there is no such base
        assistant (place 1). Its numbers have not followed yet: see `follow`.
        """
        saved = replace(flow, version=flow.version + 1)
        self.transact(
            put(_flow_item(saved), _UNCHANGED, {":seen": flow.version}),
            _based_on(saved),
            *self.audit(saved.organization_id, "flow.updated", saved.id, **details),
        )
        return saved

    def follow(self, flow: ConversationFlow) -> None:
        """Let a flow's numbers follow it, and take it from the record of its earlier bases.

        Running it again finishes what an earlier run began.
        """
        numbers = self.renew_tags(flow)
        if not flow.leaving:
            return
        self._move_all(flow, numbers)
        # One transaction: a flow is on an assistant's record exactly while it may hold numbers
        # of it. Whoever changed the flow meanwhile knows of the same earlier bases.
        self.only_if(
            update(
                flow_key(flow.organization_id, flow.id),
                "REMOVE leaving",
                {":seen": flow.version},
                condition=_UNCHANGED,
            ),
            *(_left(flow, earlier) for earlier in flow.leaving),
        )

    def _move_all(self, flow: ConversationFlow, numbers: list[Item]) -> None:
        copied = None
        base = self._base_of(flow)
        # An assistant that is changed meanwhile does not see the numbers that are on their way.
        while base and base.version != copied:
            self.move(flow, base, numbers)
            self.renew(base, numbers)
            copied, base = base.version, self._base_of(flow)

    def _base_of(self, flow: ConversationFlow) -> Assistant | None:
        item = self.get_item(assistant_key(flow.organization_id, flow.base_assistant_id))
        return items.assistant(item) if item else None

    def condemn_flow(self, flow: ConversationFlow, now: datetime) -> ConversationFlow:
        """Begin to delete a flow: nothing is bound to it any more, and it is not found.

        Raises Taken when it was changed meanwhile.
        """
        condemned = replace(flow, version=flow.version + 1, deleted_at=now)
        self.transact(
            put(_flow_item(condemned), _UNCHANGED, {":seen": flow.version}),
            *self.audit(flow.organization_id, "flow.deleted", flow.id, name=flow.name),
        )
        return condemned

    def bury_flow(self, flow: ConversationFlow) -> None:
        """Take a condemned flow from its numbers, from its bases' records, and from the table.

        Running it again finishes what an earlier run began.
        """
        self.unbind_all(flow)
        self.only_if(
            delete(flow_key(flow.organization_id, flow.id), _UNCHANGED, {":seen": flow.version}),
            *(_left(flow, base) for base in (flow.base_assistant_id, *flow.leaving)),
        )


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


def _left(flow: ConversationFlow, assistant_id: int) -> Item:
    return update(
        assistant_key(flow.organization_id, assistant_id),
        "DELETE flow_ids :flow ADD version :one",
        {":flow": {flow.id}, ":one": 1},
        condition="attribute_exists(pk)",
    )


def _flow_item(flow: ConversationFlow) -> Item:
    return flow_key(flow.organization_id, flow.id) | items.fields_of(flow)
