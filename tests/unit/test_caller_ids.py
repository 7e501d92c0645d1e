"""Caller ids: shown only when a carrier has verified them."""

from dataclasses import replace

import pytest

from switchboard import caller_ids
from switchboard.app import App
from switchboard.errors import (
    CarrierNotConnected,
    CarrierUnavailable,
    InvalidNumber,
    InvalidRequest,
    OutcomeUnknown,
    RateLimited,
)
from switchboard.model import CallerId
from tests.builders import CALLER, NUMBER, ORGANIZATION, OTHER_ORGANIZATION, an_organization
from tests.fakes import Books
from tests.unit.holding import hold


def test_a_number_is_called_and_taken_once_it_is_verified(app: App, books: Books) -> None:
    begun = caller_ids.verify(app, ORGANIZATION, "fake", CALLER, "Desk")

    assert (begun.is_verified, begun.code) == (False, "123456")
    assert caller_ids.list_all(app, ORGANIZATION) == []
    books.caller_ids[CALLER] = "Desk"
    assert caller_ids.verify(app, ORGANIZATION, "fake", CALLER).is_verified
    assert caller_ids.list_all(app, ORGANIZATION) == [CallerId(CALLER, "fake")]


def test_a_number_that_was_bought_here_needs_no_verification(app: App, books: Books) -> None:
    hold(app)

    with pytest.raises(InvalidRequest, match="was bought here"):
        caller_ids.verify(app, ORGANIZATION, "fake", NUMBER)
    with pytest.raises(InvalidNumber):
        caller_ids.verify(app, ORGANIZATION, "fake", "12125550199")
    assert books.requests == []


def test_a_call_that_may_be_on_its_way_is_no_success(app: App, books: Books) -> None:
    books.failures["verify_caller_id"] = [OutcomeUnknown("fake did not answer.")]

    with pytest.raises(CarrierUnavailable):
        caller_ids.verify(app, ORGANIZATION, "fake", CALLER)


def test_all_that_the_carriers_list_is_taken_once(app: App, books: Books) -> None:
    hold(app)
    books.caller_ids = {CALLER: "Desk", "+12125550198": "Sales", NUMBER: "Ours"}
    app = replace(app, carrier_names=("fake",))

    [first] = caller_ids.sync(app, ORGANIZATION)
    [again] = caller_ids.sync(app, ORGANIZATION)

    assert (len(first.listed), first.added) == (2, 2)
    assert (len(again.listed), again.added) == (2, 0)
    assert {it.phone_number for it in caller_ids.list_all(app, ORGANIZATION)} == set(first.listed)


def test_an_account_that_cannot_be_read_is_told(app: App, books: Books) -> None:
    app = replace(app, carrier_names=("fake",))
    books.failures["verified_caller_ids"] = [RateLimited("fake is busy.")]

    with pytest.raises(RateLimited):
        caller_ids.sync(app, ORGANIZATION)


def test_without_an_account_there_is_nothing_to_take(app: App) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))

    with pytest.raises(CarrierNotConnected, match="has no carrier account"):
        caller_ids.sync(replace(app, carrier_names=("fake",)), OTHER_ORGANIZATION)
