"""The API's door."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.authorizer.app import PATIENCE, lambda_handler
from switchboard import tokens
from switchboard.app import App
from switchboard.errors import ServiceUnavailable
from switchboard.store import Store
from tests.builders import ORGANIZATION
from tests.clock import Clock
from tests.functions.events import Context, load


def ask(app: App, authorization: str) -> dict[str, Any]:
    event = load("authorizer/api-key", authorizationToken=authorization)
    return lambda_handler(event, Context(), lambda: app)


def test_a_valid_key_opens_the_route_for_its_organization(app: App) -> None:
    token, secret = tokens.create(app, ORGANIZATION, "CI", ["numbers:write", "calls:read"], None)

    policy = ask(app, f"Bearer {secret}")

    assert policy["principalId"] == str(token.id)
    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert policy["context"] == {
        "organization_id": str(ORGANIZATION),
        "scopes": "calls:read numbers:write",
        "token_id": str(token.id),
        "token_name": "CI",
        "token_expires_at": "",
        "retry_after": "",
    }


def test_the_scheme_may_be_written_in_any_case(app: App) -> None:
    _, secret = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)

    assert ask(app, f"bearer  {secret} ")["principalId"]


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer burki_wrong", "Basic burki_x", "é", "x" * 9999],
)
def test_anything_else_is_unauthorized(app: App, authorization: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(app, authorization)


def test_a_revoked_key_opens_nothing_at_once(app: App) -> None:
    token, secret = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)
    tokens.revoke(app, ORGANIZATION, token.id)

    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(app, f"Bearer {secret}")


def test_a_key_opens_nothing_from_the_moment_it_expires(app: App, clock: Clock) -> None:
    _, secret = tokens.create(app, ORGANIZATION, "CI", ["admin"], timedelta(days=1))

    clock.advance(hours=23, minutes=59)
    assert ask(app, f"Bearer {secret}")
    clock.advance(minutes=1)

    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(app, f"Bearer {secret}")


def test_a_key_that_sends_too_much_is_told_to_wait(app: App, clock: Clock) -> None:
    app = replace(app, settings=replace(app.settings, requests_per_minute=20))
    _, secret = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)
    _, other = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)
    clock.advance(seconds=15)

    waits = [ask(app, f"Bearer {secret}")["context"]["retry_after"] for _ in range(22)]

    assert waits == [""] * 20 + ["45", "45"]
    assert ask(app, f"Bearer {other}")["context"]["retry_after"] == ""
    clock.advance(seconds=45)
    assert ask(app, f"Bearer {secret}")["context"]["retry_after"] == ""


def test_containers_count_together(app: App) -> None:
    app = replace(app, settings=replace(app.settings, requests_per_minute=20))
    token, _ = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)
    containers = [tokens.Rates() for _ in range(4)]

    passed = sum(it.wait(app, token) == 0 for _ in range(20) for it in containers)

    # Each of them lets a tenth through before it asks.
    assert 20 <= passed <= 20 + 4 * 2


def test_a_table_that_does_not_answer_keeps_nobody_out(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*asked: Any) -> int:
        raise ServiceUnavailable("away")

    app = replace(app, settings=replace(app.settings, requests_per_minute=1))
    token, _ = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)
    monkeypatch.setattr(Store, "count_requests", fail)

    assert [tokens.Rates().wait(app, token) for _ in range(3)] == [0, 0, 0]


def test_who_waited_long_for_the_table_does_not_wait_to_be_counted(
    app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, secret = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)
    read = Store.token

    def slow(*asked: Any) -> Any:
        clock.now += PATIENCE
        return read(*asked)

    monkeypatch.setattr(Store, "token", slow)

    assert ask(app, f"Bearer {secret}")["context"]["token_id"] == str(token.id)
    [kept] = tokens.list_all(app, ORGANIZATION)
    assert kept.last_used_at is None


def test_the_secret_is_not_in_the_table(app: App) -> None:
    token, secret = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)

    assert secret not in repr(app.store.token(token.hash))
