"""Buying a number: once per intent, whatever dies, repeats or races."""

from dataclasses import replace

import pytest

from switchboard.app import App
from switchboard.carriers.base import OrderUpdate
from switchboard.errors import (
    AssistantNotFound,
    CarrierNotConnected,
    CarrierUnavailable,
    IdempotencyKeyReused,
    InsufficientBalance,
    InvalidNumber,
    InvalidRequest,
    NumberUnavailable,
    OutcomeUnknown,
    PurchaseInProgress,
    RateLimited,
    ServiceUnavailable,
    SwitchboardError,
    UnknownProvider,
)
from switchboard.model import Capabilities, NumberStatus, OrderStatus, PurchaseResult, Refusal
from switchboard.numbers import purchasing
from tests.builders import (
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_purchase,
    an_assistant,
    an_organization,
)
from tests.clock import Clock
from tests.fakes import Books

LOST = OutcomeUnknown("no answer")


def test_a_bought_number_is_active_and_knows_its_assistant(app: App, books: Books) -> None:
    app.store.put_assistant(an_assistant())

    bought = purchasing.purchase(app, ORGANIZATION, a_purchase(assistant_id=3001), "key-1")

    number = app.store.number(NUMBER)
    assert bought.order.status is OrderStatus.ACTIVE
    assert not bought.replayed
    assert len(books.bought) == 1
    assert number is not None
    assert number.status is NumberStatus.ACTIVE
    assert number.organization_id == ORGANIZATION
    assert number.assistant == an_assistant(version=1)
    assert number.capabilities == Capabilities(voice=True, sms=True)
    assert number.country_code == "US"


def test_the_same_key_and_body_buys_nothing_and_says_it_is_a_repeat(app: App, books: Books) -> None:
    first = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    again = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert again.replayed
    assert again.order == first.order
    assert len(books.bought) == 1


def test_the_same_key_with_another_body_is_refused(app: App, books: Books) -> None:
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    with pytest.raises(IdempotencyKeyReused, match="key-1"):
        purchasing.purchase(app, ORGANIZATION, a_purchase(friendly_name="Another"), "key-1")

    assert len(books.bought) == 1


def test_two_organizations_may_use_the_same_key(app: App, books: Books) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    app.secrets.store_carrier(OTHER_ORGANIZATION, "fake", {})
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    other = purchasing.purchase(
        app, OTHER_ORGANIZATION, a_purchase(phone_number="+14155550101"), "key-1"
    )

    assert not other.replayed
    assert len(books.bought) == 2


def test_a_request_that_is_still_running_is_not_joined_by_its_repeat(
    app: App, books: Books
) -> None:
    outcomes: list[SwitchboardError] = []

    def repeat() -> None:
        with pytest.raises(PurchaseInProgress) as refused:
            purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
        outcomes.append(refused.value)

    books.meanwhile = repeat
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert len(outcomes) == 1
    assert len(books.bought) == 1


def test_another_key_cannot_buy_a_number_that_is_being_bought(app: App, books: Books) -> None:
    refusals: list[str] = []

    def rival() -> None:
        with pytest.raises(NumberUnavailable) as refused:
            purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-2")
        refusals.append(str(refused.value))

    books.meanwhile = rival
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert "is being bought" in refusals[0]
    assert len(books.bought) == 1


def test_a_number_of_another_organization_says_nothing_about_its_owner(
    app: App, books: Books
) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    app.secrets.store_carrier(OTHER_ORGANIZATION, "fake", {})
    purchasing.purchase(app, OTHER_ORGANIZATION, a_purchase())

    with pytest.raises(NumberUnavailable) as refused:
        purchasing.purchase(app, ORGANIZATION, a_purchase())

    assert (
        str(refused.value) == f"{NUMBER} is not available. Search again and choose another number."
    )
    assert len(books.bought) == 1


def test_a_number_that_is_already_ours_is_not_bought_again(app: App, books: Books) -> None:
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    with pytest.raises(NumberUnavailable, match="already yours"):
        purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-2")

    assert len(books.bought) == 1


@pytest.mark.parametrize("refusal", [NumberUnavailable, InsufficientBalance])
def test_a_refusal_of_a_request_that_was_sent_twice_is_no_refusal(
    app: App, books: Books, refusal: type[SwitchboardError]
) -> None:
    # The first of the two has bought the number; the answer to the second is heard.
    books.lost_answers = [refusal("not sold")]

    bought = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    number = app.store.number(NUMBER)
    assert number
    assert (bought.order.status, number.status) == (OrderStatus.ACTIVE, NumberStatus.ACTIVE)
    assert len(books.bought) == 1


def test_a_refusal_that_nobody_can_look_behind_is_unknown_until_somebody_can(
    app: App, books: Books
) -> None:
    books.lost_answers = [NumberUnavailable("not sold")]
    books.look_errors = [CarrierUnavailable("away")]

    first = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    again = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert first.order.status is OrderStatus.UNKNOWN
    assert again.order.status is OrderStatus.ACTIVE
    assert len(books.bought) == 1


def test_other_refusals_are_not_looked_behind(app: App, books: Books) -> None:
    books.buy_errors = [InvalidNumber("no such number")]

    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert books.looks == 0


def test_a_refusal_frees_the_number_and_is_told_again_to_the_same_key(
    app: App, books: Books
) -> None:
    books.buy_errors = [InsufficientBalance("Add funds.")]

    refused = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    again = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    fresh = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-2")

    assert refused.order.status is OrderStatus.FAILED
    assert refused.order.refusal is not None
    assert (refused.order.refusal.status, refused.order.refusal.code) == (
        402,
        "insufficient_balance",
    )
    assert again.replayed
    assert again.order == refused.order
    assert fresh.order.status is OrderStatus.ACTIVE
    assert len(books.bought) == 1


@pytest.mark.parametrize("error", [CarrierUnavailable("down"), RateLimited("slow down")])
def test_a_carrier_that_did_nothing_may_be_asked_again_with_the_same_key(
    app: App, books: Books, error: CarrierUnavailable
) -> None:
    books.buy_errors = [error]
    with pytest.raises(CarrierUnavailable):
        purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    again = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert (again.order.status, again.replayed) == (OrderStatus.ACTIVE, False)
    assert len(books.bought) == 1


def test_a_lost_answer_is_unknown_and_a_repeat_resolves_it_by_looking(
    app: App, books: Books
) -> None:
    books.lost_answers = [LOST]

    unknown = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    resolved = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    number = app.store.number(NUMBER)
    assert unknown.order.status is OrderStatus.UNKNOWN
    assert resolved.order.status is OrderStatus.ACTIVE
    assert resolved.replayed
    assert number is not None
    assert number.status is NumberStatus.ACTIVE
    assert len(books.bought) == 1


def test_what_the_carrier_has_no_trace_of_stays_unknown_until_it_can_no_longer_come(
    app: App, books: Books, clock: Clock
) -> None:
    books.buy_errors = [LOST]
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    clock.advance(minutes=4)
    early = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    clock.advance(minutes=2)
    late = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert early.order.status is OrderStatus.UNKNOWN
    assert late.order.status is OrderStatus.FAILED
    assert late.order.refusal is not None
    assert "no record of the purchase" in late.order.refusal.message
    assert app.store.number(NUMBER) is None


def test_an_unknown_purchase_does_not_block_the_number_for_ever(
    app: App, books: Books, clock: Clock
) -> None:
    books.buy_errors = [LOST]
    purchasing.purchase(app, ORGANIZATION, a_purchase())
    with pytest.raises(NumberUnavailable, match="outcome is not known"):
        purchasing.purchase(app, ORGANIZATION, a_purchase())

    clock.advance(minutes=6)
    fresh = purchasing.purchase(app, ORGANIZATION, a_purchase())

    assert fresh.order.status is OrderStatus.ACTIVE
    assert len(books.bought) == 1


def test_an_unknown_purchase_that_took_effect_is_found_by_a_new_key_and_not_repeated(
    app: App, books: Books, clock: Clock
) -> None:
    books.lost_answers = [LOST]
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    with pytest.raises(NumberUnavailable):
        purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-2")

    number = app.store.number(NUMBER)
    assert number is not None
    assert number.status is NumberStatus.ACTIVE
    assert len(books.bought) == 1


def test_a_process_that_dies_after_buying_leaves_what_a_repeat_finishes(
    app: App, books: Books, clock: Clock
) -> None:
    books.lost_answers = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    with pytest.raises(PurchaseInProgress):
        purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    clock.advance(seconds=61)
    finished = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert finished.order.status is OrderStatus.ACTIVE
    assert len(books.bought) == 1


def test_a_table_that_fails_after_buying_leaves_an_unknown_outcome_that_a_repeat_settles(
    app: App, books: Books, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ServiceUnavailable("away")

    with monkeypatch.context() as outage:
        outage.setattr(app.store, "settle", away)
        unknown = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    clock.advance(seconds=61)
    settled = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert unknown.order.status is OrderStatus.UNKNOWN
    assert settled.order.status is OrderStatus.ACTIVE
    assert len(books.bought) == 1


def test_a_pending_order_is_watched_for_some_seconds_and_then_reported_as_pending(
    app: App, books: Books, clock: Clock
) -> None:
    books.status = OrderStatus.PENDING

    pending = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    number = app.store.number(NUMBER)
    assert pending.order.status is OrderStatus.PENDING
    assert number is not None
    assert number.status is NumberStatus.PENDING
    assert sum(clock.waits) <= 10
    assert books.looks == len(clock.waits)


def test_a_pending_order_that_is_delivered_while_we_watch_is_active(app: App, books: Books) -> None:
    books.first_status = OrderStatus.PENDING

    bought = purchasing.purchase(app, ORGANIZATION, a_purchase())

    assert bought.order.status is OrderStatus.ACTIVE
    assert books.looks == 1


def test_a_pending_order_is_settled_by_the_carriers_announcement(app: App, books: Books) -> None:
    books.status = OrderStatus.PENDING
    pending = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1").order
    looks = books.looks

    announced = OrderUpdate(pending.id, NUMBER, PurchaseResult(OrderStatus.ACTIVE, {"x": "new"}))
    purchasing.settle_delivered(app, ORGANIZATION, announced)
    purchasing.settle_delivered(app, ORGANIZATION, announced)

    order, number = app.store.order(ORGANIZATION, "key-1"), app.store.number(NUMBER)
    assert order is not None
    assert order.status is OrderStatus.ACTIVE
    assert order.details == pending.details | {"x": "new"}
    assert number is not None
    assert number.status is NumberStatus.ACTIVE
    assert books.looks == looks


def test_an_announced_failure_frees_the_number(app: App, books: Books) -> None:
    books.status = OrderStatus.PENDING
    pending = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1").order

    refusal = Refusal(409, "number_unavailable", "Taken.")
    failure = PurchaseResult(OrderStatus.FAILED, refusal=refusal)
    purchasing.settle_delivered(app, ORGANIZATION, OrderUpdate(pending.id, NUMBER, failure))

    order = app.store.order(ORGANIZATION, "key-1")
    assert order is not None
    assert (order.status, order.refusal) == (OrderStatus.FAILED, refusal)
    assert app.store.number(NUMBER) is None


@pytest.mark.parametrize(("organization_id", "other"), [(OTHER_ORGANIZATION, 0), (ORGANIZATION, 1)])
def test_an_announcement_of_another_organization_or_order_changes_nothing(
    app: App, books: Books, organization_id: int, other: int
) -> None:
    books.status = OrderStatus.PENDING
    pending = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1").order

    announced = OrderUpdate(pending.id + other, NUMBER, PurchaseResult(OrderStatus.ACTIVE))
    purchasing.settle_delivered(app, organization_id, announced)

    order = app.store.order(ORGANIZATION, "key-1")
    assert order is not None
    assert order.status is OrderStatus.PENDING


def test_looking_that_fails_leaves_the_outcome_unknown(app: App, books: Books) -> None:
    books.lost_answers = [LOST]
    purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")
    books.look_errors = [CarrierUnavailable("down")]

    still = purchasing.purchase(app, ORGANIZATION, a_purchase(), "key-1")

    assert still.order.status is OrderStatus.UNKNOWN


def test_an_assistant_changed_while_the_number_is_being_bought_is_the_one_that_answers(
    app: App, books: Books
) -> None:
    app.store.put_assistant(an_assistant())
    books.meanwhile = lambda: app.store.put_assistant(an_assistant(is_active=False, version=1))

    purchasing.purchase(app, ORGANIZATION, a_purchase(assistant_id=3001))

    number = app.store.number(NUMBER)
    assert number is not None
    assert number.assistant is not None
    assert not number.assistant.is_active


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"phone_number": "14155550100"}, InvalidNumber, "E.164"),
        ({"phone_number": "+1415555ABCD"}, InvalidNumber, "E.164"),
        ({"phone_number": "+12345678901234567890"}, InvalidNumber, "E.164"),
        ({"phone_number": ""}, InvalidNumber, "E.164"),
        ({"phone_number": "+١٤١٥٥٥٥٠١٠٠"}, InvalidNumber, "E.164"),
        ({"country_code": "GB"}, InvalidNumber, "not a number of GB"),
        ({"country_code": "CA"}, InvalidNumber, "not a number of CA"),
        ({"country_code": "XX"}, InvalidRequest, "ISO 3166"),
        ({"country_code": ""}, InvalidRequest, "ISO 3166"),
        ({"provider": "carrierpigeon"}, UnknownProvider, "Provider must be"),
        ({"assistant_id": 42}, AssistantNotFound, "Assistant with ID 42 not found"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written_or_bought(
    app: App, books: Books, changes: dict[str, object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        purchasing.purchase(app, ORGANIZATION, replace(a_purchase(), **changes), "key-1")

    assert app.store.order(ORGANIZATION, "key-1") is None
    assert books.bought == []


def test_an_assistant_of_another_organization_does_not_exist(app: App, books: Books) -> None:
    app.store.put_assistant(an_assistant(organization_id=OTHER_ORGANIZATION))

    with pytest.raises(AssistantNotFound):
        purchasing.purchase(app, ORGANIZATION, a_purchase(assistant_id=3001))

    assert books.bought == []


def test_an_organization_without_this_carrier_is_told_how_to_connect_it(
    app: App, books: Books
) -> None:
    with pytest.raises(CarrierNotConnected, match="switchboard carriers connect fake"):
        purchasing.purchase(app, OTHER_ORGANIZATION, a_purchase())

    assert books.bought == []


@pytest.mark.parametrize("country_code", ["US", "us", None])
def test_the_country_is_taken_from_the_number_or_must_agree_with_it(
    app: App, country_code: str | None
) -> None:
    bought = purchasing.purchase(app, ORGANIZATION, a_purchase(country_code=country_code))

    assert bought.order.country_code == "US"


def test_a_toll_free_number_belongs_to_every_country_of_its_code(app: App) -> None:
    request = a_purchase(phone_number="+18005550123", country_code="CA")

    assert purchasing.purchase(app, ORGANIZATION, request).order.country_code == "CA"
