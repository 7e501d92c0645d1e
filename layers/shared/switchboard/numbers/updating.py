"""PATCH of a number: its name, who answers it, who may call it."""

from dataclasses import dataclass, replace

from ..app import App
from ..destinations import country_code
from ..model import Number
from ..store import NumberChange
from . import assigning, holding
from .assigning import Holder, persistently
from .listing import check_assistant
from .pointing import check_settled, pointed_here
from .trunk_choice import trunk_for


@dataclass(frozen=True)
class NumberPatch:
    """What shall become different; None leaves a thing as it is."""

    friendly_name: str | None = None
    assistant_id: int | None = None
    """0 takes the number from its assistant."""
    flow_id: int | None = None
    """0 takes the number from its flow."""
    allowed_country_codes: tuple[str, ...] | None = None
    """Empty lets everybody through."""
    sip_trunk_id: str | None = None
    """An empty one leaves the choice to the trunks' priorities."""


def update(app: App, organization_id: int, number_id: int, patch: NumberPatch) -> Number:
    """Change a number, all that is asked for or nothing; it may move from one holder to another.

    An assistant takes the place of a flow, and a flow that of an assistant. Raises
    InvalidRequest, NumberNotFound, NotFound, FlowNotFound, NumberNotReady, Conflict
    and, where the number must be pointed at us first, CarrierError.
    """
    countries = patch.allowed_country_codes
    if countries is not None:
        countries = tuple(dict.fromkeys(country_code(text) for text in countries))

    def attempt() -> Number:
        holder = _holder(app, organization_id, patch)
        number = holding.by_id(app, organization_id, number_id)
        check_settled(number)
        change = _change(app, number, holder, patch)
        after = change.after
        if patch.friendly_name is not None:
            after = replace(after, friendly_name=patch.friendly_name)
        if countries is not None:
            after = replace(after, allowed_country_codes=countries)
        if patch.sip_trunk_id is not None:
            after = replace(after, sip_trunk_id=_trunk(app, number, patch.sip_trunk_id))
        if after == number:
            return number
        after = replace(after, updated_at=app.clock())
        change = NumberChange(number, after, change.action, change.details | _told(number, after))
        assistant, flow = (holder.assistant, holder.flow) if holder else (None, None)
        return app.store.change_numbers([change], assistant, flow)[0]

    return persistently(attempt, number_id)


def _holder(app: App, organization_id: int, patch: NumberPatch) -> Holder | None:
    if patch.assistant_id:
        return Holder(check_assistant(app, organization_id, patch.assistant_id))
    if patch.flow_id:
        return assigning.flow_holder(app, organization_id, patch.flow_id)[0]
    return None


def _change(app: App, number: Number, holder: Holder | None, patch: NumberPatch) -> NumberChange:
    now = app.clock()
    if holder and not assigning.is_held_by(number, holder):
        return assigning.given(pointed_here(app, number), holder, now, before=number)
    # 0 takes away what it names, and nothing else.
    leaves_flow = patch.flow_id == 0 and number.flow is not None
    leaves_assistant = patch.assistant_id == 0 and number.assistant and number.flow is None
    if leaves_flow or leaves_assistant:
        return assigning.freed(number, now)
    return NumberChange(number, number, "number.updated")


def _trunk(app: App, number: Number, wanted: str) -> str | None:
    # That it is there still when this is written is a condition of the write.
    return trunk_for(app, number.organization_id, number.carrier, wanted) if wanted else None


def _told(before: Number, after: Number) -> dict[str, object]:
    told: dict[str, object] = {}
    if after.friendly_name != before.friendly_name:
        told["friendly_name"] = after.friendly_name
    if after.allowed_country_codes != before.allowed_country_codes:
        told["allowed_country_codes"] = list(after.allowed_country_codes)
    if after.sip_trunk_id != before.sip_trunk_id:
        told["sip_trunk_id"] = after.sip_trunk_id
    return told
