"""An organization as a file: all of it, nobody else's, no secret, and never over what is there."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from switchboard import backup, fuses, tokens
from switchboard.app import App
from switchboard.errors import Conflict, InvalidRequest, NotFound, OutcomeUnknown
from switchboard.model import NumberStatus, OrderStatus, Report
from switchboard.numbers import purchasing, releasing
from switchboard.reconciling import running
from switchboard.secrets import Secrets
from switchboard.store import Store
from tests.builders import (
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    a_flow,
    a_purchase,
    a_text,
    a_trunk,
    an_assistant,
    an_organization,
)
from tests.clock import START, Clock
from tests.conftest import make_table
from tests.fakes import Books
from tests.unit.dialing import allow, dial, hold

SECRET = "a-secret-that-must-not-leave"
GIVEN_BACK, BEING_BOUGHT = "+14155550101", "+14155550102"
HERE: dict[str, Any] = {
    "points_here": True,
    "points_nowhere": False,
    "voice_url": "https://hooks.example.com/fake",
}


def _begin_what_nobody_answers(app: App, books: Books) -> None:
    """Give one number back and buy another, both without an answer."""
    hold(app, phone_number=GIVEN_BACK)
    for number in (NUMBER, GIVEN_BACK):
        books.hold(number, carrier_number_id="PN1", **HERE)
    books.failures["release"] = [OutcomeUnknown("no answer")]
    releasing.release(app, ORGANIZATION, GIVEN_BACK)
    books.buy_errors.append(OutcomeUnknown("no answer"))
    purchasing.purchase(app, ORGANIZATION, a_purchase(phone_number=BEING_BOUGHT), "buy-1")


@pytest.fixture
def key(app: App, books: Books) -> str:
    """One of everything, with a neighbour beside it; an API key of the organization."""
    hold(app)
    allow(app)
    app.store.put_assistant(an_assistant())
    app.store.add_flow(a_flow())
    app.store.add_trunk(a_trunk(password_hint="…hint"))
    app.secrets.store_carrier(ORGANIZATION, "twilio", {"auth_token": SECRET})
    app.store.show_connected(
        app.store.organization(ORGANIZATION) or an_organization(), "twilio", {"auth_token": "…ve"}
    )
    _, secret = tokens.create(app, ORGANIZATION, "CI", ["admin"], None)
    dial(app, "call-1")
    call = a_call()
    app.store.add_call(call)
    app.store.put_report(call, Report(call.id, START, {"summary": "They spoke."}))
    app.store.add_text(a_text(), None, "", None, START)
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    _begin_what_nobody_answers(app, books)
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION, name="Other"))
    app.store.put_assistant(an_assistant(id=3999, organization_id=OTHER_ORGANIZATION))
    app.store.add_call(a_call(id=5999, organization_id=OTHER_ORGANIZATION, call_sid="CA-other"))
    return secret


@pytest.fixture
def file(app: App, key: str) -> list[str]:
    """The organization's file."""
    return list(backup.lines(app, ORGANIZATION))


@pytest.fixture
def elsewhere(app: App) -> App:
    """Another deployment, with nothing in it."""
    make_table("switchboard-elsewhere")
    store = Store(boto3.client("dynamodb"), "switchboard-elsewhere", app.clock)
    secrets = Secrets(boto3.client("secretsmanager"), "elsewhere", "key", app.clock)
    return replace(app, store=store, secrets=secrets)


def rows_of(app: App) -> dict[tuple[str, str], Any]:
    return {(row["pk"]["S"], row["sk"]["S"]): row for row in app.store.everything()}


def test_a_file_holds_everything_of_an_organization_and_nothing_of_another(
    app: App, file: list[str]
) -> None:
    held = {(row["pk"]["S"], row["sk"]["S"]) for row in map(json.loads, file[1:-1])}

    ours = {
        name
        for name, row in rows_of(app).items()
        if not name[0].startswith(("LIMIT#", "CACHE#", "LEASE#", "RATE#"))
        and str(OTHER_ORGANIZATION) not in name[0]
        and name[0] != f"NUMBER#{BEING_BOUGHT}"
        and row.get("organization_id", {}).get("N") != str(OTHER_ORGANIZATION)
    }
    assert held == ours
    assert {sk for _, sk in held} >= {"ORG", "TOKEN", "NUMBER", "CALL", "REPORT", "SID", "TEXT"}


def test_no_secret_is_in_it_and_it_says_which_must_be_given_again(file: list[str]) -> None:
    header = json.loads(file[0])

    assert SECRET not in "".join(file)
    assert "…ve" not in "".join(file[1:])  # not even how one ends
    assert header["organization"] == {"id": ORGANIZATION, "name": "Acme"}
    assert header["give_again"] == [
        "carrier account twilio: auth_token",
        f"SIP trunk Office ({a_trunk().id}): password",
        "signing secrets of event receivers: another deployment makes its own",
    ]


def test_another_deployment_has_the_same_and_its_keys_open_it(
    app: App, key: str, file: list[str], elsewhere: App
) -> None:
    done = backup.restore(elsewhere, lambda: file)

    assert (done.organization_id, done.name, done.rows) == (ORGANIZATION, "Acme", len(file) - 2)
    assert elsewhere.store.number(NUMBER) == app.store.number(NUMBER)
    assert elsewhere.store.call(a_call().id) == app.store.call(a_call().id)
    assert elsewhere.store.assistant(ORGANIZATION, 3001) == app.store.assistant(ORGANIZATION, 3001)
    assert tokens.authenticate(elsewhere, key)
    assert elsewhere.store.fuse(ORGANIZATION).tripped_at == START
    assert list(backup.lines(elsewhere, ORGANIZATION))[1:-1] != []


def test_nothing_is_sent_or_ended_again_by_who_has_the_copy(
    file: list[str], elsewhere: App
) -> None:
    backup.restore(elsewhere, lambda: file)

    for row in rows_of(elsewhere).values():
        assert "wake" not in row
        assert "DUE" not in row.get("gsi2pk", {}).get("S", "")
    assert list(elsewhere.store.overdue_fuses(START.replace(year=2099), 10)) == []


def test_a_sweep_and_a_reconciliation_of_the_copy_end_release_and_tell_nothing(
    file: list[str], elsewhere: App, clock: Clock, books: Books
) -> None:
    backup.restore(elsewhere, lambda: file)
    elsewhere.secrets.store_carrier(ORGANIZATION, "fake", {"key": "given again"})
    before = rows_of(elsewhere)
    clock.advance(hours=6)

    swept = running.sweep(elsewhere, clock() + timedelta(days=1))
    mended = list(running.apply(elsewhere, ORGANIZATION))

    assert (swept.found, mended) == ({}, [])
    assert books.released == []
    changed = {name for name, row in rows_of(elsewhere).items() if before.get(name) != row}
    assert {pk.partition("#")[0] for pk, _ in changed} == {"PASS"}


def test_what_was_open_is_copied_as_what_is_certain_of_it(
    file: list[str], elsewhere: App, clock: Clock
) -> None:
    elsewhere.secrets.store_carrier(ORGANIZATION, "fake", {"key": "given again"})

    backup.restore(elsewhere, lambda: file)

    given_back = elsewhere.store.number(GIVEN_BACK)
    assert given_back
    assert (given_back.status, given_back.release) == (NumberStatus.ACTIVE, None)
    assert elsewhere.store.number(BEING_BOUGHT) is None
    # Its key still buys nothing a second time, and says that nobody knows.
    clock.advance(minutes=10)
    again = purchasing.purchase(
        elsewhere, ORGANIZATION, a_purchase(phone_number=BEING_BOUGHT), "buy-1"
    )
    assert (again.replayed, again.order.status) == (True, OrderStatus.UNKNOWN)


def test_the_same_again_changes_nothing(file: list[str], elsewhere: App) -> None:
    backup.restore(elsewhere, lambda: file)
    before = rows_of(elsewhere)

    backup.restore(elsewhere, lambda: file)

    assert rows_of(elsewhere) == before


def test_what_was_given_again_since_is_kept(file: list[str], elsewhere: App) -> None:
    backup.restore(elsewhere, lambda: file)
    made = elsewhere.store.organization(ORGANIZATION)
    assert made
    elsewhere.store.show_connected(made, "twilio", {"auth_token": "…ve"})
    found = elsewhere.store.organization(ORGANIZATION)

    # That is a change, so it is said, and kept.
    with pytest.raises(Conflict, match="ORG#1001 ORG"):
        backup.restore(elsewhere, lambda: file)

    assert elsewhere.store.organization(ORGANIZATION) == found


def test_an_import_that_died_is_finished_by_the_next(
    file: list[str], elsewhere: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = Store.restore, [5]

    def dying(store: Store, row: Any) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return write(store, row)

    monkeypatch.setattr(Store, "restore", dying)
    with pytest.raises(KeyboardInterrupt):
        backup.restore(elsewhere, lambda: file)
    # Until all of it is there, the organization is not.
    assert elsewhere.store.organization(ORGANIZATION) is None
    monkeypatch.undo()

    backup.restore(elsewhere, lambda: file)

    assert len(rows_of(elsewhere)) == len(file) - 2


def test_nothing_is_written_over_and_nothing_beside_it(file: list[str], elsewhere: App) -> None:
    hold(elsewhere, organization_id=OTHER_ORGANIZATION)
    before = rows_of(elsewhere)

    with pytest.raises(Conflict, match=r"1 rows are there already.*NUMBER#\+14155550100"):
        backup.restore(elsewhere, lambda: file)

    assert rows_of(elsewhere) == before


def test_a_file_that_is_cut_off_or_changed_is_refused_before_anything_is_written(
    file: list[str], elsewhere: App
) -> None:
    foreign = next(line for line in file if '"CALL#5001"' in line).replace(
        str(ORGANIZATION), str(OTHER_ORGANIZATION)
    )
    for broken in (
        [],
        ["not JSON\n"],
        file[:1],
        file[:-1],
        file[:5] + file[6:],
        [*file[:-2], file[-1]],
        [line.replace("Front desk", "Back desk") for line in file],
        [file[0], foreign, file[-1]],
        [file[0].replace('"format":1', '"format":2'), *file[1:]],
        [file[0].replace('"schema":1', '"schema":99'), *file[1:]],
    ):
        with pytest.raises(InvalidRequest):
            backup.restore(elsewhere, lambda broken=broken: broken)

    assert rows_of(elsewhere) == {}


def test_an_organization_that_is_not_there_makes_no_file(app: App) -> None:
    with pytest.raises(NotFound):
        next(backup.lines(app, 4711))
