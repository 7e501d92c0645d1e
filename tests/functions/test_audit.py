"""What the functions put on record, and GET /audit, driven by the files in events/."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.calls import app as calls_function
from functions.directory import app as directory
from functions.initiate_call import app as initiate_call
from functions.purchase_number import app as purchase_number
from switchboard import accounts, caller_ids, calls
from switchboard.app import App
from switchboard.carriers.base import OrderUpdate
from switchboard.errors import CarrierUnavailable, InsufficientBalance, OutcomeUnknown
from switchboard.model import (
    Actor,
    AuditEntry,
    CallStatus,
    NumberOrder,
    OrderStatus,
    PurchaseResult,
)
from switchboard.numbers import purchasing
from switchboard.store import AuditFilter
from tests.builders import (
    CALL_SID,
    CALLER,
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    a_number,
    an_assistant,
    an_event,
)
from tests.clock import START, Clock
from tests.fakes import Books, carriers
from tests.functions.events import Context, load, with_body

CI = Actor("CI", 2001, "203.0.113.7", "5f6d7c1e-0000-4000-8000-000000000001")
COMMAND = Actor("switchboard command")


def recorded(app: App, organization_id: int = ORGANIZATION) -> list[AuditEntry]:
    entries, cursor = app.store.audit_page(organization_id, AuditFilter(), 1000)
    assert cursor is None
    return entries[::-1]


def actions(app: App) -> list[tuple[str, str]]:
    return [(entry.action, entry.target) for entry in recorded(app)]


def send(function: Any, app: App, event: dict[str, Any]) -> tuple[int, Any]:
    reply = function.lambda_handler(event, Context(), lambda: app)
    return reply["statusCode"], json.loads(reply["body"])


# --- buying ---


@pytest.fixture
def shop(app: App, books: Books) -> App:
    """The deployment, with the fake carrier in Twilio's place."""
    app.store.put_assistant(an_assistant())
    app.secrets.store_carrier(ORGANIZATION, "twilio", {"auth_token": "very-secret-token"})
    fake = carriers(books)
    return replace(app, carrier_class=lambda name: fake("fake" if name == "twilio" else name))


def buy(shop: App, **fields: Any) -> int:
    return send(purchase_number, shop, with_body("purchase_number/twilio", **fields))[0]


def order_of(shop: App) -> NumberOrder:
    number = shop.store.number(NUMBER)
    assert number
    order = shop.store.order(ORGANIZATION, number.order_key)
    assert order
    return order


def test_a_purchase_is_on_record_once_however_often_it_is_asked_for(shop: App) -> None:
    assert [buy(shop), buy(shop)] == [200, 200]

    (entry,) = recorded(shop)
    assert (entry.actor, entry.at) == (CI, START)
    assert (entry.action, entry.target) == ("number.purchased", NUMBER)
    assert entry.details["provider"] == "twilio"
    assert entry.details["order_id"] == order_of(shop).id


def test_a_purchase_that_is_delivered_later_is_on_record_once(
    shop: App, books: Books, clock: Clock
) -> None:
    books.status = OrderStatus.PENDING
    buy(shop)
    done = PurchaseResult(OrderStatus.ACTIVE, carrier_number_id="PN1")

    # The carrier tells it: nobody acts.
    purchasing.settle_delivered(shop, ORGANIZATION, OrderUpdate(order_of(shop).id, NUMBER, done))

    assert order_of(shop).status is OrderStatus.ACTIVE
    assert [entry.actor for entry in recorded(shop)] == [CI]


def test_a_purchase_whose_answer_was_lost_is_on_record_once(
    shop: App, books: Books, clock: Clock
) -> None:
    books.lost_answers.append(OutcomeUnknown("no answer"))
    assert buy(shop) == 202
    first = recorded(shop)
    clock.advance(minutes=6)

    assert buy(shop) == 200
    assert [entry.action for entry in first] == ["number.purchased"]
    assert recorded(shop) == first


def test_who_bought_is_on_record_also_when_the_buyer_died_before_it_was_settled(
    shop: App, books: Books, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(shop.store), "settle", lambda *_: 1 / 0)
        assert buy(shop) == 500
    clock.advance(minutes=10)
    done = PurchaseResult(OrderStatus.ACTIVE, carrier_number_id="PN1")

    purchasing.settle_delivered(shop, ORGANIZATION, OrderUpdate(order_of(shop).id, NUMBER, done))

    assert [(entry.actor, entry.at) for entry in recorded(shop)] == [(CI, START)]


@pytest.mark.parametrize("error", [InsufficientBalance("no money"), CarrierUnavailable("busy")])
def test_a_purchase_that_the_carrier_refused_is_not_on_record(
    shop: App, books: Books, error: Exception
) -> None:
    books.buy_errors.append(error)

    assert buy(shop) >= 400
    assert recorded(shop) == []


@pytest.mark.parametrize("wrong", [{"phone_number": "1"}, {"assistant_id": 7}, {"provider": "x"}])
def test_a_purchase_that_makes_no_sense_is_not_on_record(shop: App, wrong: dict[str, Any]) -> None:
    assert buy(shop, **wrong) >= 400
    assert recorded(shop) == []


# --- calls ---


@pytest.fixture
def phone(app: App, books: Books) -> App:
    """The deployment, with the fake carrier in Twilio's place and a number at it."""
    app.secrets.store_carrier(ORGANIZATION, "twilio", {"auth_token": "very-secret-token"})
    held = a_number(carrier="twilio")
    app.store.transact(app.store._put_number(held, "attribute_not_exists(pk)"))
    app.store.put_assistant(an_assistant())
    fake = carriers(books)
    return replace(app, voice_class=lambda name: fake("fake"))


def initiate(phone: App, **fields: Any) -> int:
    return send(initiate_call, phone, with_body("initiate_call/twilio", **fields))[0]


def test_a_call_that_is_placed_is_on_record_once_and_not_whom_it_calls(phone: App) -> None:
    assert [initiate(phone), initiate(phone)] == [200, 200]

    (entry,) = recorded(phone)
    assert (entry.actor, entry.action) == (CI, "call.initiated")
    assert entry.details == {"from": NUMBER, "assistant_id": 3001}
    assert CALLER not in repr(entry)


def test_a_call_that_the_carrier_refused_is_on_record_for_it_is_among_the_calls(
    phone: App, books: Books
) -> None:
    books.dial_errors.append(InsufficientBalance("no money"))

    assert initiate(phone) == 402
    (entry,) = recorded(phone)
    call = phone.store.call(int(entry.target))
    assert call
    assert call.status is CallStatus.FAILED


@pytest.mark.parametrize(
    "wrong",
    [{"to_phone_number": "+19005550100"}, {"assistant_id": 7}, {"from_phone_number": CALLER}],
)
def test_a_call_that_is_not_placed_is_not_on_record(phone: App, wrong: dict[str, Any]) -> None:
    assert initiate(phone, **wrong) >= 400
    assert recorded(phone) == []


@pytest.fixture
def talking(app: App) -> App:
    """One call in progress."""
    app.store.add_call(a_call(status=CallStatus.IN_PROGRESS, answered_at=START))
    return app


def test_what_is_done_to_a_call_is_on_record(talking: App) -> None:
    for name in ("metadata", "transfer", "terminate"):
        assert send(calls_function, talking, load(f"calls/{name}"))[0] == 200

    entries = recorded(talking)
    assert [(entry.action, entry.target, entry.actor) for entry in entries] == [
        ("call.metadata_updated", "5001", CI),
        ("call.transferred", "5001", CI),
        ("call.terminated", "5001", CI),
    ]
    assert entries[0].details == {"names": sorted(sent_metadata())}
    assert entries[1].details["to"].startswith("+")


def sent_metadata() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(load("calls/metadata")["body"])["metadata"]
    return body


def test_the_same_notes_again_are_not_on_record_again(talking: App) -> None:
    for _ in range(2):
        send(calls_function, talking, load("calls/metadata"))

    assert actions(talking) == [("call.metadata_updated", "5001")]


def test_the_headers_of_a_sip_address_are_not_on_record(talking: App) -> None:
    event = with_body("calls/transfer", to="sip:desk@example.com?X-Token=abc123")

    assert send(calls_function, talking, event)[0] == 200
    assert recorded(talking)[0].details == {"to": "sip:desk@example.com"}


@pytest.mark.parametrize("name", ["terminate", "transfer", "transfer-sip"])
def test_what_the_carrier_refused_is_not_on_record(talking: App, books: Books, name: str) -> None:
    books.reply_errors.append(CarrierUnavailable("busy"))

    assert send(calls_function, talking, load(f"calls/{name}"))[0] >= 400
    assert recorded(talking) == []


@pytest.mark.parametrize("name", ["metadata", "transfer", "terminate"])
def test_another_organizations_call_leaves_nothing_on_anybodys_record(
    talking: App, name: str
) -> None:
    event = load(f"calls/{name}")
    event["requestContext"]["authorizer"]["organization_id"] = str(OTHER_ORGANIZATION)

    assert send(calls_function, talking, event)[0] == 404
    assert recorded(talking) == recorded(talking, OTHER_ORGANIZATION) == []


def test_what_the_carrier_tells_is_nobodys_change(talking: App) -> None:
    carrier = talking.voice("fake", ORGANIZATION)
    calls.record(talking, carrier, ORGANIZATION, an_event(id="end", status=CallStatus.COMPLETED))

    assert recorded(talking) == []


# --- accounts and caller ids ---


def test_a_connected_account_is_on_record_without_its_credentials(app: App, books: Books) -> None:
    accounts.connect(app.acting_for(COMMAND), ORGANIZATION, "fake", {"key": "k-very-secret"})

    (entry,) = recorded(app)
    assert (entry.action, entry.target, entry.actor) == ("carrier.connected", "fake", COMMAND)
    assert "k-very-secret" not in repr(entry)


def test_an_account_that_was_refused_is_not_on_record(app: App, books: Books) -> None:
    books.connect_errors.append(CarrierUnavailable("busy"))

    with pytest.raises(CarrierUnavailable):
        accounts.connect(app.acting_for(COMMAND), ORGANIZATION, "fake", {"key": "k"})

    assert recorded(app) == []


def test_a_caller_id_is_on_record_when_it_comes_and_when_it_goes(app: App, books: Books) -> None:
    books.verified.append(CALLER)
    acting = app.acting_for(COMMAND)
    for _ in range(2):
        caller_ids.add(acting, ORGANIZATION, "fake", CALLER)

    caller_ids.remove(acting, ORGANIZATION, CALLER)

    assert actions(app) == [("caller_id.added", CALLER), ("caller_id.removed", CALLER)]


# --- GET /audit ---


def listing(app: App, **query: str) -> tuple[int, Any]:
    event = load("directory/audit", queryStringParameters=query)
    event["multiValueQueryStringParameters"] = {it: [query[it]] for it in query}
    return send(directory, app, event)


def test_the_record_is_shown_newest_first_in_pages(talking: App) -> None:
    for name in ("metadata", "transfer", "terminate"):
        send(calls_function, talking, load(f"calls/{name}"))

    status, first = listing(talking, limit="2")
    _, second = listing(talking, limit="2", cursor=first["next"])

    assert status == 200
    assert [it["action"] for it in first["items"]] == ["call.terminated", "call.transferred"]
    assert second["next"] is None
    (oldest,) = second["items"]
    assert oldest == {
        "id": oldest["id"],
        "at": START.isoformat(),
        "actor": {
            "name": "CI",
            "key_id": 2001,
            "address": "203.0.113.7",
            "request_id": CI.request_id,
        },
        "action": "call.metadata_updated",
        "target": "5001",
        "details": {"names": sorted(sent_metadata())},
    }


def test_the_record_is_found_by_action_target_and_key(talking: App) -> None:
    for name in ("metadata", "transfer"):
        send(calls_function, talking, load(f"calls/{name}"))

    def found(**query: str) -> list[str]:
        return [it["action"] for it in listing(talking, **query)[1]["items"]]

    assert found(action="call.t") == ["call.transferred"]
    assert len(found(target="5001", key_id="2001")) == 2
    assert found(target=CALL_SID) == found(key_id="2002") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": "0"}, 422),
        ({"limit": "1001"}, 422),
        ({"key_id": "x"}, 422),
        ({"date_from": "yesterday"}, 422),
        ({"cursor": "nonsense"}, 400),
        ({"cursor": "é" * 300}, 422),
        ({"date_from": "0001-01-01T00:00:00+14:00", "date_to": "9999-12-31T23:59:59-14:00"}, 200),
        ({"date_from": "2026-03-02T09:00:00"}, 200),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    app: App, query: dict[str, str], status: int
) -> None:
    assert listing(app, **query)[0] == status


def test_another_organizations_record_is_not_shown(talking: App) -> None:
    send(calls_function, talking, load("calls/metadata"))
    event = load("directory/audit", queryStringParameters=None)
    event["multiValueQueryStringParameters"] = None
    event["requestContext"]["authorizer"]["organization_id"] = str(OTHER_ORGANIZATION)

    assert send(directory, talking, event) == (200, {"items": [], "next": None})
