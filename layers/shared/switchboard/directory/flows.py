"""Flows: conversation graphs, each with a base assistant that gives it a voice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..app import App
from ..errors import FlowNotFound, InvalidSettings
from ..model import Assistant, ConversationFlow
from ..store import Slice, Taken
from . import assistants, graphs, organizations
from .lists import being_changed, cut, one_more
from .names import named
from .urls import stream_url

_NAME_LENGTH = 255
_WRITE_TRIES = 5


def create(app: App, organization_id: int, given: Mapping[str, Any]) -> ConversationFlow:
    """Make a flow, with an assistant of its own when no base is given.

    Raises InvalidRequest or AssistantNotFound, all before it is written.
    """
    now = app.clock()
    base_id = given.get("base_assistant_id")
    flow = ConversationFlow(
        id=app.new_id(),
        organization_id=organization_id,
        base_assistant_id=0,
        name=named(given["name"], _NAME_LENGTH),
        graph=graphs.checked(given.get("graph") or graphs.starter()),
        created_at=now,
        updated_at=now,
        is_active=given.get("is_active", True),
    )
    if base_id is not None:
        return _added(app, replace(flow, base_assistant_id=base_id))
    paired = _paired(app, flow)
    return app.store.add_flow(replace(flow, base_assistant_id=paired.id), paired)


def find(app: App, organization_id: int, flow_id: int) -> ConversationFlow:
    """Return an organization's flow; raise FlowNotFound if it is not its own."""
    found = app.store.flow(organization_id, flow_id)
    if found is None:
        raise not_found(flow_id)
    return found


def not_found(flow_id: int) -> FlowNotFound:
    """Return the error for a flow that the organization has not got."""
    return FlowNotFound(f"Flow with ID {flow_id} not found in your organization")


def page(
    app: App, organization_id: int, wanted: Slice
) -> tuple[list[ConversationFlow], int | None]:
    """Return some of an organization's flows, oldest first, and where the next ones begin."""
    return cut(app.store.flows_page(organization_id, one_more(wanted)), wanted)


def change(
    app: App, organization_id: int, flow_id: int, given: Mapping[str, Any]
) -> ConversationFlow:
    """Put what is given in place of what was; its numbers follow.

    Raises InvalidRequest, FlowNotFound, AssistantNotFound and Conflict.
    """
    for _ in range(_WRITE_TRIES):
        found = find(app, organization_id, flow_id)
        new = replace(_changed(found, given), updated_at=app.clock())
        try:
            # Written even when nothing changes: a run that died half way is finished by the next.
            saved = app.store.put_flow(new, fields=sorted(given))
        except Taken as taken:
            _check_base(taken, new)
            continue
        app.store.follow(saved)
        return find(app, organization_id, flow_id)
    raise being_changed("Flow", flow_id)


def delete(app: App, organization_id: int, flow_id: int) -> ConversationFlow:
    """Delete a flow: its numbers stay, with nobody who answers them.

    Deleting it again finishes what a run that died began. Raises FlowNotFound and Conflict.
    """
    for _ in range(_WRITE_TRIES):
        found = app.store.dying_flow(organization_id, flow_id)
        if found is None:
            raise not_found(flow_id)
        try:
            if found.deleted_at is None:
                found = app.store.condemn_flow(found, app.clock())
        except Taken:
            continue
        app.store.bury_flow(found)
        return found
    raise being_changed("Flow", flow_id)


def _added(app: App, flow: ConversationFlow) -> ConversationFlow:
    try:
        return app.store.add_flow(flow)
    except Taken as taken:
        _check_base(taken, flow)
        raise being_changed("Flow", flow.id) from taken


def _check_base(taken: Taken, flow: ConversationFlow) -> None:
    # The flow's row comes first, its base second.
    if 1 in taken.failed:
        raise assistants.not_found(flow.base_assistant_id) from taken


def _paired(app: App, flow: ConversationFlow) -> Assistant:
    default = organizations.find(app, flow.organization_id).settings.get("stream_url")
    if default is None:
        raise InvalidSettings(
            "A flow without a base_assistant_id gets an assistant of its own, which needs a "
            "stream_url: set the organization's settings.stream_url, or make an assistant first "
            "and send its id as base_assistant_id."
        )
    return Assistant(
        id=app.new_id(),
        organization_id=flow.organization_id,
        name=named(flow.name[:100]),
        stream_url=stream_url(default),
        created_at=flow.created_at,
        updated_at=flow.created_at,
        is_active=True,
    )


def _changed(flow: ConversationFlow, given: Mapping[str, Any]) -> ConversationFlow:
    values: dict[str, Any] = {}
    if "name" in given:
        values["name"] = named(given["name"], _NAME_LENGTH)
    if given.get("graph") is not None:
        values["graph"] = graphs.checked(given["graph"])
    if "is_active" in given:
        values["is_active"] = given["is_active"]
    base = given.get("base_assistant_id") or flow.base_assistant_id
    leaving = (flow.leaving | {flow.base_assistant_id}) - {base}
    return replace(flow, base_assistant_id=base, leaving=frozenset(leaving), **values)
