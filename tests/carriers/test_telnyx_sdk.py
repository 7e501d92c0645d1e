"""Telnyx's own SDK as the reference: it makes the requests that the adapter makes without it."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from telnyx import APIStatusError, Telnyx

from switchboard.carriers.stock import NumberSearch
from switchboard.carriers.telnyx.carrier import Telnyx as Adapter
from switchboard.errors import SwitchboardError
from switchboard.model import NumberOrder, OrderStatus
from tests.builders import a_number, a_text
from tests.carriers.conftest import NUMBER, Connect, Subject
from tests.carriers.dialing import Phone
from tests.carriers.lab import Exchange, Lab
from tests.sandbox.servers import Customer

MARK = "switchboard-test-1001"
HUMAN = "+12125550199"


@pytest.fixture
def subject(connect: Connect) -> Subject:
    """Return a connected Telnyx account."""
    return connect("telnyx")


@pytest.fixture
def ours(subject: Subject) -> Adapter:
    """Return our adapter of that account."""
    assert isinstance(subject.carrier, Adapter)
    return subject.carrier


@pytest.fixture
def sdk(subject: Subject) -> Iterator[Telnyx]:
    """Return the SDK's client of the same account."""
    key, url = subject.credentials["api_key"], subject.context.api_url
    with Telnyx(api_key=key, base_url=url, max_retries=0) as client:
        yield client


def test_it_looks_with_the_same_requests(
    ours: Adapter, sdk: Telnyx, lab: Lab, order: NumberOrder
) -> None:
    lab.enter("telnyx", NUMBER)
    listed = {"page_size": 250}
    pairs: list[tuple[Callable[[], object], Callable[[], object]]] = [
        (ours.account_name, sdk.balance.retrieve),
        (ours.countries, sdk.country_coverage.retrieve),
        (
            lambda: ours.search(NumberSearch("US", area_code="415", contains="CALL", region="CA")),
            lambda: sdk.available_phone_numbers.list(
                filter={
                    "country_code": "US",
                    "phone_number_type": "local",
                    "features": ["voice"],
                    "limit": NumberSearch("US").limit,
                    "national_destination_code": "415",
                    "administrative_area": "CA",
                    "phone_number": {"contains": "2255"},
                }
            ),
        ),
        (
            lambda: ours.find_held(NUMBER),
            lambda: sdk.phone_numbers.list(filter={"phone_number": NUMBER[1:]}, **listed),  # type: ignore[arg-type]
        ),
        (
            lambda: ours.find_purchase(order),
            lambda: sdk.number_orders.list(filter={"customer_reference": "switchboard-7001"}),
        ),
        (
            lambda: ours.find_purchase(replace(order, carrier_order_id="7 of/9")),
            lambda: sdk.number_orders.retrieve("7 of/9"),
        ),
        (ours.verified_caller_ids, lambda: sdk.verified_numbers.list(**listed)),  # type: ignore[arg-type]
    ]
    for adapters, sdks in pairs:
        assert _asked(lab, adapters) == _asked(lab, sdks) != []


def test_it_follows_a_list_to_its_end_with_the_same_requests(
    ours: Adapter, sdk: Telnyx, lab: Lab
) -> None:
    lab.enter("telnyx", "+14155551000", 600)

    adapters = _asked(lab, lambda: list(ours.held_numbers()))

    assert adapters == _asked(lab, lambda: list(sdk.phone_numbers.list(page_size=250)))
    assert len(adapters) == 3


def test_it_buys_and_changes_with_the_same_requests(
    ours: Adapter, sdk: Telnyx, subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    known = subject.credentials
    assert _asked(lab, lambda: ours.buy(order)) == _asked(
        lab,
        lambda: sdk.number_orders.create(
            phone_numbers=[{"phone_number": NUMBER}],
            connection_id=known["connection_id"],
            messaging_profile_id=known["messaging_profile_id"],
            customer_reference="switchboard-7001",
        ),
    )
    number_id = str(lab.books("telnyx")["numbers"][0]["id"])
    number = a_number(carrier="telnyx", carrier_number_id=number_id)
    messages = sdk.phone_numbers.messaging

    def wired() -> None:
        sdk.phone_numbers.update(number_id, connection_id=known["connection_id"])
        messages.retrieve(number_id)
        messages.update(number_id, messaging_profile_id=known["messaging_profile_id"])

    assert _asked(lab, lambda: ours.wire(number)) == _asked(lab, wired)
    off = _asked(lab, lambda: ours.set_sms(number, False))
    assert off == _asked(lab, lambda: messages.update(number_id, messaging_profile_id=""))
    gone = _asked(lab, lambda: ours.release(number))
    assert gone == _asked(lab, lambda: sdk.phone_numbers.delete(number_id))


def test_it_dials_and_writes_with_the_same_requests(
    ours: Adapter, sdk: Telnyx, subject: Subject, lab: Lab, us: Customer, order: NumberOrder
) -> None:
    ours.buy(order)
    phone = Phone(subject, lab, us)
    phone.far_end("busy")
    with lab.requests() as made:
        phone.dial()
    dialled = json.loads(made[0].body)
    again = {("from_" if name == "from" else name): it for name, it in dialled.items()}
    assert _sent(made[0]) == _asked(lab, lambda: sdk.calls.dial(**again))[0]

    text = a_text(carrier="telnyx", from_=NUMBER, to=HUMAN)
    assert _asked(lab, lambda: ours.send_text(text)) == _asked(
        lab,
        lambda: sdk.messages.send(
            from_=NUMBER,
            to=HUMAN,
            text=text.body,
            webhook_url=subject.context.text_url("/webhooks/sms/telnyx", text.id),
        ),
    )


def test_it_reads_an_order_as_the_sdk_does(
    ours: Adapter, sdk: Telnyx, lab: Lab, order: NumberOrder
) -> None:
    bought = ours.buy(order)
    assert bought.carrier_order_id

    shown = sdk.number_orders.retrieve(bought.carrier_order_id).data

    assert shown is not None
    assert bought.status is OrderStatus.ACTIVE
    assert shown.status == "success"
    for name in ("id", "connection_id", "messaging_profile_id", "customer_reference"):
        assert bought.details[name] == getattr(shown, name)


def _asked(lab: Lab, ask: Callable[[], object]) -> list[Any]:
    """Return the requests that `ask` makes, whatever comes of them."""
    with lab.requests() as made, suppress(SwitchboardError, APIStatusError):
        ask()
    return [_sent(request) for request in made]


def _sent(request: Exchange) -> tuple[str, str, list[tuple[str, str]], object]:
    query = sorted(parse_qsl(request.query, keep_blank_values=True))
    body = json.loads(request.body) if request.body else None
    return request.method, unquote(request.path), query, body
