"""What carriers declare of themselves is what they do, and what the documentation shows.

Most of a carrier's features are proved beside the operation that they are about, in test_stock.
"""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_protocol_members, get_type_hints

import pytest

from switchboard.carriers import CARRIERS, carrier_class, voice_class
from switchboard.carriers.base import Carrier
from switchboard.carriers.features import Features
from switchboard.carriers.stock import NumberSearch
from switchboard.errors import InvalidRequest
from switchboard.model import BYO, NumberOrder, OrderStatus
from tests.builders import a_number, a_recording, a_text
from tests.carriers.conftest import Subject
from tests.carriers.lab import Lab

PAGE = Path(__file__).parents[2] / "docs" / "carriers.md"


def row(label: str, cells: list[str]) -> str:
    """Return one row of a table."""
    return f"| {' | '.join([label, *cells])} |"


def cell(value: object) -> str:
    """Return what a table says of a feature."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def matrix() -> Iterator[str]:
    """Yield the rows of the table, as the carriers declare themselves."""
    classes = [carrier_class(name) for name in (*CARRIERS, BYO)]
    voices = [voice_class(name) for name in (*CARRIERS, BYO)]
    yield row("", [*CARRIERS.values(), "SIP trunk"])
    yield "|" + " --- |" * (len(classes) + 1)
    hints = get_type_hints(Features, include_extras=True)
    for it in fields(Features):
        [label] = hints[it.name].__metadata__
        yield row(label, [cell(getattr(found.features, it.name)) for found in classes])
    yield row("Webhooks may come as GET", [cell(found.asks_with_get) for found in voices])
    yield row("A forged webhook is answered", [cell(found.forgery.status) for found in voices])
    named = [[f"`{it}`" for it in found.credential_fields] for found in classes]
    yield row("An account is connected with", [", ".join(it) or "no account" for it in named])
    chosen = [[f"`{it}`" for it in found.credential_options] for found in classes]
    yield row("and may be given", [", ".join(it) or "nothing more" for it in chosen])


def test_the_documentation_shows_every_carriers_features() -> None:
    wanted = "\n".join(matrix())

    assert wanted in PAGE.read_text(), f"{PAGE} should hold this table:\n{wanted}"


@pytest.mark.parametrize("name", [*CARRIERS, BYO])
def test_every_carrier_does_all_that_the_protocols_ask_for(name: str) -> None:
    wanted = {it for it in get_protocol_members(Carrier) if not it.startswith("_")}

    assert len(wanted) > len(fields(Features))
    # The calls of a trunk are a class of their own: each trunk's go where it says.
    parts = (carrier_class(name), voice_class(name))
    assert not [it for it in wanted if not any(hasattr(part, it) for part in parts)]


def test_a_trunk_does_what_it_declares_and_asks_nobody(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    trunk, number = carrier_class(BYO)({}, subject.context), a_number(carrier=BYO)
    features, before = trunk.features, len(lab.tap.exchanges)

    assert trunk.buy(order).status is OrderStatus.ACTIVE
    trunk.wire(number)
    trunk.release(number)
    for refused in (
        lambda: trunk.search(NumberSearch("US")),
        trunk.countries,
        lambda: trunk.set_voice_url(number, "https://example.com"),
        lambda: trunk.set_sms(number, False),
        lambda: trunk.verify_caller_id(number.phone_number, "Desk"),
        lambda: trunk.send_text(a_text(carrier=BYO)),
        lambda: trunk.recording_source(a_recording(carrier=BYO)),
    ):
        with pytest.raises(InvalidRequest):
            refused()

    assert len(lab.tap.exchanges) == before
    assert (features.purchase_requests, features.wiring_requests) == (0, 0)
    promised = (
        features.shows_prices,
        features.searches_places,
        features.switches_messages,
        features.takes_any_voice_url,
        features.sends_texts,
        features.refuses_opted_out,
        features.verifies_caller_ids,
    )
    assert not any(promised)


def test_an_order_waits_only_where_the_carrier_says_that_it_may(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    if subject.carrier.features.orders_settle_later:
        lab.fault(subject.name, "buy_number", "pending_order")
        assert subject.carrier.buy(order).status is OrderStatus.PENDING
    else:
        assert subject.carrier.buy(order).status is OrderStatus.ACTIVE
