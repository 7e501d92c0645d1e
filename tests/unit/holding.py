"""Numbers in the table, and what stands there now."""

import copy
from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import moto.dynamodb.models
import pytest
from moto.dynamodb import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.dynamo_type import Item as MotoItem
from moto.dynamodb.models.table import Table

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
    for row in rows:
        _table().put_item(serialized(row))


def fill_alike(row: Item, others: Iterable[Item]) -> None:
    """Put many rows into the table that are all like this one but for some attributes.

    Past moto's own ways, which would take a minute for so many.
    """
    alike = {name: DynamoType(value) for name, value in serialized(row).items()}
    table = _table()
    for other in others:
        own = {name: DynamoType(value) for name, value in serialized(other).items()}
        item = MotoItem(own["pk"], own.get("sk", alike["sk"]), {})
        dict.update(item.attrs, alike | own)
        table.items[item.hash_key][item.range_key] = item


def without_rollback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare moto copying the whole table for each write of a transaction.

    Only for tests whose transactions all succeed.
    """

    def deepcopy(value: Any) -> Any:
        return value if isinstance(value, Table) else copy.deepcopy(value)

    monkeypatch.setattr(moto.dynamodb.models, "copy", SimpleNamespace(deepcopy=deepcopy))


def _table() -> Any:
    return dynamodb_backends["123456789012"]["eu-west-1"].get_table(SETTINGS.table_name)
