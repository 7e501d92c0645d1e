"""Numbers in the table, and what stands there now."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import boto3
from moto.dynamodb import dynamodb_backends

from switchboard.app import App
from switchboard.items import Item
from switchboard.model import Number
from switchboard.store import AuditFilter, Store
from switchboard.store.table import serialized
from tests.builders import ORGANIZATION, a_number
from tests.conftest import SETTINGS


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


def recorded(app: App) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what is on record, oldest first: action, target, details."""
    entries, _ = app.store.audit_page(ORGANIZATION, AuditFilter(), 1000)
    return [(entry.action, entry.target, entry.details) for entry in reversed(entries)]


def counted(app: App) -> tuple[App, list[str]]:
    """Return the app with a table of its own whose requests are noted."""
    client, seen = boto3.client("dynamodb"), []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: seen.append(model.name))
    return replace(app, store=Store(client, SETTINGS.table_name)), seen


def fill(rows: Iterable[Item]) -> None:
    """Put rows into the table past its requests, each of which takes moto some time."""
    table = dynamodb_backends["123456789012"]["eu-west-1"].get_table(SETTINGS.table_name)
    for row in rows:
        table.put_item(serialized(row))
