"""Numbers: what was bought is known, what was released is gone, and what is active serves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from switchboard.app import App
from switchboard.carriers.stock import AvailableNumber, Drift
from switchboard.errors import CarrierUnavailable, OutcomeUnknown
from switchboard.model import E164, Capabilities, Number, NumberStatus, OrderStatus, ReleaseClaim
from switchboard.numbers import purchasing, releasing
from switchboard.reconciling import looking, mending, running
from switchboard.store import NumberChange
from tests.builders import (
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_number,
    a_purchase,
    an_order,
    an_organization,
)
from tests.clock import START, Clock
from tests.fakes import Books
from tests.reconciling.conftest import applied, planned
from tests.unit.holding import held, hold, recorded

LOST = OutcomeUnknown("no answer")
URL = "https://hooks.example.com/fake"
LEFT = ReleaseClaim(NumberStatus.ACTIVE, first_at=START)


def order(app: App) -> OrderStatus:
    found = app.store.order(ORGANIZATION, "key-1")
    assert found
    return found.status


def long_held(app: App, **changes: Any) -> Number:
    """Put a number into the table that nobody has changed for an hour."""
    return hold(app, **{"updated_at": START - timedelta(hours=1)} | changes)


def here(books: Books, **changes: object) -> None:
    """Put the number into the account, pointing here."""
    wanted = {"carrier_number_id": "PN1", "points_here": True, "points_nowhere": False}
    books.hold(NUMBER, **wanted | {"voice_url": URL} | changes)


# --- purchases ---


def test_a_number_that_was_bought_and_not_settled_is_adopted(app: App, books: Books) -> None:
    books.lost_answers.append(LOST)
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    assert order(app) is OrderStatus.UNKNOWN
    books.held[NUMBER] = replace(books.held[NUMBER], voice_url=URL)

    assert planned(app) == [
        ("order", NUMBER, "fake holds it: it was bought, and not settled"),
    ]
    assert applied(app) == [("order", NUMBER, "the order is active")]

    assert held(app, NUMBER).status is NumberStatus.ACTIVE
    assert order(app) is OrderStatus.ACTIVE
    assert len(books.bought) == 1
    assert planned(app) == []


def test_a_purchase_whose_process_died_before_the_carrier_was_asked_frees_its_number(
    app: App, books: Books, clock: Clock
) -> None:
    books.buy_errors.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    assert planned(app) == []  # whoever buys may be at it still

    clock.advance(minutes=6)
    assert planned(app) == [("order", NUMBER, "fake does not hold it: it was not bought")]
    assert applied(app) == [("order", NUMBER, "the order is failed")]

    assert app.store.number(NUMBER) is None
    assert order(app) is OrderStatus.FAILED
    assert books.bought == []


def test_an_order_that_the_carrier_keeps_waiting_stays_pending(
    app: App, books: Books, clock: Clock
) -> None:
    books.status = OrderStatus.PENDING
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    del books.held[NUMBER]
    clock.advance(days=3)

    assert applied(app) == [("order", NUMBER, "the order is pending")]
    assert held(app, NUMBER).status is NumberStatus.PENDING

    books.status = OrderStatus.ACTIVE
    assert applied(app) == [("order", NUMBER, "the order is active")]


def test_records_that_cannot_be_read_settle_nothing(app: App, books: Books, clock: Clock) -> None:
    books.lost_answers.append(LOST)
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    clock.advance(hours=1)
    down = CarrierUnavailable("fake cannot be reached")
    books.failures = {"find_held": [down], "held_numbers": [down]}

    found = planned(app)

    assert found == [
        ("unreadable", NUMBER, "fake cannot be reached"),
        ("unreadable", "account", "fake cannot be reached"),
    ]
    assert order(app) is OrderStatus.UNKNOWN


# --- releases ---


def test_a_release_that_took_effect_unheard_is_settled(app: App, books: Books) -> None:
    long_held(app)
    here(books)
    books.vanished["release"] = [LOST]
    assert not releasing.release(app, ORGANIZATION, NUMBER).is_certain

    assert planned(app) == [("release", NUMBER, "fake does not hold it any more")]
    assert applied(app) == [("release", NUMBER, "released")]

    assert app.store.number(NUMBER) is None
    assert books.released == ["PN1"]


def test_a_release_that_did_not_take_effect_is_finished(app: App, books: Books) -> None:
    long_held(app)
    here(books)
    books.failures["release"] = [LOST]
    releasing.release(app, ORGANIZATION, NUMBER)

    assert planned(app) == [("release", NUMBER, "fake still holds it")]
    assert applied(app) == [("release", NUMBER, "released")]

    assert books.released == ["PN1"]
    assert planned(app) == []


def test_a_release_without_an_id_of_one_purchase_is_left_to_a_person(
    app: App, books: Books, clock: Clock
) -> None:
    hold(app, carrier_number_id=None, status=NumberStatus.RELEASING, release=LEFT)
    here(books)
    clock.advance(minutes=10)

    swept = running.sweep(app, clock() + timedelta(minutes=4))

    assert (swept.found["release"], swept.problems) == (1, 1)
    assert books.released == []
    assert applied(app) == [("release", NUMBER, "released")]
    assert books.released == ["PN1"]


def test_a_release_that_is_being_made_is_left_alone(app: App, books: Books, clock: Clock) -> None:
    long_held(app)
    here(books)
    books.failures["release"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        releasing.release(app, ORGANIZATION, NUMBER)

    clock.advance(seconds=30)
    assert planned(app) == []
    clock.advance(seconds=31)
    assert applied(app) == [("release", NUMBER, "released")]


# --- all that an account holds ---


def test_when_all_is_well_there_is_nothing_to_say(app: App, books: Books) -> None:
    long_held(app)
    here(books)

    assert planned(app) == []
    assert applied(app) == []


def test_a_number_that_vanished_from_the_account_is_no_longer_called_active(
    app: App, books: Books, clock: Clock
) -> None:
    hold(app)
    assert planned(app) == []  # it may have been delivered a moment ago
    clock.advance(minutes=6)

    assert planned(app) == [("vanished", NUMBER, "is in the table, and fake does not hold it")]
    assert applied(app) == [
        ("vanished", NUMBER, "marked inactive: The account does not hold it any more.")
    ]

    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert planned(app) == []


def test_a_number_that_points_elsewhere_is_brought_back_when_a_person_asks(
    app: App, books: Books
) -> None:
    long_held(app)
    here(books, points_here=False, voice_url="https://other.example.com/")

    assert planned(app) == [
        ("elsewhere", NUMBER, "points elsewhere at fake: https://other.example.com/")
    ]
    assert applied(app) == [("elsewhere", NUMBER, "its calls come here: active")]

    assert books.held[NUMBER].points_here
    assert planned(app) == []


def test_the_sweep_says_that_a_number_points_elsewhere_and_leaves_it_there(
    app: App, books: Books, clock: Clock
) -> None:
    long_held(app)
    here(books, points_here=False, voice_url="https://other.example.com/")

    swept = running.sweep(app, clock() + running._ALL_EVERY)

    assert swept.found == {"elsewhere": 1}
    assert not books.held[NUMBER].points_here
    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert recorded(app) == [("number.updated", NUMBER, {"status": "inactive"})]


def test_the_sweep_points_here_what_points_nowhere(app: App, books: Books, clock: Clock) -> None:
    long_held(app)
    here(books, points_here=False, points_nowhere=True)

    running.sweep(app, clock() + running._ALL_EVERY)

    assert books.held[NUMBER].points_here
    assert held(app, NUMBER).status is NumberStatus.ACTIVE


def test_a_webhook_that_points_elsewhere_is_named_and_left_to_a_person(
    app: App, books: Books, clock: Clock
) -> None:
    number = long_held(app)
    here(books, drifts=(Drift("status_callback", "https://other.example.com/", "ours"),))

    assert planned(app) == [
        (
            "drifted",
            NUMBER,
            "its calls come here, but at fake status_callback is https://other.example.com/, "
            "not ours",
        )
    ]
    swept = running.sweep(app, clock() + running._ALL_EVERY)
    assert (swept.found, swept.problems) == ({"drifted": 1}, 1)
    assert "wire" not in books.requests

    assert applied(app) == [("drifted", NUMBER, "set again")]
    assert planned(app) == []
    assert held(app, NUMBER) == number


def test_the_sweep_sets_a_webhook_that_is_empty(app: App, books: Books, clock: Clock) -> None:
    long_held(app)
    here(books, drifts=(Drift("status_callback", None, "ours"),))

    assert running.sweep(app, clock() + running._ALL_EVERY).problems == 0

    assert books.requests.count("wire") == 1
    assert planned(app) == []


def test_a_webhook_that_somebody_changes_meanwhile_is_left_to_a_person(
    app: App, books: Books, clock: Clock
) -> None:
    long_held(app)
    here(books, drifts=(Drift("status_callback", None, "ours"),))
    [finding] = running.plan(app, ORGANIZATION)
    here(books, drifts=(Drift("status_callback", "https://other.example.com/", "ours"),))

    account = looking.Account(app, an_organization(), "fake")
    outcome = mending.mend(account, finding, by_person=False)

    assert outcome.outcome == "it changed meanwhile, and is looked at again"
    assert "wire" not in books.requests


@pytest.mark.parametrize(
    "changes",
    [
        {"texts_are_off": True},
        {"capabilities": Capabilities(voice=True)},
    ],
)
def test_messages_that_are_not_wanted_or_not_possible_are_not_brought_here(
    app: App, books: Books, changes: dict[str, Any]
) -> None:
    long_held(app, **changes)
    here(books, drifts=(Drift("messaging_profile_id", None, "mp-1", is_of_texts=True),))

    assert planned(app) == []


def test_calls_are_set_again_without_messages_where_these_are_switched_off(
    app: App, books: Books
) -> None:
    long_held(app, texts_are_off=True)
    wrong = Drift("status_callback", None, "ours")
    here(books, drifts=(wrong, Drift("sms_url", "demo", "ours", is_of_texts=True)))

    applied(app)

    assert "wire" not in books.requests
    assert books.requests.count("set_voice_url") == 1


def test_a_messaging_profile_that_the_buyer_has_named_is_right(app: App, books: Books) -> None:
    number = a_number(updated_at=START - timedelta(hours=1), status=NumberStatus.ACTIVE)
    order = an_order(key=number.order_key, messaging_profile_id="mp-2")
    app.store.claim(order, number)
    here(books, drifts=(Drift("messaging_profile_id", "mp-2", "mp-1", is_of_texts=True),))

    assert planned(app) == []

    here(books, drifts=(Drift("messaging_profile_id", "mp-3", "mp-1", is_of_texts=True),))
    assert [kind for kind, _, _ in planned(app)] == ["drifted"]


def test_a_number_that_points_here_again_is_active(app: App, books: Books) -> None:
    long_held(app, status=NumberStatus.INACTIVE)
    here(books)

    assert applied(app) == [("back", NUMBER, "its calls come here: active")]
    assert held(app, NUMBER).status is NumberStatus.ACTIVE


def test_a_number_with_our_mark_and_without_a_row_is_taken_over(app: App, books: Books) -> None:
    here(books)

    assert planned(app) == [
        ("unrecorded", NUMBER, "is held at fake and points here, without a row")
    ]
    assert applied(app) == [("unrecorded", NUMBER, "taken over as active")]

    assert held(app, NUMBER).organization_id == ORGANIZATION
    assert planned(app) == []


def test_a_number_that_was_released_a_moment_ago_is_not_taken_over_again(
    app: App, books: Books, clock: Clock
) -> None:
    long_held(app)
    here(books)
    releasing.release(app, ORGANIZATION, NUMBER)
    here(books)  # some carriers go on showing it for a while

    assert planned(app) == []
    clock.advance(hours=2)
    assert [kind for kind, _, _ in planned(app)] == ["unrecorded"]


def test_an_orphan_is_listed_with_its_price_and_never_touched(app: App, books: Books) -> None:
    books.hold(NUMBER, points_nowhere=False, voice_url="https://other.example.com/")
    books.for_sale = [
        AvailableNumber(E164("+14155550777"), "US", Capabilities(voice=True), monthly_cost="1.00")
    ]
    before = dict(books.held)

    [finding] = running.plan(app, ORGANIZATION)
    outcomes = applied(app)

    assert (finding.kind, finding.target, finding.monthly_price) == ("orphan", NUMBER, "1.00")
    assert finding.does == ""
    assert outcomes == [("orphan", NUMBER, "")]
    assert books.held == before
    assert app.store.number(NUMBER) is None


def test_a_number_of_another_organization_is_not_looked_at(app: App, books: Books) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    theirs = long_held(app, organization_id=OTHER_ORGANIZATION)
    here(books)

    assert planned(app) == []
    assert applied(app) == []
    assert held(app, NUMBER) == theirs


def test_webhooks_that_all_numbers_share_are_renewed_when_a_person_asks(
    app: App, books: Books, clock: Clock
) -> None:
    long_held(app)
    here(books)
    books.account_drifts = (Drift("event_url", "https://old.example.com/fake", URL),)

    assert planned(app) == [
        (
            "account",
            "account",
            "its numbers are tied to webhooks elsewhere: event_url is "
            f"https://old.example.com/fake, not {URL}",
        )
    ]
    running.sweep(app, clock() + running._ALL_EVERY)
    assert books.connections == 0
    assert applied(app) == [("account", "account", "its URLs are renewed")]
    assert books.connections == 1


def test_what_is_mended_is_told_and_on_record_as_ever(app: App, books: Books) -> None:
    long_held(app)
    here(books)
    books.vanished["release"] = [LOST]
    releasing.release(app, ORGANIZATION, NUMBER)

    running.sweep(app, app.clock() + running._ALL_EVERY)

    assert [(action, target) for action, target, _ in recorded(app)] == [
        ("number.released", NUMBER)
    ]
    told = app.store.events_after(ORGANIZATION, "0", 10)
    assert [(event.type, "number.released" in event.payload) for event in told] == [
        ("number-update", True)
    ]


def test_a_number_that_was_changed_a_moment_ago_is_left_alone(
    app: App, books: Books, clock: Clock
) -> None:
    hold(app)
    here(books, points_here=False, voice_url="https://other.example.com/")
    clock.advance(minutes=4)
    assert planned(app) == []

    clock.advance(minutes=2)
    assert [kind for kind, _, _ in planned(app)] == ["elsewhere"]


def test_a_number_that_changes_while_it_is_mended_is_left_to_whoever_changes_it(
    app: App, books: Books
) -> None:
    number = long_held(app)
    here(books, points_here=False, voice_url="https://other.example.com/")
    [finding] = running.plan(app, ORGANIZATION)
    renamed = replace(number, friendly_name="Another name")
    app.store.change_numbers([NumberChange(number, renamed)])

    account = looking.Account(app, an_organization(), "fake")
    outcome = mending.mend(account, finding, by_person=True)

    assert outcome.outcome == "it changed meanwhile, and is looked at again"
    assert not books.held[NUMBER].points_here
