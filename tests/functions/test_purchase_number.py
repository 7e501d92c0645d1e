"""POST /phone-numbers/purchase, driven by the files in events/."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.purchase_number.app import lambda_handler
from switchboard.app import App
from switchboard.errors import InsufficientBalance, OutcomeUnknown
from switchboard.model import OrderStatus
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION, an_assistant
from tests.fakes import Books, carriers
from tests.functions.events import Context, load, with_body

TWILIO = "purchase_number/twilio"


@pytest.fixture
def shop(app: App, books: Books) -> App:
    """The deployment, with the fake carrier in Twilio's place."""
    app.store.put_assistant(an_assistant())
    app.secrets.store_carrier(ORGANIZATION, "twilio", {})
    fake = carriers(books)

    def registry(name: str) -> Any:
        return fake("fake" if name == "twilio" else name)

    return replace(app, carrier_class=registry)


def buy(shop: App, event: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, Any]]:
    reply = lambda_handler(event, Context(), lambda: shop)  # type: ignore[arg-type]
    headers = {name: values[0] for name, values in reply["multiValueHeaders"].items()}
    return reply["statusCode"], json.loads(reply["body"]), headers


def test_a_purchase_is_answered_as_the_contract_says(shop: App) -> None:
    status, body, headers = buy(shop, load(TWILIO))

    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert body == {
        "success": True,
        "phone_number": NUMBER,
        "provider": "twilio",
        "status": "active",
        "purchase_details": {"sid": "PN1", "phone_number": NUMBER, "phone_numbers_count": 1},
        "message": f"Successfully purchased phone number {NUMBER} from twilio",
    }


def test_the_older_path_does_the_same(shop: App, books: Books) -> None:
    event = load(TWILIO, resource="/phone-numbers/purchase", path="/phone-numbers/purchase")

    status, _, _ = buy(shop, event)

    assert status == 200
    assert len(books.bought) == 1


def test_a_repeat_gets_the_stored_answer_and_says_so(shop: App, books: Books) -> None:
    _, first, headers = buy(shop, load(TWILIO))

    status, again, replayed = buy(shop, load(TWILIO))

    assert (status, again) == (200, first)
    assert "Idempotent-Replayed" not in headers
    assert replayed["Idempotent-Replayed"] == "true"
    assert len(books.bought) == 1


def test_the_same_key_with_another_body_is_a_conflict(shop: App) -> None:
    buy(shop, load(TWILIO))

    status, body, _ = buy(shop, with_body(TWILIO, friendly_name="Other"))

    assert (status, body["code"]) == (409, "idempotency_key_reused")


def test_a_refusal_is_told_in_the_contracts_form_and_repeated_to_its_key(
    shop: App, books: Books
) -> None:
    books.buy_errors = [InsufficientBalance("Add funds at Twilio.")]

    refused = buy(shop, load(TWILIO))
    status, body, headers = buy(shop, load(TWILIO))

    assert refused[0] == status == 402
    assert refused[1] == body
    assert body == {
        "detail": "Add funds at Twilio. A new attempt needs a new Idempotency-Key.",
        "code": "insufficient_balance",
        "request_id": "5f6d7c1e-0000-4000-8000-000000000001",
    }
    assert headers["Idempotent-Replayed"] == "true"


def test_an_unknown_outcome_is_202_until_it_is_resolved(shop: App, books: Books) -> None:
    books.lost_answers = [OutcomeUnknown("no answer")]

    status, body, _ = buy(shop, load(TWILIO))
    later_status, later, _ = buy(shop, load(TWILIO))

    assert (status, body["success"], body["status"]) == (202, False, "unknown")
    assert "same Idempotency-Key" in body["message"]
    assert (later_status, later["status"]) == (200, "active")
    assert len(books.bought) == 1


def test_a_pending_order_is_reported_as_pending(shop: App, books: Books) -> None:
    books.status = OrderStatus.PENDING

    status, body, _ = buy(shop, load(TWILIO))

    assert (status, body["status"]) == (200, "pending")
    assert "not delivered it yet" in body["message"]


NOTHING_BOUGHT = [
    ("not JSON", {"body": "{"}, 422, "validation_error"),
    ("no body", {"body": None}, 422, "validation_error"),
    ("an array", {"body": "[]"}, 422, "validation_error"),
    ("a string", {"body": '"buy"'}, 422, "validation_error"),
    ("a number", {"body": "7"}, 422, "validation_error"),
    ("null", {"body": "null"}, 422, "validation_error"),
    ("nested without end", {"body": "[" * 30_000}, 400, "invalid_request"),
    ("a number without end", {"body": "9" * 5_000}, 400, "invalid_request"),
    ("too large", {"body": json.dumps({"x": "y" * 1_000_000})}, 413, "request_too_large"),
]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [case[1:] for case in NOTHING_BOUGHT],
    ids=[case[0] for case in NOTHING_BOUGHT],
)
def test_a_body_that_is_no_purchase_is_refused(
    shop: App, books: Books, changes: dict[str, Any], status: int, code: str
) -> None:
    found, body, _ = buy(shop, load(TWILIO, **changes))

    assert (found, body["code"]) == (status, code)
    assert body["detail"]
    assert body["request_id"]
    assert books.bought == []


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"phone_number": None}, 422, "validation_error"),
        ({"phone_number": 14155550100}, 422, "validation_error"),
        ({"phone_number": ["+14155550100"]}, 422, "validation_error"),
        ({"provider": None}, 422, "validation_error"),
        ({"provider": {"name": "twilio"}}, 422, "validation_error"),
        ({"assistant_id": "3001"}, 422, "validation_error"),
        ({"assistant_id": True}, 422, "validation_error"),
        ({"assistant_id": 10**400}, 404, "assistant_not_found"),
        ({"assistant_id": -1}, 404, "assistant_not_found"),
        ({"friendly_name": "x" * 65}, 422, "validation_error"),
        ({"phone_number": ""}, 400, "invalid_number"),
        ({"phone_number": "14155550100"}, 400, "invalid_number"),
        ({"phone_number": "+1415555CALL"}, 400, "invalid_number"),
        ({"phone_number": "+12345678901234567890"}, 400, "invalid_number"),
        ({"country_code": "GB"}, 400, "invalid_number"),
        ({"country_code": "ZZ"}, 400, "invalid_request"),
        ({"provider": "carrierpigeon"}, 400, "invalid_provider"),
        ({"provider": ""}, 400, "invalid_provider"),
        ({"assistant_id": 424242}, 404, "assistant_not_found"),
    ],
)
def test_bad_fields_are_refused_and_nothing_is_bought(
    shop: App, books: Books, fields: dict[str, Any], status: int, code: str
) -> None:
    event = with_body(TWILIO, **fields)

    found, body, _ = buy(shop, event)

    assert (found, body["code"]) == (status, code)
    assert books.bought == []
    assert shop.store.number(NUMBER) is None


def test_a_schema_violation_names_the_field(shop: App) -> None:
    _, body, _ = buy(shop, with_body(TWILIO, phone_number=7))

    assert body["detail"] == [
        {
            "loc": ["body", "phone_number"],
            "msg": "Input should be a valid string",
            "type": "string_type",
        }
    ]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain"])
def test_json_is_read_as_json_whatever_the_client_calls_it(shop: App, content_type: str) -> None:
    event = load(TWILIO)
    del event["headers"]["Content-Type"], event["multiValueHeaders"]["Content-Type"]
    event["headers"]["content-type"] = content_type
    event["multiValueHeaders"]["content-type"] = [content_type]

    assert buy(shop, event)[0] == 200


def test_unknown_fields_are_ignored(shop: App) -> None:
    status, _, _ = buy(shop, with_body(TWILIO, colour="blue"))

    assert status == 200


def test_an_assistant_of_another_organization_is_not_found(shop: App, books: Books) -> None:
    shop.store.put_assistant(an_assistant(id=3002, organization_id=OTHER_ORGANIZATION))

    status, body, _ = buy(shop, with_body(TWILIO, assistant_id=3002))

    assert (status, body["code"]) == (404, "assistant_not_found")
    assert body["detail"] == "Assistant with ID 3002 not found"
    assert books.bought == []


def test_a_key_without_the_scope_is_forbidden(shop: App, books: Books) -> None:
    event = load(TWILIO)
    event["requestContext"]["authorizer"]["scopes"] = "calls:read"

    status, body, headers = buy(shop, event)

    assert (status, body["code"]) == (403, "insufficient_scope")
    assert "numbers:write" in body["detail"]
    assert headers["WWW-Authenticate"].startswith("Bearer")
    assert books.bought == []


def test_an_admins_key_may_buy(shop: App) -> None:
    event = load(TWILIO)
    event["requestContext"]["authorizer"]["scopes"] = "admin"

    assert buy(shop, event)[0] == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "two\nlines"])
def test_an_unusable_idempotency_key_is_refused(shop: App, books: Books, key: str) -> None:
    event = load(TWILIO)
    event["headers"]["Idempotency-Key"] = key
    event["multiValueHeaders"]["Idempotency-Key"] = [key]

    status, body, _ = buy(shop, event)

    assert (status, body["code"]) == (400, "invalid_request")
    assert books.bought == []


def test_what_is_logged_of_a_refusal_holds_no_whole_number(
    shop: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    buy(shop, load(TWILIO))

    buy(shop, with_body(TWILIO, country_code="GB"))
    event = load(TWILIO)
    event["multiValueHeaders"]["Idempotency-Key"] = ["another"]
    event["headers"]["Idempotency-Key"] = "another"
    buy(shop, event)

    logged = [vars(record) for record in caplog.records]
    assert {line.get("code") for line in logged} >= {"number_unavailable", "invalid_number"}
    assert NUMBER not in repr(logged)


def test_a_surprise_is_a_500_that_tells_nothing_and_can_be_traced(shop: App, books: Books) -> None:
    books.buy_errors = [RuntimeError("an inner detail")]

    status, body, _ = buy(shop, load(TWILIO))

    assert (status, body["code"]) == (500, "internal_error")
    assert "inner detail" not in json.dumps(body)
    assert body["request_id"] == "5f6d7c1e-0000-4000-8000-000000000001"
