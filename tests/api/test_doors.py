"""Every route of the template, tried by those for whom it is not."""

from typing import Any

import pytest

from local.openapi import routes
from switchboard.app import App
from tests.api import world
from tests.api.document import Operation, all_operations, for_customers, problems, request
from tests.api.gateway import Gateway
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION
from tests.conftest import own_client

type Rows = dict[tuple[str, str], Any]

_WRITTEN_BY_USE = ("last_used_at", "usage_count")

CLOSED = [operation for operation in for_customers() if operation.wants_key]
SESSIONS = [operation for operation in for_customers() if not operation.wants_key]


def rows(app: App) -> Rows:
    """Return the whole table, but for what using a key writes to the key."""
    found: list[Any] = own_client("dynamodb").scan(TableName=app.settings.table_name)["Items"]
    return {
        (row["pk"]["S"], row["sk"]["S"]): {
            name: value for name, value in row.items() if name not in _WRITTEN_BY_USE
        }
        for row in found
    }


def named(operations: list[Operation]) -> list[Any]:
    return [pytest.param(operation, id=operation.name) for operation in operations]


def test_every_route_of_the_template_is_tried_here() -> None:
    tried = {(op.method, routes.nameless(op.path)) for op in (*CLOSED, *SESSIONS)}
    deployed = {
        route.key
        for route in routes.template_routes(routes.template())
        # Signatures have tests of their own for each carrier; the rest is open to everybody.
        if not route.is_open or route.path.endswith(("/session", "/report"))
    }

    assert tried == deployed


@pytest.mark.parametrize("operation", named(CLOSED))
def test_without_a_key_nothing_is_told_or_changed(gateway: Gateway, operation: Operation) -> None:
    before = rows(gateway.app)

    for token in ("", "burki_" + "0" * 32, world.session_token(gateway.app)):
        reply = request(gateway, operation, token)

        assert reply.status == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert problems(operation, reply) == []
    assert rows(gateway.app) == before


@pytest.mark.parametrize("operation", named(CLOSED))
def test_a_key_without_the_scope_is_told_which_one_it_lacks(
    gateway: Gateway, operation: Operation
) -> None:
    [wanted] = operation.scopes
    scopes = {scope for op in CLOSED for scope in op.scopes} - {wanted, "admin"}
    token = world.key(gateway.app, scopes=sorted(scopes))
    before = rows(gateway.app)

    reply = request(gateway, operation, token)

    assert reply.status == 403
    assert reply.json["code"] == "insufficient_scope"
    assert wanted in reply.json["detail"]
    assert problems(operation, reply) == []
    assert rows(gateway.app) == before


@pytest.mark.parametrize("operation", named(CLOSED))
def test_a_key_with_only_the_described_scope_is_enough(
    gateway: Gateway, operation: Operation
) -> None:
    world.prepare(gateway.app, operation)

    reply = request(gateway, operation, world.key(gateway.app, scopes=operation.scopes))

    # A recording is heard by following a link.
    assert 200 <= reply.status < 300 or reply.status == 302, reply.text[:300]


@pytest.mark.parametrize("operation", named(CLOSED))
def test_another_organizations_key_learns_and_changes_nothing(
    gateway: Gateway, operation: Operation
) -> None:
    token = world.key(gateway.app, OTHER_ORGANIZATION)
    before = {key: row for key, row in rows(gateway.app).items() if is_ours(row)}

    reply = request(gateway, operation, token)

    after = {key: row for key, row in rows(gateway.app).items() if is_ours(row)}
    assert after == before
    assert world.MARK not in reply.text
    assert problems(operation, reply) == []
    if "{" in operation.path:
        assert reply.status in (403, 404), reply.text[:300]


@pytest.mark.parametrize("operation", named(SESSIONS))
def test_a_session_opens_to_its_own_token_alone(gateway: Gateway, operation: Operation) -> None:
    for token in ("", world.key(gateway.app), world.session_token(gateway.app)[:-2] + "xx"):
        reply = request(gateway, operation, token)

        assert reply.status == 401
        assert world.MARK not in reply.text
        assert problems(operation, reply) == []


def is_ours(row: Any) -> bool:
    """Return whether a row belongs to the organization that the examples speak of."""
    return str(ORGANIZATION) in str(row)


def test_every_operation_of_the_description_names_one_scope_or_none() -> None:
    assert {len(operation.scopes) for operation in all_operations()} == {0, 1}
