"""Numbers that an organization holds elsewhere: registered and given up, never bought or asked."""

from dataclasses import replace
from typing import Any

import pytest

from switchboard import doctor, trunks
from switchboard.app import App
from switchboard.carriers import carrier_class
from switchboard.carriers.base import Verdict
from switchboard.carriers.stock import NumberSearch
from switchboard.errors import (
    InvalidCredentials,
    InvalidRequest,
    NotConfigurable,
    NotFound,
    NumberNotFound,
    NumberUnavailable,
)
from switchboard.model import BYO, E164, Capabilities, Number, NumberStatus, OrderStatus, SipTrunk
from switchboard.numbers import carrier_settings, importing, purchasing, releasing, searching
from switchboard.numbers.carrier_settings import WebhookChanges
from switchboard.numbers.updating import NumberPatch, update
from switchboard.store import Store
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION, a_purchase, an_assistant
from tests.fakes import Books
from tests.unit.dialing import allow
from tests.unit.trunk_lines import Lines, a_trunk, bridged


@pytest.fixture
def lines() -> Lines:
    """What the bridges know."""
    return Lines()


@pytest.fixture
def app(app: App, lines: Lines) -> App:
    """A deployment with its real registry of trunks, and the fake carrier beside it."""
    allow(app)
    fake = app.carrier_class

    def registry(name: str) -> Any:
        return carrier_class(name) if name == BYO else fake(name)

    return replace(bridged(app, lines), carrier_class=registry)


@pytest.fixture
def trunk(app: App) -> SipTrunk:
    """A trunk that is enabled."""
    return a_trunk(app, "one")


def register(app: App, key: str | None = None, **changes: Any) -> purchasing.Purchase:
    """Register the number."""
    wanted = a_purchase(provider=BYO, **changes)
    return purchasing.purchase(app, ORGANIZATION, wanted, key)


def number(app: App) -> Number:
    """Return the number's row."""
    found = app.store.number(NUMBER)
    assert found
    return found


def test_a_number_is_registered_on_the_first_enabled_trunk(app: App, books: Books) -> None:
    off = a_trunk(app, "off", 0)
    trunks.change(app, ORGANIZATION, off.id, {"enabled": False})
    second, first = a_trunk(app, "second", 5), a_trunk(app, "first", 2)
    app.store.put_assistant(an_assistant())

    order = register(app, assistant_id=3001).order

    assert order.status is OrderStatus.ACTIVE
    assert order.details["sip_trunk_id"] == first.id != second.id
    held = number(app)
    assert (held.carrier, held.status, held.sip_trunk_id) == (
        BYO,
        NumberStatus.ACTIVE,
        first.id,
    )
    assert held.capabilities == Capabilities(voice=True)
    assert held.assistant
    assert books.requests == []


def test_registering_it_again_changes_nothing(app: App, trunk: SipTrunk) -> None:
    first = register(app, "key-1")

    assert register(app, "key-1").order == first.order
    with pytest.raises(NumberUnavailable, match="already yours"):
        register(app, "key-2")


def test_a_trunk_can_be_asked_for(app: App, trunk: SipTrunk) -> None:
    other = a_trunk(app, "other", 9)

    register(app, sip_trunk_id=other.id)

    assert number(app).sip_trunk_id == other.id


def test_without_a_trunk_nothing_is_registered(app: App) -> None:
    with pytest.raises(InvalidRequest, match="no enabled SIP trunk"):
        register(app)
    with pytest.raises(NotFound):
        register(app, sip_trunk_id="6f1c9a52-3e0b-4a53-9d53-0f6c1f0a2b7d")
    with pytest.raises(InvalidRequest, match="byo-sip-trunk"):
        purchasing.purchase(app, ORGANIZATION, a_purchase(sip_trunk_id="x"))

    assert app.store.number(NUMBER) is None


def test_a_trunk_that_is_deleted_meanwhile_gets_no_number(app: App, trunk: SipTrunk) -> None:
    class Slow(Store):
        def claim(self, *arguments: Any) -> None:
            trunks.delete(app, ORGANIZATION, trunk.id)
            super().claim(*arguments)

    slow = replace(app, store=Slow(app.store._client, app.settings.table_name))
    with pytest.raises(NotFound):
        register(slow)

    assert app.store.number(NUMBER) is None


def test_a_registration_whose_process_died_is_finished_by_its_repeat(
    app: App, trunk: SipTrunk
) -> None:
    class Dying(Store):
        def settle(self, *_: Any) -> None:
            raise SystemExit

    with pytest.raises(SystemExit):
        register(replace(app, store=Dying(app.store._client, app.settings.table_name)), "key-1")
    assert number(app).status is NumberStatus.PENDING
    app.clock.advance(minutes=2)  # type: ignore[attr-defined]

    assert register(app, "key-1").order.status is OrderStatus.ACTIVE
    assert number(app).status is NumberStatus.ACTIVE


def test_releasing_removes_the_row_and_asks_nobody(app: App, trunk: SipTrunk, books: Books) -> None:
    register(app)

    assert releasing.release(app, ORGANIZATION, NUMBER).is_certain

    assert app.store.number(NUMBER) is None
    assert books.requests == []
    with pytest.raises(NumberNotFound, match="was released"):
        releasing.release(app, ORGANIZATION, NUMBER)
    trunks.delete(app, ORGANIZATION, trunk.id)


def test_a_number_moves_to_another_trunk_or_to_none(app: App, trunk: SipTrunk) -> None:
    register(app)
    other = a_trunk(app, "other", 9)
    id_ = number(app).id

    assert update(app, ORGANIZATION, id_, NumberPatch(sip_trunk_id=other.id)).sip_trunk_id
    trunks.delete(app, ORGANIZATION, trunk.id)
    assert number(app).sip_trunk_id == other.id
    with pytest.raises(NotFound):
        update(app, ORGANIZATION, id_, NumberPatch(sip_trunk_id=trunk.id))
    assert update(app, ORGANIZATION, id_, NumberPatch(sip_trunk_id="")).sip_trunk_id is None
    assert number(app).sip_trunk_id is None


def test_another_organizations_trunk_is_none_of_ours(app: App, trunk: SipTrunk) -> None:
    register(app)
    theirs = app.store.add_trunk(
        replace(trunk, id="theirs", organization_id=OTHER_ORGANIZATION, name="Theirs")
    )

    with pytest.raises(NotFound):
        update(app, ORGANIZATION, number(app).id, NumberPatch(sip_trunk_id=theirs.id))


def test_what_no_trunk_has_is_said_to_be_missing(app: App, trunk: SipTrunk) -> None:
    register(app)

    with pytest.raises(InvalidRequest, match="no numbers for sale"):
        searching.search(app, ORGANIZATION, BYO, NumberSearch("US"))
    with pytest.raises(InvalidRequest, match="no list of countries"):
        searching.countries(app, ORGANIZATION, BYO)
    account = app.carrier(BYO, ORGANIZATION)
    for ask in (
        lambda: account.has_verified(NUMBER),
        account.verified_caller_ids,
        lambda: account.verify_caller_id(NUMBER, "Front desk"),
        account.connect,
        account.account_name,
    ):
        with pytest.raises(InvalidRequest):
            ask()
    for changes in ({"disable_sms": True}, {"voice_webhook_url": "https://x.example.com/"}):
        with pytest.raises(NotConfigurable, match="SIP trunk"):
            carrier_settings.update_webhooks(
                app,
                ORGANIZATION,
                WebhookChanges(NUMBER, **changes),  # type: ignore[arg-type]
            )
    assert number(app).status is NumberStatus.ACTIVE


def test_sync_imports_nothing_over_a_trunk(app: App, trunk: SipTrunk) -> None:
    register(app)

    assert [it.carrier for it in importing.sync(app, ORGANIZATION)] == ["fake"]
    assert list(app.carrier(BYO, ORGANIZATION).held_numbers()) == []


def test_diagnosis_says_which_trunks_are_ready(app: App, lines: Lines, trunk: SipTrunk) -> None:
    register(app)
    off = a_trunk(app, "off", 7)
    trunks.change(app, ORGANIZATION, off.id, {"enabled": False})
    a_trunk(app, "unconnected", 8, bridge="telnyx")
    lines.unready = {"telnyx": InvalidCredentials("No api_key is stored.")}

    examined = carrier_settings.diagnose(app, ORGANIZATION, NUMBER)

    found = {check.name: (check.verdict, check.result) for check in examined.checks}
    assert found == {
        "trunk one": (Verdict.OK, "enabled, carried by twilio"),
        "trunk off": (Verdict.WARNING, "disabled"),
        "trunk unconnected": (Verdict.FAILED, "No api_key is stored."),
    }
    assert examined.held
    (diagnosis,) = doctor.examine(app, ORGANIZATION, BYO)
    assert diagnosis.has_failed


def test_a_number_of_another_company_is_claimed_once(app: App, trunk: SipTrunk) -> None:
    register(app)
    other = replace(trunk, id="theirs", organization_id=OTHER_ORGANIZATION)
    app.store.add_trunk(other)

    with pytest.raises(NumberUnavailable, match="not available"):
        purchasing.purchase(
            app, OTHER_ORGANIZATION, a_purchase(provider=BYO, phone_number=E164(NUMBER))
        )
