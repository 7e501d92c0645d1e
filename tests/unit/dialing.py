"""What the tests of dialling share: a number that can call, and a way to place a call."""

from typing import Any

from switchboard.app import App
from switchboard.dialing import Dialled, initiate
from switchboard.model import Limits
from tests.builders import ORGANIZATION, a_dial, a_number, an_organization


def hold(app: App, **changes: Any) -> None:
    """Put a number into the table, as a settled purchase leaves it."""
    number = a_number(**changes)
    app.store._transact(app.store._put_number(number, "attribute_not_exists(pk)"))


def allow(app: App, **limits: Any) -> None:
    """Set the organization's limits."""
    generous: dict[str, Any] = {"calls_per_second": 100}
    app.store.add_organization(an_organization(limits=Limits(**(generous | limits))))


def dial(app: App, key: str | None = None, **changes: Any) -> Dialled:
    """Place a call from the organization's number."""
    return initiate(app, ORGANIZATION, a_dial(**changes), key)
