"""Who answers a number: giving it to an assistant or a flow, and taking it away. Decision 16."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ..app import App
from ..errors import (
    AssistantNotFound,
    Conflict,
    FlowNotFound,
    InvalidRequest,
    NumberAssigned,
    NumberNotFound,
)
from ..model import Assistant, ConversationFlow, Number, NumberStatus, parse_e164
from ..store import NumberChange, Taken
from . import holding, importing
from .listing import check_assistant
from .pointing import check_settled, pointed_here

# A number that two requests change at once is read again and changed again, this often at most.
_WRITE_TRIES = 6


@dataclass(frozen=True)
class Holder:
    """Who shall answer a number: an assistant, or a flow with its base assistant."""

    assistant: Assistant
    flow: ConversationFlow | None = None


def assign(
    app: App, organization_id: int, assistant_id: int, number_id: int
) -> tuple[Number, Assistant]:
    """Give a number to an assistant; one that it has already stays as it is.

    Raises AssistantNotFound, NumberNotFound, NumberAssigned, NumberNotReady, Conflict and,
    where the number must be pointed at us first, CarrierError. Nothing has changed then.
    """

    def attempt() -> tuple[Number, Assistant]:
        holder = Holder(check_assistant(app, organization_id, assistant_id))
        number = holding.by_id(app, organization_id, number_id)
        check_free_for(number, holder)
        return give(app, number, holder), holder.assistant

    return persistently(attempt, number_id)


def assign_by_number(
    app: App,
    organization_id: int,
    assistant_id: int,
    phone_number: str,
    friendly_name: str | None = None,
    auto_sync: bool = True,
) -> tuple[Number, Assistant, bool]:
    """Give a number to an assistant; say whether it was found at a carrier just now.

    Raises the same as `assign`, and InvalidNumber.
    """
    wanted = parse_e164(phone_number)
    check_assistant(app, organization_id, assistant_id)
    number = holding.own(app, organization_id, wanted)
    found = None
    if number is None and auto_sync:
        found = importing.fetch(app, organization_id, wanted)
    if number is None and found is None:
        looked = " or in its connected carrier accounts" if auto_sync else ""
        raise NumberNotFound(f"Phone number {wanted} not found in your organization{looked}")
    number, assistant = assign(app, organization_id, assistant_id, int(wanted[1:]))
    if friendly_name and friendly_name != number.friendly_name:
        number = persistently(
            lambda: _renamed(app, organization_id, number, friendly_name), number.id
        )
    return number, assistant, found is not None


def unassign(
    app: App, organization_id: int, number_id: int, assistant_id: int | None = None
) -> tuple[Number, Assistant]:
    """Take a number from its assistant, this one if it is named, and say which it was.

    The carrier's settings stay: callers hear that nobody answers. Raises AssistantNotFound,
    NumberNotFound, InvalidRequest, NumberNotReady, Conflict.
    """

    def attempt() -> tuple[Number, Assistant]:
        if assistant_id is not None:
            check_assistant(app, organization_id, assistant_id)
        number = holding.by_id(app, organization_id, number_id)
        check_settled(number)
        holder = _assistant_of(number, assistant_id)
        return take_away(app, number), holder

    return persistently(attempt, number_id)


def unassign_by_number(
    app: App, organization_id: int, assistant_id: int, phone_number: str
) -> tuple[Number, Assistant]:
    """Take a number from its assistant; raise the same as `unassign`, and InvalidNumber."""
    wanted = parse_e164(phone_number)
    check_assistant(app, organization_id, assistant_id)
    if holding.own(app, organization_id, wanted) is None:
        raise NumberNotFound(f"Phone number {wanted} not found in your organization")
    return unassign(app, organization_id, int(wanted[1:]), assistant_id)


def bind(
    app: App, organization_id: int, flow_id: int, number_id: int
) -> tuple[Number, ConversationFlow]:
    """Let a flow answer a number, in place of the assistant that had it; not of another flow.

    Raises FlowNotFound, AssistantNotFound, NumberNotFound, NumberAssigned, NumberNotReady,
    Conflict and CarrierError.
    """

    def attempt() -> tuple[Number, ConversationFlow]:
        holder, flow = flow_holder(app, organization_id, flow_id)
        number = holding.by_id(app, organization_id, number_id)
        if number.flow and number.flow.id != flow_id:
            raise NumberAssigned(_held(number))
        return give(app, number, holder), flow

    return persistently(attempt, number_id)


def unbind(
    app: App, organization_id: int, flow_id: int, number_id: int
) -> tuple[Number, ConversationFlow]:
    """Take a number from a flow; nobody answers it then.

    Raises FlowNotFound, NumberNotFound, InvalidRequest, NumberNotReady, Conflict.
    """

    def attempt() -> tuple[Number, ConversationFlow]:
        flow = find_flow(app, organization_id, flow_id)
        number = holding.by_id(app, organization_id, number_id)
        check_settled(number)
        if number.flow is None or number.flow.id != flow_id:
            raise InvalidRequest(
                f"Phone number {number.phone_number} is not assigned to flow '{flow.name}'"
            )
        return take_away(app, number), flow

    return persistently(attempt, number_id)


# --- the steps, each of one transaction at most ---


def give(app: App, number: Number, holder: Holder) -> Number:
    """Let somebody answer a number that was just read; raise Taken when it, or they, changed."""
    check_settled(number)
    if is_held_by(number, holder):
        return number
    change = given(pointed_here(app, number), holder, app.clock(), before=number)
    return app.store.change_numbers([change], holder.assistant, holder.flow)[0]


def take_away(app: App, number: Number) -> Number:
    """Let nobody answer a number that was just read; raise Taken when it has changed."""
    return app.store.change_numbers([freed(number, app.clock())])[0]


def given(number: Number, holder: Holder, now: datetime, *, before: Number) -> NumberChange:
    """Return the change by which a holder gets a number."""
    flow = holder.flow.tag if holder.flow else None
    after = replace(number, assistant=holder.assistant, flow=flow, assigned_at=now, updated_at=now)
    return NumberChange(before, after, "number.assigned", _recorded(after))


def freed(number: Number, now: datetime) -> NumberChange:
    """Return the change by which nobody answers a number any more."""
    after = replace(number, assistant=None, flow=None, assigned_at=None, updated_at=now)
    return NumberChange(number, after, "number.unassigned", _recorded(number))


def is_held_by(number: Number, holder: Holder) -> bool:
    """Whether a number is answered by them already, as they are now, and its calls come to us."""
    kept, flow = number.assistant, holder.flow
    if kept is None or number.status is NumberStatus.INACTIVE:
        return False
    same = kept.id == holder.assistant.id and kept.version >= holder.assistant.version
    if flow is None or number.flow is None:
        return same and flow is None and number.flow is None
    return same and number.flow == flow.tag


def check_free_for(number: Number, holder: Holder) -> None:
    """Raise NumberAssigned when somebody else answers a number."""
    if number.assistant and (number.flow or number.assistant.id != holder.assistant.id):
        raise NumberAssigned(_held(number))


def flow_holder(app: App, organization_id: int, flow_id: int) -> tuple[Holder, ConversationFlow]:
    """Return a flow with its base assistant; raise FlowNotFound or AssistantNotFound."""
    flow = find_flow(app, organization_id, flow_id)
    base = app.store.assistant(organization_id, flow.base_assistant_id)
    if base is None:
        raise AssistantNotFound(
            f"The base assistant of flow '{flow.name}' does not exist any more. "
            "Give the flow another one first."
        )
    return Holder(base, flow), flow


def find_flow(app: App, organization_id: int, flow_id: int) -> ConversationFlow:
    """Return a flow; raise FlowNotFound if it is not the organization's."""
    flow = app.store.flow(organization_id, flow_id)
    if flow is None:
        raise FlowNotFound(f"Flow with ID {flow_id} not found in your organization")
    return flow


def persistently[T](attempt: Callable[[], T], number_id: int) -> T:
    for _ in range(_WRITE_TRIES):
        try:
            return attempt()
        except Taken:
            continue  # changed since it was read: decide again by what it is now
    raise Conflict(f"+{number_id} is being changed by others. Nothing was done. Try again.")


def _renamed(app: App, organization_id: int, number: Number, friendly_name: str) -> Number:
    number = holding.by_id(app, organization_id, number.id)
    after = replace(number, friendly_name=friendly_name, updated_at=app.clock())
    change = NumberChange(number, after, "number.updated", {"friendly_name": friendly_name})
    return app.store.change_numbers([change])[0]


def _assistant_of(number: Number, assistant_id: int | None) -> Assistant:
    if number.assistant is None:
        raise InvalidRequest(f"Phone number {number.phone_number} is not assigned to any assistant")
    if number.flow:
        raise InvalidRequest(
            f"Phone number {number.phone_number} is assigned to flow '{number.flow.name}', not to "
            "an assistant. Unassign it from the flow."
        )
    if assistant_id not in (None, number.assistant.id):
        raise InvalidRequest(
            f"Phone number {number.phone_number} is not assigned to this assistant"
        )
    return number.assistant


def _held(number: Number) -> str:
    name = ""
    if number.flow:
        name = f"flow '{number.flow.name}'"
    elif number.assistant:
        name = number.assistant.name
    return f"Phone number {number.phone_number} is already assigned to {name}"


def _recorded(number: Number) -> dict[str, object]:
    assistant: dict[str, object] = {"assistant_id": number.assistant.id} if number.assistant else {}
    return assistant | ({"flow_id": number.flow.id} if number.flow else {})
