"""What every carrier must do when it is asked to sell a number."""

import socket
import sys
from dataclasses import replace

import pytest

from switchboard.carriers import CARRIERS, carrier_class
from switchboard.carriers.base import Carrier
from switchboard.errors import (
    AddressRequired,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    NumberUnavailable,
    OutcomeUnknown,
    RateLimited,
    SwitchboardError,
)
from switchboard.model import E164, NumberOrder, OrderStatus
from tests.carriers.accounts import FACTS
from tests.carriers.conftest import NUMBER, Connect, Subject
from tests.carriers.lab import Exchange, Lab

REFUSALS = [
    ("number_taken", NumberUnavailable, "choose another number"),
    ("no_balance", InsufficientBalance, "Add funds"),
    ("invalid_credentials", InvalidCredentials, "carriers connect"),
    ("rate_limited", RateLimited, "try again"),
    ("address_required", AddressRequired, "Register the address"),
]
# The first happens before the purchase, the others after it: from outside they look the same.
SILENCES = ["server_error", "error_after_success", "lost_answer", "timeout"]
GARBLED = ["", "<html>Bad gateway</html>", "null", "[]", "{}", '{"data": null}', '"sold"']


def test_every_carrier_is_described_for_these_tests() -> None:
    assert set(FACTS) == set(CARRIERS)


def test_it_buys_a_number_fully_configured(subject: Subject, lab: Lab, order: NumberOrder) -> None:
    bought = subject.carrier.buy(order)

    assert bought.status is OrderStatus.ACTIVE
    assert bought.refusal is None
    assert bought.capabilities.voice
    assert set(bought.details) == set(subject.facts.details.split())
    assert bought.details["phone_number"] == NUMBER
    assert bought.details["provider"] == subject.name
    (number,) = lab.books(subject.name)["numbers"]
    assert number["account"] == subject.account_id
    assert number["purchases"] == 1
    subject.facts.is_configured(lab, number, subject.credentials, subject.context)


def test_buying_stays_within_its_round_trips(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    with lab.requests() as made:
        subject.carrier.buy(order)

    assert tuple(_short(request) for request in made) == subject.facts.buying


def test_a_number_that_another_account_owns_is_unavailable(
    subject: Subject, lab: Lab, connect: Connect, order: NumberOrder
) -> None:
    rival = connect(subject.name, new=True, organization=2002)
    rival.carrier.buy(replace(order, organization_id=2002))

    error = _refused(subject, order, NumberUnavailable)

    assert "choose another number" in str(error)
    assert _purchases(lab, subject) == 1


def test_an_empty_account_cannot_buy(subject: Subject, lab: Lab, order: NumberOrder) -> None:
    lab.change_account(subject.account_id, balance=0)

    error = _refused(subject, order, InsufficientBalance)

    assert "Add funds" in str(error)
    assert _purchases(lab, subject) == 0


@pytest.mark.parametrize(("fault", "kind", "advice"), REFUSALS)
def test_a_refusal_is_certain_and_says_what_to_do(
    subject: Subject,
    lab: Lab,
    order: NumberOrder,
    fault: str,
    kind: type[SwitchboardError],
    advice: str,
) -> None:
    lab.fault(subject.name, "buy_number", fault)

    error = _refused(subject, order, kind)

    assert type(error) is kind
    assert advice in str(error)
    assert _purchases(lab, subject) == 0
    assert subject.carrier.find_purchase(order) is None


def test_credentials_that_the_carrier_does_not_know_are_named(
    subject: Subject, order: NumberOrder
) -> None:
    error = _refused(_with_wrong_secret(subject), order, InvalidCredentials)

    assert f"switchboard carriers connect {subject.name}" in str(error)


@pytest.mark.parametrize("fault", SILENCES)
def test_no_answer_leaves_the_outcome_unknown_and_is_never_repeated(
    subject: Subject,
    lab: Lab,
    order: NumberOrder,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    monkeypatch.setattr(sys.modules[f"switchboard.carriers.{subject.name}.api"], "_TIMEOUT_S", 0.5)
    lab.fault(subject.name, "buy_number", fault, delay_s=1)

    with lab.requests() as made:
        error = _refused(subject, order, OutcomeUnknown)

    assert "do not repeat it" in str(error)
    assert len(made) == 1
    assert _purchases(lab, subject) == (0 if fault == "server_error" else 1)
    monkeypatch.undo()
    found = type(subject.carrier)(subject.credentials, subject.context).find_purchase(order)
    if fault == "server_error":
        assert found is None
    else:
        assert found is not None
        assert found.status is OrderStatus.ACTIVE
        assert set(found.details) == set(subject.facts.details.split())


@pytest.mark.parametrize("status", [200, 201, 502])
def test_an_answer_that_cannot_be_read_leaves_the_outcome_unknown(
    subject: Subject, lab: Lab, order: NumberOrder, status: int
) -> None:
    for body in GARBLED:
        lab.answer_instead(status, body, "text/html" if body[:1] == "<" else "application/json")

        _refused(subject, order, OutcomeUnknown)


def test_a_carrier_that_cannot_be_reached_has_certainly_sold_nothing(
    subject: Subject, order: NumberOrder
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    away = replace(subject.context, api_url=f"http://127.0.0.1:{port}")
    carrier = type(subject.carrier)(subject.credentials, away)

    error = _refused(replace(subject, carrier=carrier), order, CarrierUnavailable)

    assert not isinstance(error, OutcomeUnknown)
    assert "Nothing was bought" in str(error)


def test_an_order_is_found_as_the_books_have_it(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    bought = subject.carrier.buy(order)

    found = subject.carrier.find_purchase(order)

    assert found == bought
    known = replace(order, carrier_order_id=bought.carrier_order_id)
    assert subject.carrier.find_purchase(known) == bought
    assert _purchases(lab, subject) == 1


def test_what_was_never_ordered_is_not_found(
    subject: Subject, connect: Connect, order: NumberOrder
) -> None:
    rival = connect(subject.name, new=True, organization=2002)
    rival.carrier.buy(replace(order, organization_id=2002))
    other = replace(order, id=7002, phone_number=E164("+14155550101"))
    subject.carrier.buy(other)

    assert subject.carrier.find_purchase(order) is None


def test_a_refusal_of_what_this_very_order_bought_is_seen_through(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    bought = subject.carrier.buy(order)
    before = lab.books(subject.name)

    # As when the network sends the request twice, and the second is refused.
    sold = subject.carrier.was_sold(order)

    assert sold == bought
    assert lab.books(subject.name) == before


def test_a_refusal_of_what_somebody_else_holds_is_believed(
    subject: Subject, connect: Connect, order: NumberOrder
) -> None:
    rival = connect(subject.name, new=True, organization=2002)
    rival.carrier.buy(replace(order, organization_id=2002))

    assert subject.carrier.was_sold(order) is None


def test_a_refusal_that_nobody_can_look_behind_is_not_certain(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    lab.fault(subject.name, "*", "rate_limited")

    with pytest.raises(CarrierUnavailable):
        subject.carrier.was_sold(order)


def test_looking_for_an_order_with_wrong_credentials_names_them(
    subject: Subject, order: NumberOrder
) -> None:
    wrong = _with_wrong_secret(subject)

    with pytest.raises(InvalidCredentials, match="carriers connect") as caught:
        wrong.carrier.find_purchase(order)

    _check_text(wrong, order, caught.value)


@pytest.mark.parametrize("fault", ["server_error", "lost_answer", "rate_limited"])
def test_records_that_cannot_be_read_tell_nothing_about_the_order(
    subject: Subject, lab: Lab, order: NumberOrder, fault: str
) -> None:
    lab.fault(subject.name, "*", fault)

    with pytest.raises(CarrierUnavailable) as caught:
        subject.carrier.find_purchase(order)

    _check_text(subject, order, caught.value)


def test_connecting_again_makes_nothing_new(subject: Subject, lab: Lab) -> None:
    cls = carrier_class(subject.name)
    with lab.requests() as made:
        again = cls(subject.credentials, subject.context).connect()

    assert again.credentials == subject.credentials
    assert not [request for request in made if request.method == "POST"]
    told = " ".join(f"{check.name} {check.result}" for check in again.checks)
    assert not [secret for secret in _secrets(subject) if secret in told]


def _short(request: Exchange) -> str:
    path = request.path.split("/Accounts/")[-1]
    path = path.split("/", 1)[-1].removeprefix("telnyx/").removeprefix("vonage/")
    return f"{request.method} /{path}"


def _purchases(lab: Lab, subject: Subject) -> int:
    return len(lab.books(subject.name)["purchases"])


def _refused(subject: Subject, order: NumberOrder, kind: type[SwitchboardError]) -> Exception:
    with pytest.raises(kind) as caught:
        subject.carrier.buy(order)
    _check_text(subject, order, caught.value)
    return caught.value


def _check_text(subject: Subject, order: NumberOrder, error: SwitchboardError) -> None:
    text = str(error)
    assert order.phone_number in text
    assert CARRIERS[subject.name] in text
    assert not [secret for secret in _secrets(subject) if secret in text]
    assert "None" not in text
    assert "Traceback" not in text


_SECRET = ("auth_token", "api_key", "api_secret", "signature_secret", "private_key")


def _secrets(subject: Subject) -> list[str]:
    return [str(v) for key, v in subject.credentials.items() if key in _SECRET]


def _with_wrong_secret(subject: Subject) -> Subject:
    wrong = {"auth_token": "f" * 32, "api_key": "KEY" + "F" * 32, "api_secret": "wrong"}
    changed = {key: wrong.get(key, value) for key, value in subject.credentials.items()}
    carrier: Carrier = type(subject.carrier)(changed, subject.context)
    return replace(subject, carrier=carrier, credentials=changed)
