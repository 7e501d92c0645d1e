"""A pytest plugin: the same answers of moto's, without doing the same work over and over.

For each transaction it copies the table and its stream, and in each answer it looks for all that
might be there: together, this was most of the time of the tests that have a table.
tests/unit/test_quicker.py holds what is done here against moto as it comes.
Garbage is looked for less often, and there are a few RSA keys for all who want a new one.
"""

import copy
import gc
import itertools
import os
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import StreamShard, Table
from moto.secretsmanager.models import (
    SecretsManagerBackend,
    SecretsStore,
    secretsmanager_backends,
)

update_item = DynamoDBBackend.update_item
serialize_member = JSONSerializer._serialize_structure_member
copy_value = DynamoType.__deepcopy__
make_key = rsa.generate_private_key

# Enough that those of one test are not the same.
_MOST_KEYS = 16
_keys: list[rsa.RSAPrivateKey] = []
_turn = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """Take the place of moto's own before the first table is made."""
    Table.__deepcopy__ = _as_it_stands  # type: ignore[attr-defined]
    DynamoDBBackend.update_item = _update_a_copy  # type: ignore[method-assign]
    DynamoType.__deepcopy__ = _copy_what_changes  # type: ignore[method-assign]
    JSONSerializer._serialize_structure_member = _serialize_what_is_there  # type: ignore
    rsa.generate_private_key = _next_key


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let Python look for garbage less often, and not among modules and thousands of tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


@dataclass(frozen=True)
class Account:
    """What the account in memory has: its tables, with their streams, and its secrets."""

    tables: dict[str, Table]
    secrets: SecretsStore

    @classmethod
    def as_it_is(cls) -> "Account":
        """Return what there is now, apart from what becomes of it."""
        rows, kept = _backends()
        return cls(_apart(rows.tables), copy.deepcopy(kept.secrets))

    def bring_back(self) -> None:
        """Put this in the place of what there is now."""
        rows, kept = _backends()
        rows.tables, kept.secrets = _apart(self.tables), copy.deepcopy(self.secrets)

    def holds_the_same_as(self, other: "Account") -> bool:
        """Return whether both have the same rows and secrets."""
        return self._contents() == other._contents()

    def _contents(self) -> Any:
        rows = {name: table.all_items() for name, table in self.tables.items()}
        values = {
            name: [version["secret_string"] for version in secret.versions.values()]
            for name, secret in self.secrets.items()
        }
        return rows, values


def _backends() -> tuple[DynamoDBBackend, SecretsManagerBackend]:
    region = os.environ["AWS_DEFAULT_REGION"]
    return (
        dynamodb_backends[DEFAULT_ACCOUNT_ID][region],
        secretsmanager_backends[DEFAULT_ACCOUNT_ID][region],
    )


def _apart(tables: dict[str, Table]) -> dict[str, Table]:
    """Return tables of which the settings may be changed as well as the rows."""
    found = copy.deepcopy(tables)
    for table in found.values():
        for name, value in vars(table).items():
            if name not in ("items", "stream_shard"):
                setattr(table, name, copy.deepcopy(value))
    return found


def _as_it_stands(self: Table, memo: dict[int, Any]) -> Table:
    """Keep a table for a transaction that may fail: its rows are put and deleted, never changed.

    moto copies every row, and every record of the stream, for each transaction.
    """
    kept = copy.copy(self)
    kept.items = copy.copy(self.items)
    for partition, rows in self.items.items():
        kept.items[partition] = dict(rows)
    if self.stream_shard is not None:
        kept.stream_shard = _records(self.stream_shard, kept)
    return kept


def _records(shard: StreamShard, table: Table) -> StreamShard:
    kept = copy.copy(shard)
    kept.table, kept.items = table, [*shard.items]
    return kept


def _update_a_copy(
    self: DynamoDBBackend, table_name: str, key: dict[str, Any], *given: Any, **named: Any
) -> Any:
    """Let an update change a copy of the row: a table that was kept has the row as it was."""
    table = self.get_table(table_name)
    partition, sort = self.get_keys_value(table, key)
    row = table.get_item(partition, sort)
    if row is not None:
        table.items[partition][sort] = copy.deepcopy(row)
    return update_item(self, table_name, key, *given, **named)


def _copy_what_changes(self: DynamoType, memo: dict[int, Any]) -> DynamoType:
    """Copy lists, maps and sets; what is a single value is replaced and never changed."""
    if self.is_list() or self.is_map() or self.is_set():
        return copy_value(self, memo)
    return self


def _serialize_what_is_there(
    self: JSONSerializer, serialized: Any, value: Any, shape: Any, key: str
) -> None:
    """Look for a member by its other names only where something has a name of its own.

    An attribute has one of ten types, and moto looks for the other nine by five names each.
    """
    # Some services have their answers changed on the way, also what is not there.
    changed = getattr(self._value_picker, "response_transformers", None)
    plain = type(value) is dict and value.keys() <= shape.parent.members.keys()
    if plain and key not in value and not changed:
        return
    serialize_member(self, serialized, value, shape, key)


def _next_key(public_exponent: int, key_size: int, backend: Any = None) -> rsa.RSAPrivateKey:
    """Return a key that is new, or was so for an earlier test: to find one takes long."""
    if (public_exponent, key_size) != (65_537, 2_048):
        return make_key(public_exponent, key_size, backend)
    turn = next(_turn)
    if turn < _MOST_KEYS:
        _keys.append(make_key(public_exponent, key_size, backend))
        return _keys[-1]
    return _keys[turn % len(_keys)]
