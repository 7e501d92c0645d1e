"""A pytest plugin: the same answers of moto's, without doing the same work over and over.

For each transaction it copies the table and its stream, and in each answer it looks for all that
might be there: together, this was most of the time of the tests that have a table.
tests/unit/test_quicker.py holds what is done here against moto as it comes.
Garbage is looked for less often, and there are a few RSA keys for all who want a new one.
"""

import copy
import gc
import itertools
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import StreamShard, Table

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
