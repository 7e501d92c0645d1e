"""The API's door."""

from datetime import timedelta
from typing import Any

import pytest

from functions.authorizer.app import lambda_handler
from switchboard import tokens
from switchboard.app import App
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


def test_the_secret_is_not_in_the_table(app: App) -> None:
    token, secret = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)

    assert secret not in repr(app.store.token(token.hash))
