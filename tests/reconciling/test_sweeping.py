"""The sweep: it goes on where it stopped, and two at once do no harm."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from switchboard.app import App
from switchboard.errors import (
    CarrierError,
    CarrierUnavailable,
    InvalidCredentials,
    OutcomeUnknown,
    RateLimited,
)
from switchboard.model import E164, NumberStatus
from switchboard.numbers import purchasing, releasing
from switchboard.reconciling import running
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION, a_purchase, an_organization
from tests.clock import Clock
from tests.fakes import Books
from tests.unit.holding import counted, held, hold

LOST = OutcomeUnknown("no answer")
NUMBERS = [E164(f"+1415555010{n}") for n in range(3)]
URL = "https://hooks.example.com/fake"
FAR = timedelta(days=9)


@pytest.fixture
def releasing_some(app: App, books: Books) -> None:
    """Numbers whose release nobody settled."""
    for number in NUMBERS:
        hold(app, phone_number=number, carrier_number_id=f"PN{number[1:]}")
        books.hold(number, points_here=True, points_nowhere=False, voice_url=URL)
        books.failures["release"] = [LOST]
        releasing.release(app, ORGANIZATION, number)
    books.requests.clear()


def left(app: App) -> list[str]:
    return [it for it in NUMBERS if app.store.number(it)]


@pytest.mark.usefixtures("releasing_some")
def test_a_sweep_stops_in_time_and_the_next_one_goes_on_there(
    app: App, books: Books, clock: Clock
) -> None:
    until = clock() + timedelta(seconds=15)
    # Every release takes ten seconds.
    slow = books.ask

    def ask(method: str) -> None:
        slow(method)
        if method == "release":
            clock.advance(seconds=10)

    books.ask = ask  # type: ignore[method-assign]
    first = running.sweep(app, until)

    assert not first.is_complete
    assert left(app) == NUMBERS[2:]
    assert app.store.progress("reconcile-unsettled").at == ("1001", "fake", f"1:{NUMBERS[1]}")

    second = running.sweep(app, clock() + FAR)

    assert second.is_complete
    assert second.found == {"release": 1}
    assert left(app) == []
    assert app.store.progress("reconcile-unsettled").at == ()


@pytest.mark.usefixtures("releasing_some")
@pytest.mark.parametrize("dies_at", [1, 2, 3, 5, 8, 9])
def test_a_sweep_that_dies_anywhere_is_finished_by_the_next(
    app: App, books: Books, clock: Clock, dies_at: int
) -> None:
    count, ask = 0, books.ask

    def dying(method: str) -> None:
        nonlocal count
        count += 1
        if count == dies_at:
            raise KeyboardInterrupt
        ask(method)

    books.ask = dying  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        running.sweep(app, clock() + FAR)
    books.ask = ask  # type: ignore[method-assign]
    # Whatever it was at is in flight, and the account is reserved, for a while.
    clock.advance(minutes=7)

    running.sweep(app, clock() + FAR)

    assert left(app) == []
    assert sorted(books.released) == sorted(f"PN{number[1:]}" for number in NUMBERS)


@pytest.mark.usefixtures("releasing_some")
def test_two_at_once_do_no_harm(app: App, books: Books, clock: Clock) -> None:
    threads = [threading.Thread(target=lambda: running.sweep(app, clock() + FAR)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    running.sweep(app, clock() + FAR)

    assert left(app) == []
    assert sorted(books.released) == sorted(f"PN{number[1:]}" for number in NUMBERS)


@pytest.mark.usefixtures("releasing_some")
def test_an_account_that_another_run_is_at_is_left_to_that_one(
    app: App, books: Books, clock: Clock
) -> None:
    with app.store.lease(f"reconcile-{ORGANIZATION}-fake", clock(), 300):
        outcomes = [it.problem for it in running.apply(app)]

    assert outcomes == ["another run is mending this account just now"] * 3
    assert left(app) == NUMBERS
    assert books.released == []


def test_an_odd_account_keeps_no_later_one_from_its_turn(
    app: App, books: Books, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    app.secrets.store_carrier(OTHER_ORGANIZATION, "fake", {"key": "k"})
    for owner, key, number in (
        (ORGANIZATION, "k1", NUMBERS[0]),
        (OTHER_ORGANIZATION, "k2", NUMBERS[1]),
    ):
        books.lost_answers.append(LOST)
        purchasing.purchase(app, owner, a_purchase(phone_number=number), key)
    books.held = {it: replace(held, voice_url=URL) for it, held in books.held.items()}
    books.failures["find_held"] = [ZeroDivisionError("a defect")]

    swept = running.sweep(app, clock() + FAR)

    assert swept.problems == 1
    assert held(app, NUMBERS[0]).status is NumberStatus.PENDING
    assert held(app, NUMBERS[1]).status is NumberStatus.ACTIVE


ODD = [
    CarrierError("fake did not list it: bad filter"),
    CarrierUnavailable("fake cannot be reached"),
    RateLimited("fake wants no more requests"),
    KeyError("a defect"),
]


@pytest.mark.usefixtures("releasing_some")
@pytest.mark.parametrize("error", ODD)
def test_an_odd_number_keeps_no_later_one_of_its_account_from_its_turn(
    app: App, books: Books, clock: Clock, error: Exception
) -> None:
    books.odd[NUMBERS[0]] = error
    clock.advance(minutes=7)

    swept = running.sweep(app, clock() + FAR)

    assert left(app) == NUMBERS[:1]
    assert swept.found["release"] == 2
    assert swept.found["unreadable"] == swept.problems == 1


@pytest.mark.usefixtures("releasing_some")
def test_a_plan_names_the_odd_number_and_goes_on(app: App, books: Books, clock: Clock) -> None:
    books.odd[NUMBERS[1]] = CarrierError("fake did not list it: bad filter")
    clock.advance(minutes=7)

    found = [(it.kind.value, it.target, it.says) for it in running.plan(app, ORGANIZATION)]

    assert found == [
        ("release", NUMBERS[0], "fake still holds it"),
        ("unreadable", NUMBERS[1], "fake did not list it: bad filter"),
        ("release", NUMBERS[2], "fake still holds it"),
    ]


@pytest.mark.usefixtures("releasing_some")
def test_a_number_that_cannot_be_mended_keeps_no_later_one_from_its_turn(
    app: App, books: Books, clock: Clock
) -> None:
    books.failures["release"] = [KeyError("a defect")]
    clock.advance(minutes=7)

    swept = running.sweep(app, clock() + FAR)

    assert left(app) == NUMBERS[:1]
    assert swept.problems == 1


@pytest.mark.usefixtures("releasing_some")
def test_an_account_that_refuses_our_credentials_is_asked_once_and_named_once(
    app: App, books: Books, clock: Clock
) -> None:
    refused = InvalidCredentials("fake did not accept our credentials")
    books.failures["find_held"] = [refused] * 9
    clock.advance(minutes=7)

    swept = running.sweep(app, clock() + FAR)

    assert swept.found == {"unreadable": 1}
    assert books.requests.count("find_held") == 1
    assert left(app) == NUMBERS


@pytest.mark.usefixtures("releasing_some")
def test_a_silent_carrier_takes_a_minute_of_a_sweep_and_no_more(
    app: App, books: Books, clock: Clock
) -> None:
    books.failures["find_held"] = [LOST] * 9
    silent = books.ask

    def ask(method: str) -> None:
        clock.advance(seconds=30)
        silent(method)

    books.ask = ask  # type: ignore[method-assign]
    swept = running.sweep(app, clock() + FAR)

    assert books.requests.count("find_held") == 2
    assert swept.found == {"unreadable": 2}
    assert left(app) == NUMBERS


def test_an_account_whose_listing_kills_a_run_is_passed_over_by_the_next(
    app: App, books: Books, clock: Clock
) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    app.secrets.store_carrier(OTHER_ORGANIZATION, "fake", {"key": "k"})
    books.hold(NUMBERS[0], points_here=True, points_nowhere=False, voice_url=URL)
    books.failures["held_numbers"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        running.sweep(app, clock() + FAR)

    swept = running.sweep(app, clock() + FAR)

    assert swept.problems == 1
    assert held(app, NUMBERS[0]).organization_id == OTHER_ORGANIZATION
    books.requests.clear()
    clock.advance(hours=1)
    assert running.sweep(app, clock() + FAR).problems == 0
    assert books.requests.count("held_numbers") == 2


def test_all_that_an_account_holds_is_looked_at_once_an_hour(
    app: App, books: Books, clock: Clock
) -> None:
    for _ in range(4):
        running.sweep(app, clock() + FAR)
        clock.advance(minutes=20)

    assert books.requests.count("held_numbers") == 2


def test_while_nothing_is_open_no_carrier_is_asked(app: App, books: Books, clock: Clock) -> None:
    running.sweep(app, clock() + FAR)
    books.requests.clear()
    clock.advance(minutes=5)

    quiet = replace(app, carrier_class=_refuse)
    running.sweep(quiet, clock() + FAR)

    assert books.requests == []


def test_a_sweep_without_anything_to_do_costs_few_requests(
    app: App, books: Books, clock: Clock
) -> None:
    running.sweep(app, clock() + FAR)
    watched, made = counted(app)

    running.sweep(watched, clock() + FAR)

    # Where it stopped, the organizations, each account's numbers and calls, the places, the end.
    assert Counter(made) == {"Query": 1 + 2 * 2, "GetItem": 2, "BatchGetItem": 1, "PutItem": 1}


def test_no_number_is_logged_in_full(
    app: App, books: Books, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for number in NUMBERS[:2]:
        hold(app, phone_number=number, carrier_number_id=f"PN{number[1:]}")
        books.hold(number, points_here=True, points_nowhere=False, voice_url=URL)
        books.failures["release"] = [LOST]
        releasing.release(app, ORGANIZATION, number)
    books.failures["release"] = [CarrierUnavailable(f"fake did not release {NUMBERS[0]}")]
    clock.advance(minutes=6)
    caplog.set_level("INFO")

    running.sweep(app, clock() + FAR)

    told = [str(vars(record)) for record in caplog.records if record.msg == "reconciled"]
    assert len(told) == 2
    assert not [line for line in told if NUMBERS[0] in line or NUMBERS[1] in line]


def _refuse(name: str) -> object:
    raise AssertionError(f"{name} was imported")
