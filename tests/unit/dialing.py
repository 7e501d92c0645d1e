"""What the tests of dialling share: a number that can call, and a way to place a call."""

from typing import Any

import boto3

from switchboard import items
from switchboard.app import App
from switchboard.dialing import Dialled, initiate
from switchboard.model import Call, Limits
from switchboard.store.table import plain
from tests.builders import ORGANIZATION, a_dial, a_number, an_organization


def hold(app: App, **changes: Any) -> None:
    """Put a number into the table, as a settled purchase leaves it."""
    number = a_number(**changes)
    app.store.transact(app.store._put_number(number, "attribute_not_exists(pk)"))


def allow(app: App, **limits: Any) -> None:
    """Set the organization's limits."""
    generous: dict[str, Any] = {"calls_per_second": 100}
    app.store.add_organization(an_organization(limits=Limits(**(generous | limits))))


def dial(app: App, key: str | None = None, **changes: Any) -> Dialled:
    """Place a call from the organization's number."""
    return initiate(app, ORGANIZATION, a_dial(**changes), key)


def rows(app: App, kind: str) -> list[dict[str, Any]]:
    """Return everything of one kind that the table holds."""
    found = boto3.client("dynamodb").scan(TableName=app.settings.table_name)["Items"]
    return [item for item in map(plain, found) if item["sk"] == kind]


def stored(app: App) -> list[Call]:
    """Return every call that has a row."""
    return [items.call(item) for item in rows(app, "CALL")]


def taken(app: App) -> list[str]:
    """Return every place that a call takes up."""
    return [holder for row in rows(app, "PLACES") for holder in row.get("holders", ())]


def spent(app: App) -> int:
    """Return the cents that count against the day's limit, over all days."""
    found = (row for row in rows(app, "QUOTA") if "#daily_spend_cents#" in row["pk"])
    return sum(int(row["used"]) for row in found)
