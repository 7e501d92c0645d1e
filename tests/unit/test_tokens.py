"""API tokens: shown once, known by their hash, valid until they are not."""

import re
from datetime import timedelta

import boto3
import pytest

from switchboard import tokens
from switchboard.app import App
from switchboard.errors import InvalidRequest, NotFound
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION, an_organization
from tests.clock import START, Clock


def test_a_token_opens_what_it_was_made_for(app: App) -> None:
    made, secret = tokens.create(app, ORGANIZATION, "ci", ["numbers:write", "calls:read"], None)

    assert tokens.authenticate(app, secret) == made
    assert made.organization_id == ORGANIZATION
    assert made.scopes == ("calls:read", "numbers:write")
    assert made.expires_at is None


def test_a_secret_has_the_contracts_form_and_is_never_the_same(app: App) -> None:
    secrets = {tokens.create(app, ORGANIZATION, "ci", ["admin"], None)[1] for _ in range(20)}

    assert len(secrets) == 20
    assert all(re.fullmatch(r"burki_[a-z0-9]{32}", secret) for secret in secrets)


def test_the_table_holds_the_hash_and_nothing_of_the_secret_beyond_its_prefix(app: App) -> None:
    made, secret = tokens.create(app, ORGANIZATION, "ci", ["admin"], None)

    table = boto3.client("dynamodb").scan(TableName=app.settings.table_name)
    assert secret not in str(table)
    assert tokens.hash_of(secret) in str(table)
    assert made.prefix == f"{secret[:12]}..."


@pytest.mark.parametrize("secret", ["", "burki_", "burki_" + "a" * 32, "x" * 5000, "é"])
def test_an_unknown_secret_opens_nothing(app: App, secret: str) -> None:
    tokens.create(app, ORGANIZATION, "ci", ["admin"], None)

    assert tokens.authenticate(app, secret) is None


def test_a_token_is_worthless_from_the_moment_it_expires(app: App, clock: Clock) -> None:
    made, secret = tokens.create(app, ORGANIZATION, "ci", ["admin"], timedelta(days=1))
    assert made.expires_at == START + timedelta(days=1)

    clock.advance(days=1, seconds=-1)
    assert tokens.authenticate(app, secret) == made

    clock.advance(seconds=1)
    assert tokens.authenticate(app, secret) is None


def test_a_revoked_token_is_worthless_at_once_and_the_others_are_not(app: App) -> None:
    made, secret = tokens.create(app, ORGANIZATION, "ci", ["admin"], None)
    _, other_secret = tokens.create(app, ORGANIZATION, "app", ["admin"], None)

    tokens.revoke(app, ORGANIZATION, made.id)

    assert tokens.authenticate(app, secret) is None
    assert tokens.authenticate(app, other_secret)


def test_revoking_again_keeps_the_first_time(app: App, clock: Clock) -> None:
    made, _ = tokens.create(app, ORGANIZATION, "ci", ["admin"], None)

    first = tokens.revoke(app, ORGANIZATION, made.id)
    clock.advance(days=1)

    assert tokens.revoke(app, ORGANIZATION, made.id) == first


def test_another_organizations_token_cannot_be_revoked_or_seen(app: App) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    made, secret = tokens.create(app, ORGANIZATION, "ci", ["admin"], None)

    with pytest.raises(NotFound, match=f"API key {made.id} not found in this organization"):
        tokens.revoke(app, OTHER_ORGANIZATION, made.id)

    assert tokens.authenticate(app, secret) == made
    assert tokens.list_all(app, OTHER_ORGANIZATION) == []


def test_tokens_are_listed_oldest_first(app: App) -> None:
    names = ["first", "second", "third"]
    for name in names:
        tokens.create(app, ORGANIZATION, name, ["admin"], None)

    assert [token.name for token in tokens.list_all(app, ORGANIZATION)] == names


@pytest.mark.parametrize("scopes", [[], ["calls"], ["admin", "calls:delete"], [""]])
def test_a_scope_that_does_not_exist_is_refused(app: App, scopes: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="choose from numbers:read"):
        tokens.create(app, ORGANIZATION, "ci", scopes, None)

    assert tokens.list_all(app, ORGANIZATION) == []


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(days=-1)])
def test_a_token_cannot_be_born_dead(app: App, lifetime: timedelta) -> None:
    with pytest.raises(InvalidRequest, match="must expire in the future"):
        tokens.create(app, ORGANIZATION, "ci", ["admin"], lifetime)


def test_a_token_needs_a_name_and_an_organization(app: App) -> None:
    with pytest.raises(InvalidRequest, match="A name is"):
        tokens.create(app, ORGANIZATION, " ", ["admin"], None)
    with pytest.raises(NotFound, match="Organization 7 not found"):
        tokens.create(app, 7, "ci", ["admin"], None)
    with pytest.raises(NotFound, match="Organization 7 not found"):
        tokens.list_all(app, 7)
