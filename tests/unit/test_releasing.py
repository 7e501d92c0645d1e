"""Giving a number back: whatever dies, repeats or races, it is ours or gone, and we know which."""

from dataclasses import replace

import pytest

from switchboard.app import App
from switchboard.errors import (
    CarrierNotConnected,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InvalidRequest,
    NotOwned,
    NumberNotFound,
    NumberNotReady,
    OutcomeUnknown,
    ReleaseInProgress,
    ServiceUnavailable,
    UnknownProvider,
)
from switchboard.model import NumberStatus
from switchboard.numbers import purchasing, releasing
from switchboard.numbers.releasing import Released
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION, a_purchase, an_assistant
from tests.clock import Clock
from tests.fakes import Books
from tests.unit.holding import held, hold

LOST = OutcomeUnknown("no answer")
CERTAIN = Released(NUMBER, "fake", is_certain=True)
UNKNOWN = Released(NUMBER, "fake", is_certain=False)


@pytest.fixture
def number(app: App, books: Books) -> None:
    """A number that both the table and the carrier have."""
    hold(app)
    books.hold(NUMBER, carrier_number_id="PN1", points_here=True)


@pytest.mark.usefixtures("number")
def test_a_released_number_is_gone_from_the_carrier_and_the_table(app: App, books: Books) -> None:
    released = releasing.release(app, ORGANIZATION, NUMBER)

    assert released == CERTAIN
    assert books.released == ["PN1"]
    assert app.store.number(NUMBER) is None


def test_the_id_of_what_is_given_back_is_noted_before_the_carrier_is_asked(
    app: App, books: Books
) -> None:
    hold(app, carrier_number_id=None)
    books.hold(NUMBER, carrier_number_id="PN1", points_here=True)
    books.vanished["release"] = [LOST]
    releasing.release(app, ORGANIZATION, NUMBER)
    # Somebody buys it anew, past us.
    books.hold(NUMBER, carrier_number_id="PN2")

    again = releasing.release(app, ORGANIZATION, NUMBER)

    assert again == CERTAIN
    assert books.released == ["PN1"]


def test_a_number_that_cannot_be_looked_up_is_not_claimed(app: App, books: Books) -> None:
    before = hold(app, carrier_number_id=None)
    books.failures["find_held"] = [CarrierUnavailable("away")]

    with pytest.raises(CarrierUnavailable):
        releasing.release(app, ORGANIZATION, NUMBER)

    assert held(app, NUMBER) == before


@pytest.mark.usefixtures("number")
def test_releasing_twice_says_when_it_was_released(app: App, books: Books, clock: Clock) -> None:
    releasing.release(app, ORGANIZATION, NUMBER)
    clock.advance(hours=1)

    with pytest.raises(NumberNotFound) as refused:
        releasing.release(app, ORGANIZATION, NUMBER)

    assert str(refused.value) == (
        f"Phone number not found in your account: {NUMBER} was released on "
        "2026-03-02 at 09:00:00 UTC."
    )
    assert books.released == ["PN1"]


def test_a_number_that_nobody_holds_is_not_found(app: App) -> None:
    with pytest.raises(NumberNotFound) as refused:
        releasing.release(app, ORGANIZATION, NUMBER)

    assert str(refused.value) == "Phone number not found in your account"


def test_another_organizations_number_is_refused_and_stays(app: App, books: Books) -> None:
    theirs = hold(app, organization_id=OTHER_ORGANIZATION)
    books.hold(NUMBER, carrier_number_id="PN1")

    with pytest.raises(NotOwned, match="belongs to different organization"):
        releasing.release(app, ORGANIZATION, NUMBER)

    assert held(app, NUMBER) == theirs
    assert books.requests == []


@pytest.mark.parametrize(("provider", "error"), [("sip", UnknownProvider), ("other", Exception)])
@pytest.mark.usefixtures("number")
def test_an_unknown_provider_changes_nothing(
    app: App, books: Books, provider: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        releasing.release(app, ORGANIZATION, NUMBER, provider)

    assert books.requests == []
    assert held(app, NUMBER).status is NumberStatus.ACTIVE


def test_the_wrong_provider_changes_nothing(app: App, books: Books) -> None:
    hold(app, carrier="other")

    with pytest.raises(InvalidRequest, match="held at other, not at fake"):
        releasing.release(app, ORGANIZATION, NUMBER, "fake")

    assert books.requests == []
    assert held(app, NUMBER).status is NumberStatus.ACTIVE


def test_an_ordered_number_cannot_be_released_yet(app: App, books: Books) -> None:
    hold(app, status=NumberStatus.PENDING)

    with pytest.raises(NumberNotReady, match="not delivered yet"):
        releasing.release(app, ORGANIZATION, NUMBER)

    assert books.requests == []


def test_without_the_carriers_account_nothing_is_claimed(app: App) -> None:
    hold(app, organization_id=OTHER_ORGANIZATION)

    with pytest.raises(CarrierNotConnected):
        releasing.release(app, OTHER_ORGANIZATION, NUMBER)

    assert held(app, NUMBER).status is NumberStatus.ACTIVE


def test_a_number_that_the_carrier_does_not_hold_any_more_is_released_all_the_same(
    app: App, books: Books
) -> None:
    hold(app)

    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN
    assert books.released == []
    assert app.store.number(NUMBER) is None


@pytest.mark.parametrize(
    "error", [CarrierUnavailable("down"), CarrierPermissionDenied("not allowed")]
)
@pytest.mark.parametrize("status", [NumberStatus.ACTIVE, NumberStatus.INACTIVE])
def test_a_refusal_leaves_the_number_as_it_was(
    app: App, books: Books, status: NumberStatus, error: Exception
) -> None:
    before = hold(app, status=status)
    books.hold(NUMBER, carrier_number_id="PN1")
    books.failures["release"] = [error]

    with pytest.raises(type(error)):
        releasing.release(app, ORGANIZATION, NUMBER)

    after = held(app, NUMBER)
    assert replace(after, version=before.version) == before
    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN


@pytest.mark.usefixtures("number")
def test_a_lost_answer_of_a_release_that_took_effect_is_resolved_by_looking(
    app: App, books: Books
) -> None:
    books.vanished["release"] = [LOST]

    assert releasing.release(app, ORGANIZATION, NUMBER) == UNKNOWN
    assert held(app, NUMBER).status is NumberStatus.RELEASING
    books.requests.clear()

    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN
    assert books.requests == ["find_held"]
    assert books.released == ["PN1"]
    assert app.store.number(NUMBER) is None


@pytest.mark.usefixtures("number")
def test_a_lost_answer_of_a_release_that_had_no_effect_is_repeated(app: App, books: Books) -> None:
    books.failures["release"] = [LOST]

    assert releasing.release(app, ORGANIZATION, NUMBER) == UNKNOWN
    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN
    assert books.released == ["PN1"]


@pytest.mark.usefixtures("number")
def test_looking_that_gets_no_answer_stays_unknown(app: App, books: Books) -> None:
    books.vanished["release"] = [LOST]
    books.failures["find_held"] = [LOST]
    releasing.release(app, ORGANIZATION, NUMBER)

    assert releasing.release(app, ORGANIZATION, NUMBER) == UNKNOWN
    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN


@pytest.mark.usefixtures("number")
def test_a_refusal_soon_after_a_lost_answer_does_not_call_the_number_ours_again(
    app: App, books: Books, clock: Clock
) -> None:
    books.failures["release"] = [LOST, CarrierUnavailable("down"), CarrierUnavailable("down")]
    releasing.release(app, ORGANIZATION, NUMBER)

    with pytest.raises(CarrierUnavailable):
        releasing.release(app, ORGANIZATION, NUMBER)
    assert held(app, NUMBER).status is NumberStatus.RELEASING

    clock.advance(minutes=6)
    with pytest.raises(CarrierUnavailable):
        releasing.release(app, ORGANIZATION, NUMBER)
    assert held(app, NUMBER).status is NumberStatus.ACTIVE


@pytest.mark.usefixtures("number")
def test_a_number_bought_anew_past_us_is_not_the_one_to_release(app: App, books: Books) -> None:
    books.vanished["release"] = [LOST]
    releasing.release(app, ORGANIZATION, NUMBER)
    books.hold(NUMBER, carrier_number_id="PN2")

    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN
    assert books.held[NUMBER].carrier_number_id == "PN2"
    assert books.released == ["PN1"]


@pytest.mark.usefixtures("number")
def test_a_process_that_dies_at_the_carrier_leaves_what_a_repeat_finishes(
    app: App, books: Books, clock: Clock
) -> None:
    books.vanished["release"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        releasing.release(app, ORGANIZATION, NUMBER)

    with pytest.raises(ReleaseInProgress):
        releasing.release(app, ORGANIZATION, NUMBER)
    clock.advance(seconds=61)

    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN
    assert books.released == ["PN1"]
    assert app.store.number(NUMBER) is None


@pytest.mark.usefixtures("number")
def test_a_process_that_dies_before_the_carrier_hears_of_it_leaves_what_a_repeat_finishes(
    app: App, books: Books, clock: Clock
) -> None:
    books.failures["release"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        releasing.release(app, ORGANIZATION, NUMBER)
    clock.advance(seconds=61)

    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN
    assert books.released == ["PN1"]


@pytest.mark.usefixtures("number")
def test_a_table_that_fails_after_the_release_leaves_what_a_repeat_settles(
    app: App, books: Books, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ServiceUnavailable("away")

    with monkeypatch.context() as outage:
        outage.setattr(app.store, "settle_release", away)
        assert releasing.release(app, ORGANIZATION, NUMBER) == UNKNOWN
    clock.advance(seconds=61)

    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN
    assert books.released == ["PN1"]
    assert app.store.number(NUMBER) is None


@pytest.mark.usefixtures("number")
def test_two_at_once_ask_the_carrier_once(app: App, books: Books) -> None:
    refusals: list[str] = []

    def rival() -> None:
        with pytest.raises(ReleaseInProgress) as refused:
            releasing.release(app, ORGANIZATION, NUMBER)
        refusals.append(str(refused.value))

    books.meanwhile = rival
    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN

    assert len(refusals) == 1
    assert books.requests == ["release"]


@pytest.mark.usefixtures("number")
def test_an_assistant_that_changes_meanwhile_does_not_keep_the_number(
    app: App, books: Books
) -> None:
    app.store.put_assistant(an_assistant())
    books.meanwhile = lambda: app.store.put_assistant(an_assistant(version=1, name="Renamed"))

    assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN
    assert app.store.number(NUMBER) is None


@pytest.mark.usefixtures("number")
def test_a_number_that_is_being_released_cannot_be_bought_again_yet(app: App, books: Books) -> None:
    books.vanished["release"] = [LOST]
    releasing.release(app, ORGANIZATION, NUMBER)

    with pytest.raises(Exception, match="just being released"):
        purchasing.purchase(app, ORGANIZATION, a_purchase())

    assert books.bought == []


def test_a_number_may_be_bought_released_and_bought_again(app: App, books: Books) -> None:
    for _ in range(2):
        purchasing.purchase(app, ORGANIZATION, a_purchase())
        assert releasing.release(app, ORGANIZATION, NUMBER) == CERTAIN

    assert len(books.bought) == 2
    assert books.released == ["PN1", "PN1"]
