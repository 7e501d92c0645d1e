"""Numbers that an organization holds: found, or said to be none of its own."""

from ..app import App
from ..errors import NumberNotFound
from ..model import E164, Number

# E.164: up to 15 digits, none of which is a leading 0.
MOST_DIGITS = 10**15 - 1


def by_id(app: App, organization_id: int, number_id: int) -> Number:
    """Return an organization's number by its id; raise NumberNotFound if it is not its own."""
    found = own(app, organization_id, E164(f"+{number_id}"))
    if found is None:
        raise NumberNotFound(unknown_id(number_id))
    return found


def own(app: App, organization_id: int, phone_number: E164) -> Number | None:
    """Return a number if the organization holds it."""
    found = app.store.number(phone_number)
    return found if found and found.organization_id == organization_id else None


def unknown_id(number_id: int) -> str:
    """Say that there is no such number, or none of the organization's."""
    return f"Phone number with ID {number_id} not found in your organization"
