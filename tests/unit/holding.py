"""Numbers in the table, and what stands there now."""

from typing import Any

from switchboard.app import App
from switchboard.model import Number
from tests.builders import a_number


def hold(app: App, **changes: Any) -> Number:
    """Put a number into the table, as a settled purchase leaves it."""
    number = a_number(**changes)
    app.store.transact(app.store._put_number(number, "attribute_not_exists(pk)"))
    return number


def held(app: App, phone_number: str) -> Number:
    """Return a number that must be there."""
    number = app.store.number(phone_number)
    assert number is not None
    return number
