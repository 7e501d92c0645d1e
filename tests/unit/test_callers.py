"""Who gets through to the assistant, who is turned away, and who goes straight to a person."""

from dataclasses import replace

import pytest

from switchboard import calls
from switchboard.app import App
from switchboard.carriers.base import InboundCall
from switchboard.model import E164, CallStatus, ConnectStream, Dial, Hangup
from switchboard.webhooks import handle
from tests.builders import CALL_SID, CALLER, NUMBER, ORGANIZATION, an_assistant, an_event
from tests.clock import START
from tests.fakes import Books
from tests.unit.holding import hold
from tests.unit.test_answer import SIGNED

PERSON = E164("+12125550123")
FRENCH = "+33142685300"


def ring(app: App, books: Books, caller: str) -> None:
    books.webhook = InboundCall(an_event(from_=caller), caller, NUMBER)
    handle(app, "fake", ORGANIZATION, SIGNED)


def test_a_caller_from_another_country_is_turned_away_and_the_call_says_why(
    app: App, books: Books
) -> None:
    hold(app, allowed_country_codes=("US", "CA"))

    ring(app, books, FRENCH)

    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert books.instructions == [Hangup()]
    assert (call.status, call.answered_with) == (CallStatus.CANCELLED, "reject")
    assert call.ended_at == START
    assert call.hangup_cause is not None
    assert "takes no calls from FR" in call.hangup_cause


@pytest.mark.parametrize("caller", [CALLER, "+16045550123", "anonymous", "", "sip:a@b.example"])
def test_callers_from_the_listed_countries_and_of_no_country_get_through(
    app: App, books: Books, caller: str
) -> None:
    hold(app, allowed_country_codes=("US", "CA"))

    ring(app, books, caller)

    assert isinstance(books.instructions[0], ConnectStream)


def test_everybody_gets_through_where_no_country_is_listed(app: App, books: Books) -> None:
    hold(app)

    ring(app, books, FRENCH)

    assert isinstance(books.instructions[0], ConnectStream)


def test_a_caller_who_was_turned_away_is_so_again_when_the_webhook_repeats(
    app: App, books: Books
) -> None:
    hold(app, allowed_country_codes=("US",))

    ring(app, books, FRENCH)
    ring(app, books, FRENCH)

    assert books.instructions == [Hangup(), Hangup()]


def test_what_the_carrier_says_later_does_not_make_it_a_call_that_took_place(
    app: App, books: Books
) -> None:
    hold(app, allowed_country_codes=("US",))
    ring(app, books, FRENCH)

    ended = an_event(id="event-2", type="completed", status=CallStatus.COMPLETED, from_=FRENCH)
    books.webhook = ended
    handle(app, "fake", ORGANIZATION, SIGNED)

    assert calls.find_by_sid(app, ORGANIZATION, CALL_SID).status is CallStatus.CANCELLED


def test_an_event_that_overtakes_the_ringing_lets_nobody_in(app: App, books: Books) -> None:
    hold(app, allowed_country_codes=("US",))
    books.webhook = an_event(id="event-0", type="initiated", from_=FRENCH)
    handle(app, "fake", ORGANIZATION, SIGNED)

    ring(app, books, FRENCH)

    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert books.instructions == [Hangup()]
    assert (call.status, call.answered_with) == (CallStatus.CANCELLED, "reject")


@pytest.mark.parametrize("is_active", [True, False])
def test_a_caller_who_bypasses_the_assistant_is_put_through_to_a_person(
    app: App, books: Books, is_active: bool
) -> None:
    bypassed = an_assistant(
        is_active=is_active, bypass_numbers=(E164(CALLER),), transfer_number=PERSON
    )
    hold(app, assistant=bypassed)

    ring(app, books, CALLER)

    assert books.instructions == [Dial(PERSON)]
    assert calls.find_by_sid(app, ORGANIZATION, CALL_SID).answered_with == "dial"


@pytest.mark.parametrize(
    "changes",
    [
        {"bypass_numbers": (E164(CALLER),)},
        {"bypass_numbers": (E164("+12125550000"),), "transfer_number": PERSON},
        {"transfer_number": PERSON},
    ],
)
def test_nobody_else_bypasses_the_assistant(
    app: App, books: Books, changes: dict[str, object]
) -> None:
    hold(app, assistant=replace(an_assistant(), **changes))  # type: ignore[arg-type]

    ring(app, books, CALLER)

    assert isinstance(books.instructions[0], ConnectStream)
