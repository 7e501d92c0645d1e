"""Connecting a carrier account: what is checked first, and what is left when it fails."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from switchboard import accounts
from switchboard.app import App
from switchboard.carriers.base import Check
from switchboard.errors import (
    AccountInUse,
    ConfigError,
    Conflict,
    InvalidCredentials,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    ServiceUnavailable,
    UnknownProvider,
)
from switchboard.model import NumberStatus
from switchboard.numbers import purchasing, releasing
from switchboard.secrets import Secrets
from tests.builders import NUMBER, ORGANIZATION, a_call, a_purchase, a_text
from tests.clock import START, Clock
from tests.fakes import Books
from tests.unit.holding import hold

STORED = {"key": "secret-value"}


def test_what_the_carrier_made_is_stored_with_the_credentials(app: App, books: Books) -> None:
    checks = accounts.connect(app, ORGANIZATION, "fake", {"key": " k-1\n", "more": "ignored"})

    assert checks == [Check("application", "made A1")]
    assert app.secrets.carrier(ORGANIZATION, "fake") == {"key": "k-1", "application": "A1"}


def test_a_first_connection_makes_the_secret_and_keeps_it_out_of_the_table(app: App) -> None:
    boto3.client("secretsmanager").delete_secret(
        SecretId="switchboard/test/1001/fake", ForceDeleteWithoutRecovery=True
    )

    accounts.connect(app, ORGANIZATION, "fake", {"key": "k-very-secret"})

    assert app.secrets.carrier(ORGANIZATION, "fake")["key"] == "k-very-secret"
    table = boto3.client("dynamodb").scan(TableName=app.settings.table_name)
    assert "k-very-secret" not in str(table)


OTHER = {"key": "other-1"}


@pytest.fixture
def connected(app: App) -> None:
    """An account that is connected."""
    accounts.connect(app, ORGANIZATION, "fake", {"key": "k-1"})


def key_of(app: App) -> str:
    return str(app.secrets.carrier(ORGANIZATION, "fake", now=True)["key"])


@pytest.mark.usefixtures("connected")
def test_another_account_waits_until_a_purchase_is_settled(app: App, books: Books) -> None:
    books.lost_answers = [OutcomeUnknown("no answer")]
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    with pytest.raises(AccountInUse, match=rf"{NUMBER.replace('+', '.')} is pending") as refused:
        accounts.connect(app, ORGANIZATION, "fake", OTHER, replaces=True)

    assert (refused.value.status, refused.value.code) == (409, "account_in_use")
    assert "switchboard reconcile" in str(refused.value)
    assert (key_of(app), books.connections) == ("k-1", 1)


@pytest.mark.usefixtures("connected")
def test_another_account_waits_until_a_release_is_settled(app: App, books: Books) -> None:
    hold(app)
    books.hold(NUMBER, carrier_number_id="PN1")
    books.failures["release"] = [OutcomeUnknown("no answer")]
    releasing.release(app, ORGANIZATION, NUMBER)

    with pytest.raises(AccountInUse, match="is releasing"):
        accounts.connect(app, ORGANIZATION, "fake", OTHER, replaces=True)


@pytest.mark.usefixtures("connected")
def test_another_account_waits_for_calls_and_texts_of_this_carrier(app: App) -> None:
    app.store.add_call(a_call())
    app.store.add_text(a_text(carrier="fake"), None, "", None, START)

    with pytest.raises(AccountInUse, match="1 calls have not ended, 1 text messages wait"):
        accounts.connect(app, ORGANIZATION, "fake", OTHER, replaces=True)


@pytest.mark.usefixtures("connected")
def test_what_is_open_elsewhere_keeps_nobody_waiting(app: App) -> None:
    app.store.add_call(a_call(carrier="twilio"))
    app.store.add_text(a_text(carrier="twilio"), None, "", None, START)
    hold(app, carrier="twilio", status=NumberStatus.PENDING)

    accounts.connect(app, ORGANIZATION, "fake", OTHER)

    assert key_of(app) == "other-1"


@pytest.mark.usefixtures("connected")
def test_numbers_are_left_behind_only_if_somebody_says_so(app: App, books: Books) -> None:
    hold(app)

    with pytest.raises(AccountInUse, match=r"holds 1 numbers.*replace_account"):
        accounts.connect(app, ORGANIZATION, "fake", OTHER)
    assert (key_of(app), books.connections) == ("k-1", 1)

    accounts.connect(app, ORGANIZATION, "fake", OTHER, replaces=True)
    assert key_of(app) == "other-1"


@pytest.mark.usefixtures("connected")
def test_a_new_key_of_the_same_account_needs_nobodys_word(app: App) -> None:
    hold(app)
    app.store.add_call(a_call())

    accounts.connect(app, ORGANIZATION, "fake", {"key": "k-2"})

    assert key_of(app) == "k-2"


@pytest.mark.usefixtures("connected")
def test_what_is_begun_while_another_account_is_connected_stops_it(app: App, books: Books) -> None:
    books.meanwhile = lambda: app.store.add_call(a_call())

    with pytest.raises(AccountInUse, match="1 calls have not ended"):
        accounts.connect(app, ORGANIZATION, "fake", OTHER)

    assert key_of(app) == "k-1"


@pytest.mark.parametrize("given", [{}, {"key": ""}, {"key": None}, {"key": " "}, {"other": "x"}])
def test_a_missing_field_is_named(app: App, books: Books, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="The credentials lack: key"):
        accounts.connect(app, ORGANIZATION, "fake", given)

    assert books.connections == 0


@pytest.mark.parametrize("value", ["clé-secrète", "two\nlines", "\x00"])
def test_a_value_that_fits_no_header_is_refused_and_not_shown(app: App, value: str) -> None:
    with pytest.raises(InvalidRequest, match=r"Only plain ASCII .* key") as refused:
        accounts.connect(app, ORGANIZATION, "fake", {"key": value})

    assert value not in str(refused.value)


def test_an_unknown_carrier_or_organization_is_named(app: App, books: Books) -> None:
    with pytest.raises(UnknownProvider):
        accounts.connect(app, ORGANIZATION, "nobody", STORED)
    with pytest.raises(NotFound, match="Organization 7 not found"):
        accounts.connect(app, 7, "fake", STORED)

    assert books.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "ftp://hooks.example.com",
        "https:///v1",
        "https://hooks.example.com?x=1",
        "https://u:p@hooks.example.com",
        "https://a b.example",
    ],
)
def test_no_carrier_is_given_an_address_that_it_cannot_reach(
    app: App, books: Books, url: str
) -> None:
    app = replace(app, settings=replace(app.settings, public_base_url=url))

    with pytest.raises(ConfigError, match="PUBLIC_BASE_URL must be the http"):
        accounts.connect(app, ORGANIZATION, "fake", STORED)

    assert books.connections == 0


def test_a_refused_account_leaves_the_old_credentials(app: App, books: Books) -> None:
    books.connect_errors.append(InvalidCredentials("no"))

    with pytest.raises(InvalidCredentials):
        accounts.connect(app, ORGANIZATION, "fake", {"key": "wrong"})

    assert app.secrets.carrier(ORGANIZATION, "fake") == STORED


def test_a_refusal_gives_the_lease_back(app: App, books: Books) -> None:
    books.connect_errors.append(InvalidCredentials("no"))
    with pytest.raises(InvalidCredentials):
        accounts.connect(app, ORGANIZATION, "fake", {"key": "wrong"})

    accounts.connect(app, ORGANIZATION, "fake", {"key": "right"})

    assert app.secrets.carrier(ORGANIZATION, "fake")["key"] == "right"


def test_a_lost_answer_says_that_running_it_again_is_safe(app: App, books: Books) -> None:
    books.connect_errors.append(OutcomeUnknown("no answer"))

    with pytest.raises(OutcomeUnknown, match="what was made is found, not made twice"):
        accounts.connect(app, ORGANIZATION, "fake", {"key": "k-2"})

    assert app.secrets.carrier(ORGANIZATION, "fake") == STORED


def test_two_runs_at_once_connect_once(app: App, books: Books) -> None:
    refusals: list[Conflict] = []

    def second_run() -> None:
        with pytest.raises(Conflict, match="Another run is connecting fake") as refused:
            accounts.connect(app, ORGANIZATION, "fake", {"key": "k-2"})
        refusals.append(refused.value)

    books.meanwhile = second_run
    accounts.connect(app, ORGANIZATION, "fake", {"key": "k-1"})

    assert len(refusals) == 1
    assert books.connections == 1
    assert app.secrets.carrier(ORGANIZATION, "fake")["key"] == "k-1"


def test_a_run_that_died_blocks_the_next_for_two_minutes(app: App, clock: Clock) -> None:
    # A process that is killed never leaves its with statement.
    dead = app.store.lease(f"connect-{ORGANIZATION}-fake", clock(), 120)
    dead.__enter__()

    with pytest.raises(Conflict):
        accounts.connect(app, ORGANIZATION, "fake", STORED)
    clock.advance(seconds=121)
    accounts.connect(app, ORGANIZATION, "fake", {"key": "k-1"})

    assert app.secrets.carrier(ORGANIZATION, "fake")["key"] == "k-1"


def test_a_run_that_took_too_long_ends_well_while_another_holds_the_lease(
    app: App, books: Books, clock: Clock
) -> None:
    others = ExitStack()

    def too_long() -> None:
        clock.advance(seconds=121)
        others.enter_context(app.store.lease(f"connect-{ORGANIZATION}-fake", clock(), 120))

    books.meanwhile = too_long

    accounts.connect(app, ORGANIZATION, "fake", {"key": "k-1"})

    with others, pytest.raises(Conflict):
        accounts.connect(app, ORGANIZATION, "fake", {"key": "k-2"})


def test_a_secret_that_aws_does_not_take_is_told_in_awss_words(app: App) -> None:
    client = boto3.client("secretsmanager")
    secrets = Secrets(client, "switchboard/test", "session-key", app.clock)
    said = "You can't perform this operation on the secret because it was marked for deletion."
    stubbed = Stubber(client)
    stubbed.add_client_error("get_secret_value", "ResourceNotFoundException")
    stubbed.add_client_error("put_secret_value", "InvalidRequestException", said)

    with stubbed, pytest.raises(ServiceUnavailable, match="marked for deletion") as error:
        accounts.connect(replace(app, secrets=secrets), ORGANIZATION, "fake", {"key": "k-secret"})

    assert "k-secret" not in str(error.value)
