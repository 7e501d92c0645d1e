"""Taking over what the carrier accounts hold: everything of ours, and nobody else's."""

from dataclasses import replace
from typing import Any

import pytest

from switchboard.app import App
from switchboard.errors import CarrierNotConnected, CarrierUnavailable, UnknownProvider
from switchboard.model import Actor, Capabilities, NumberStatus, ReleaseClaim
from switchboard.numbers import importing
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION, an_organization
from tests.clock import START, Clock
from tests.fakes import Books, carriers
from tests.unit.holding import held, hold, recorded

ELSEWHERE: dict[str, Any] = {"points_nowhere": False, "voice_url": "https://elsewhere.example"}
HERE: dict[str, Any] = {"points_nowhere": False, "points_here": True}


def test_a_number_that_points_nowhere_is_taken_over_and_pointed_at_us(
    app: App, books: Books
) -> None:
    books.hold(NUMBER, friendly_name="Front desk")
    acting = app.acting_for(Actor("a key", 1))

    (done,) = importing.sync(acting, ORGANIZATION)

    number = held(app, NUMBER)
    assert (done.synced, done.imported, done.not_wired, done.is_complete) == (
        [NUMBER],
        1,
        {},
        True,
    )
    assert (number.organization_id, number.status) == (ORGANIZATION, NumberStatus.ACTIVE)
    assert (number.friendly_name, number.carrier_number_id) == ("Front desk", "PN14155550100")
    assert number.capabilities == Capabilities(voice=True, sms=True)
    assert books.held[NUMBER].points_here
    assert [(action, target) for action, target, _ in recorded(app)] == [
        ("number.imported", NUMBER),
        ("number.updated", NUMBER),
    ]


def test_a_number_that_points_here_already_costs_no_change_at_the_carrier(
    app: App, books: Books
) -> None:
    books.hold(NUMBER, **HERE)

    importing.sync(app, ORGANIZATION)

    assert held(app, NUMBER).status is NumberStatus.ACTIVE
    assert books.requests == ["held_numbers"]


@pytest.mark.parametrize("configure", [True, False])
def test_a_number_that_somebody_else_answers_is_left_pointing_there(
    app: App, books: Books, configure: bool
) -> None:
    books.hold(NUMBER, **ELSEWHERE)

    (done,) = importing.sync(app, ORGANIZATION, configure)

    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert books.held[NUMBER].voice_url == "https://elsewhere.example"
    assert "go to another application" in done.not_wired[NUMBER]


def test_nothing_is_configured_unless_that_is_wanted(app: App, books: Books) -> None:
    books.hold(NUMBER)

    (done,) = importing.sync(app, ORGANIZATION, configure=False)

    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert books.requests == ["held_numbers"]
    assert NUMBER in done.not_wired


def test_a_number_that_is_not_in_service_is_not_active(app: App, books: Books) -> None:
    books.hold(NUMBER, is_active=False, **HERE)

    importing.sync(app, ORGANIZATION)

    assert held(app, NUMBER).status is NumberStatus.INACTIVE


def test_syncing_again_changes_and_records_nothing(app: App, books: Books) -> None:
    books.hold(NUMBER)
    importing.sync(app, ORGANIZATION)
    before = held(app, NUMBER)
    acting = app.acting_for(Actor("a key", 1))

    (done,) = importing.sync(acting, ORGANIZATION)

    assert held(app, NUMBER) == before
    assert (done.synced, done.imported) == ([NUMBER], 0)
    assert recorded(app) == []


def test_another_organizations_row_is_never_touched_nor_its_number_re_pointed(
    app: App, books: Books
) -> None:
    theirs = hold(app, organization_id=OTHER_ORGANIZATION)
    books.hold(NUMBER)
    books.hold("+14155550101")

    (done,) = importing.sync(app, ORGANIZATION)

    assert held(app, NUMBER) == theirs
    assert not books.held[NUMBER].points_here
    assert (done.synced, done.held_elsewhere) == (["+14155550101"], 1)


def test_a_number_that_another_organization_claims_meanwhile_stays_theirs(
    app: App, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.hold(NUMBER)
    books.hold("+14155550101")
    read = app.store.numbers_by_number

    def overtaken(numbers: list[str]) -> object:
        found = read(numbers)
        hold(app, organization_id=OTHER_ORGANIZATION)
        return found

    monkeypatch.setattr(app.store, "numbers_by_number", overtaken)

    (done,) = importing.sync(app, ORGANIZATION)

    assert held(app, NUMBER).organization_id == OTHER_ORGANIZATION
    assert not books.held[NUMBER].points_here
    assert (done.synced, done.imported, done.held_elsewhere) == (["+14155550101"], 1, 1)


def test_an_own_number_is_brought_up_to_date_and_keeps_its_name_and_assistant(
    app: App, books: Books
) -> None:
    before = hold(app)
    able = Capabilities(voice=True, sms=True, mms=True)
    books.hold(NUMBER, carrier_number_id="PN2", capabilities=able, friendly_name="X", **HERE)

    importing.sync(app, ORGANIZATION)

    after = held(app, NUMBER)
    assert (after.carrier_number_id, after.capabilities) == ("PN2", able)
    assert (after.friendly_name, after.assistant) == (before.friendly_name, before.assistant)


def test_an_own_number_that_was_re_pointed_past_us_is_not_called_active(
    app: App, books: Books
) -> None:
    hold(app)
    books.hold(NUMBER, **ELSEWHERE)

    (done,) = importing.sync(app, ORGANIZATION)

    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert list(done.not_wired) == [NUMBER]


@pytest.mark.parametrize("status", [NumberStatus.PENDING, NumberStatus.RELEASING])
def test_a_number_that_is_being_bought_or_released_is_left_alone(
    app: App, books: Books, status: NumberStatus
) -> None:
    claim = ReleaseClaim(NumberStatus.ACTIVE, START, START)
    before = hold(app, status=status, release=claim if status == "releasing" else None)
    books.hold(NUMBER)

    importing.sync(app, ORGANIZATION)

    assert held(app, NUMBER) == before
    assert "wire" not in books.requests


def test_a_number_that_cannot_be_pointed_at_us_hinders_no_other(app: App, books: Books) -> None:
    books.hold(NUMBER)
    books.hold("+14155550101")
    books.failures["wire"] = [CarrierUnavailable("down")]

    (done,) = importing.sync(app, ORGANIZATION)

    assert done.not_wired == {NUMBER: "down"}
    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert held(app, "+14155550101").status is NumberStatus.ACTIVE


@pytest.mark.parametrize("place", ["failures", "vanished"])
def test_a_process_that_dies_while_pointing_leaves_what_a_repeat_finishes(
    app: App, books: Books, place: str
) -> None:
    books.hold(NUMBER)
    getattr(books, place)["wire"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        importing.sync(app, ORGANIZATION)
    assert held(app, NUMBER).status is NumberStatus.INACTIVE

    importing.sync(app, ORGANIZATION)

    assert held(app, NUMBER).status is NumberStatus.ACTIVE
    assert books.held[NUMBER].points_here


def test_every_number_of_a_large_account_is_taken_over(app: App, books: Books) -> None:
    numbers = [f"+1415555{n:04d}" for n in range(75)]
    for number in numbers:
        books.hold(number, **HERE)

    (done,) = importing.sync(app, ORGANIZATION)

    assert done.synced == numbers
    assert len(list(app.store.numbers(ORGANIZATION))) == 75


def test_what_is_not_reached_in_time_is_left_to_the_next_run(
    app: App, books: Books, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(75):
        books.hold(f"+1415555{n:04d}", **HERE)
    write = app.store.import_numbers

    def slow(*arguments: Any) -> None:
        clock.advance(seconds=11)
        write(*arguments)

    with monkeypatch.context() as day:
        day.setattr(app.store, "import_numbers", slow)
        (first,) = importing.sync(app, ORGANIZATION)
    (second,) = importing.sync(app, ORGANIZATION)

    assert (len(first.synced), first.is_complete) == (60, False)
    assert (len(second.synced), second.imported, second.is_complete) == (75, 15, True)


@pytest.fixture
def two(app: App) -> tuple[App, Books]:
    """The same organization with a second account, at a carrier with books of its own."""
    others = Books()
    first, second = app.carrier_class, carriers(others)

    def find(name: str) -> Any:
        if name != "other":
            return first(name)
        found = type("Other", (second("fake"),), {"name": "other"})
        return found

    app.secrets.store_carrier(ORGANIZATION, "other", {"key": "secret-value"})
    urls = app.settings.carrier_api_urls | {"other": "https://api.other.example"}
    settings = replace(app.settings, carrier_api_urls=urls)
    names = ("fake", "other", "absent")

    def known(name: str) -> Any:
        return first("fake") if name == "absent" else find(name)

    urls["absent"] = "https://api.absent.example"
    return replace(app, carrier_class=known, carrier_names=names, settings=settings), others


def test_one_account_that_fails_does_not_hide_the_other(
    two: tuple[App, Books], books: Books
) -> None:
    app, others = two
    books.failures["held_numbers"] = [CarrierUnavailable("down")]
    others.hold(NUMBER, **HERE)

    failed, done = importing.sync(app, ORGANIZATION)

    assert (failed.carrier, str(failed.error), failed.is_complete) == ("fake", "down", False)
    assert (done.carrier, done.synced, done.error) == ("other", [NUMBER], None)
    assert held(app, NUMBER).carrier == "other"


def test_when_every_account_fails_that_is_the_answer(two: tuple[App, Books], books: Books) -> None:
    app, others = two
    for each in (books, others):
        each.failures["held_numbers"] = [CarrierUnavailable("down")]

    with pytest.raises(CarrierUnavailable):
        importing.sync(app, ORGANIZATION)


def test_one_number_is_found_although_another_account_fails(
    two: tuple[App, Books], books: Books
) -> None:
    app, others = two
    books.failures["find_held"] = [CarrierUnavailable("down")]
    others.hold(NUMBER, **HERE)

    number = importing.fetch(app, ORGANIZATION, held_number := others.held[NUMBER].phone_number)

    assert number is not None
    assert (number.carrier, number.phone_number) == ("other", held_number)


def test_without_any_account_there_is_nothing_to_sync(app: App) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))

    with pytest.raises(CarrierNotConnected, match="no carrier account"):
        importing.sync(app, OTHER_ORGANIZATION)


def test_a_carrier_that_is_not_known_is_no_reason_to_be_silent(app: App) -> None:
    odd = replace(app, carrier_names=("fake", "unheard-of"))

    with pytest.raises(UnknownProvider):
        importing.sync(odd, ORGANIZATION)
