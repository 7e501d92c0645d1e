"""The doctor's report: a line for each thing, what to do below it, 1 when something has failed."""

import json

import pytest

from switchboard.app import App
from switchboard.carriers.base import Check, Expected, Verdict
from switchboard.model import CallStatus, CallStep, NumberStatus
from tests.builders import (
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    a_number,
    an_order,
    an_organization,
)
from tests.cli.answers import ORG, refused
from tests.cli.conftest import Run
from tests.clock import START
from tests.fakes import Books

DOCTOR = ("doctor", *ORG, "--carrier", "fake")


@pytest.fixture(autouse=True)
def _heard(app: App) -> None:
    """Let one call have come, so that the webhooks are known to arrive."""
    step = CallStep("event-1", "ringing", START, CallStatus.RINGING)
    app.store.add_call(a_call(history=(step,)))


def test_all_is_well(run: Run, books: Books) -> None:
    books.checks = [Check("balance", "12.00 USD")]

    result = run(*DOCTOR)

    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "fake\n"
        "  ✓ balance   12.00 USD\n"
        "  ✓ webhooks  arrive, signed: call 5001 at 2026-03-02 09:00 UTC\n"
    )
    assert result.stderr == ""


def test_what_is_wrong_comes_with_what_to_do(run: Run, books: Books) -> None:
    books.checks = [
        Check("account", "a trial", Verdict.WARNING, "Upgrade it."),
        Check("application", "is [red]gone\x1b[0m", Verdict.FAILED, "Connect again."),
    ]

    result = run(*DOCTOR)

    assert result.exit_code == 1
    assert result.stdout.splitlines()[:5] == [
        "fake",
        "  ! account      a trial",
        "                 Upgrade it.",
        "  ✗ application  is [red]gone [0m",
        "                 Connect again.",
    ]
    assert "Error" not in result.output


def test_a_warning_fails_nothing(run: Run, books: Books) -> None:
    books.checks = [Check("account", "a trial", Verdict.WARNING, "Upgrade it.")]

    assert run(*DOCTOR).exit_code == 0


def test_programs_get_json(run: Run, books: Books) -> None:
    books.checks = [Check("balance", "0.00 USD", Verdict.FAILED, "Add funds.")]

    result = run(*DOCTOR, "--json")

    assert result.exit_code == 1
    shown = json.loads(result.stdout)
    assert shown["organization_id"] == ORGANIZATION
    assert shown["has_failed"] is True
    assert shown["carriers"]["fake"][0] == {
        "name": "balance",
        "result": "0.00 USD",
        "verdict": "failed",
        "advice": "Add funds.",
    }
    assert "✗ balance" in result.stderr


def test_the_account_is_looked_at_for_what_our_table_holds(
    app: App, run: Run, books: Books
) -> None:
    app.store.claim(an_order(), a_number())
    pending = a_number(phone_number="+14155550101", status=NumberStatus.PENDING)
    app.store.claim(an_order(key="key-2", phone_number="+14155550101"), pending)
    app.store.add_caller_id(ORGANIZATION, "+12125550150", "fake")
    app.store.add_caller_id(ORGANIZATION, "+12125550151", "another")

    run(*DOCTOR)

    assert books.expected == [Expected((NUMBER,), ("+12125550150",), ("US", "CA"))]


def test_a_carrier_without_an_account_has_failed(app: App, run: Run) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))

    result = run("doctor", "--organization", str(OTHER_ORGANIZATION), "--carrier", "fake")

    assert result.exit_code == 1
    assert "✗ account   This organization has no fake account. Connect one:" in result.stdout
    assert "! webhooks  not proved yet: no call so far" in result.stdout


def test_an_organization_without_any_account_is_told_so(run: Run) -> None:
    assert refused(run("doctor", *ORG)) == (
        "Error: This organization has no carrier account. Connect one: "
        "switchboard carriers connect CARRIER --organization 1001"
    )


def test_an_unknown_carrier_is_refused(run: Run) -> None:
    line = refused(run("doctor", *ORG, "--carrier", "nobody"))

    assert line == "Error: Provider must be 'fake'"


def test_an_unknown_organization_is_refused(run: Run) -> None:
    assert "Organization 7 not found" in refused(run("doctor", "--organization", "7"))
