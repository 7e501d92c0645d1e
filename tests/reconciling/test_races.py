"""Reconciling while customers act on the same things: each thing happens once."""

from dataclasses import replace

import pytest

from switchboard import control
from switchboard.app import App
from switchboard.errors import OutcomeUnknown
from switchboard.model import CallStatus, Number, OrderStatus
from switchboard.numbers import purchasing, releasing
from switchboard.reconciling import looking, mending, running
from tests.builders import NUMBER, ORGANIZATION, a_purchase, an_organization
from tests.clock import Clock
from tests.fakes import Books
from tests.reconciling.conftest import applied
from tests.unit.dialing import allow, dial, taken
from tests.unit.holding import held, hold

LOST = OutcomeUnknown("no answer")
CHANGED = "it changed meanwhile, and is looked at again"


def mended(app: App) -> list[str]:
    return [outcome for _, _, outcome in applied(app)]


@pytest.fixture
def releasing_number(app: App, books: Books) -> Number:
    """A number whose release got no answer."""
    number = hold(app)
    books.hold(NUMBER, carrier_number_id="PN1", points_here=True)
    books.failures["release"] = [LOST]
    releasing.release(app, ORGANIZATION, NUMBER)
    return number


@pytest.mark.usefixtures("releasing_number")
def test_a_release_that_is_repeated_while_it_is_judged_is_made_once(app: App, books: Books) -> None:
    books.meanwhile = lambda: releasing.release(app, ORGANIZATION, NUMBER)

    assert mended(app) == [CHANGED]

    assert books.released == ["PN1"]
    assert app.store.number(NUMBER) is None


@pytest.mark.usefixtures("releasing_number")
def test_a_release_that_is_mended_while_it_is_repeated_is_made_once(
    app: App, books: Books, clock: Clock
) -> None:
    books.meanwhile = lambda: running.sweep(app, clock() + running._ALL_EVERY)

    assert releasing.release(app, ORGANIZATION, NUMBER).is_certain

    assert books.released == ["PN1"]
    assert app.store.number(NUMBER) is None


def test_a_number_that_is_bought_anew_while_its_old_release_is_mended_stays(
    app: App, books: Books, releasing_number: Number
) -> None:
    finding = next(running.plan(app, ORGANIZATION))
    releasing.release(app, ORGANIZATION, NUMBER)
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-2")

    account = looking.Account(app, an_organization(), "fake")
    assert mending.mend(account, finding, by_person=True).problem == CHANGED

    assert held(app, NUMBER).order_key == "key-2"
    assert books.released == ["PN1"]


def test_a_purchase_that_is_repeated_while_it_is_settled_buys_once(app: App, books: Books) -> None:
    books.lost_answers.append(LOST)
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    url = "https://hooks.example.com/fake"
    books.held = {it: replace(held, voice_url=url) for it, held in books.held.items()}
    answers = []

    def repeat() -> None:
        answers.append(purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1").order.status)

    books.meanwhile = repeat
    assert mended(app) == ["the order is active"]

    assert answers == [OrderStatus.ACTIVE]
    assert len(books.bought) == 1


def test_a_call_that_is_placed_while_it_is_judged_goes_on(
    app: App, books: Books, clock: Clock
) -> None:
    allow(app)
    hold(app)
    books.lost_answers.append(LOST)
    call = dial(app).call
    clock.advance(minutes=6)
    [finding] = [it for it in running.plan(app, ORGANIZATION) if it.kind == "dial"]
    before = app.store.call(call.id)
    assert before
    app.store.save_call(before, replace(before, status=CallStatus.RINGING, call_sid="CA1"))

    account = looking.Account(app, an_organization(), "fake")
    assert mending.mend(account, finding, by_person=True).problem == CHANGED

    after = app.store.call(call.id)
    assert after
    assert after.status is CallStatus.RINGING
    assert len(taken(app)) == 1
    assert control.terminate(app, ORGANIZATION, "CA1").status is CallStatus.CANCELLED
