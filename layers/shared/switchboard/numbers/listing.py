"""Listing an organization's numbers, page by page."""

from collections.abc import Callable
from dataclasses import dataclass

from ..app import App
from ..errors import AssistantNotFound
from ..model import Assistant, Number, NumberStatus, parse_e164
from ..store import NumberPage

_HELD = (NumberStatus.ACTIVE, NumberStatus.INACTIVE)


@dataclass(frozen=True)
class NumberFilter:
    """Which numbers to list."""

    assigned: bool = True
    """With those that an assistant or a flow answers."""
    unassigned: bool = True
    inactive: bool = False
    """With those whose calls do not come to us: not yet, not any more, or never."""

    def matches(self, number: Number) -> bool:
        """Whether a number passes."""
        if number.status is not NumberStatus.ACTIVE and not self.inactive:
            return False
        return self.assigned if number.assistant else self.unassigned


def find(
    app: App, organization_id: int, wanted: NumberFilter, cursor: int | None, limit: int
) -> NumberPage:
    """Return a page of an organization's numbers, in the order of the number: one request.

    What the filter leaves out makes a page shorter; the cursor goes on all the same.
    """
    if not wanted.assigned:
        page = app.store.free_numbers_page(organization_id, _after(cursor), limit)
    else:
        page = app.store.numbers_page(organization_id, _after(cursor), limit)
    return _only(page, wanted.matches)


def available(app: App, organization_id: int, cursor: int | None, limit: int) -> NumberPage:
    """Return a page of the numbers that can be assigned: one request."""
    page = app.store.free_numbers_page(organization_id, _after(cursor), limit)
    return _only(page, lambda number: number.status in _HELD)


def of_assistant(
    app: App, organization_id: int, assistant_id: int, cursor: int | None, limit: int
) -> NumberPage:
    """Return a page of the numbers that are an assistant's own, not a flow's: two requests."""
    check_assistant(app, organization_id, assistant_id)
    page = app.store.assistant_numbers_page(assistant_id, _after(cursor), limit)
    return _only(page, lambda it: it.flow is None and it.organization_id == organization_id)


def available_to(
    app: App, organization_id: int, assistant_id: int, cursor: int | None, limit: int
) -> NumberPage:
    """Return a page of the numbers that an assistant could be given: two requests."""
    check_assistant(app, organization_id, assistant_id)
    return available(app, organization_id, cursor, limit)


def assistant_by_number(app: App, organization_id: int, phone_number: str) -> Assistant:
    """Return who answers a number, also as the base of a flow: two requests."""
    number = app.store.number(parse_e164(phone_number))
    if number and number.organization_id == organization_id and number.assistant:
        # The number's copy holds only what answering needs.
        assistant = app.store.assistant(organization_id, number.assistant.id)
        if assistant:
            return assistant
    raise AssistantNotFound(
        f"Assistant assigned to phone number {phone_number} not found in your organization"
    )


def check_assistant(app: App, organization_id: int, assistant_id: int) -> Assistant:
    """Return an assistant; raise AssistantNotFound if it is not the organization's."""
    found = app.store.assistant(organization_id, assistant_id)
    if found is None:
        raise AssistantNotFound(f"Assistant with ID {assistant_id} not found in your organization")
    return found


def _after(cursor: int | None) -> str:
    return "" if cursor is None else f"+{cursor}"


def _only(page: NumberPage, wanted: Callable[[Number], bool]) -> NumberPage:
    return NumberPage([number for number in page.numbers if wanted(number)], page.last)
