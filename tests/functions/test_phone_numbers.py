"""A number's life between search and release, driven by the files in events/phone_numbers/."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from functions.phone_numbers.app import lambda_handler
from switchboard.app import App
from switchboard.carriers.stock import AvailableNumber
from switchboard.errors import OutcomeUnknown
from switchboard.model import Capabilities, NumberStatus
from tests.api import world
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION, a_number
from tests.fakes import Books
from tests.functions.events import ROOT, Context, load
from tests.unit.holding import held, hold

Json = dict[str, Any]

FREE = "+14155550101"
FOREIGN = "+14155550102"


@pytest.fixture
def app(app: App, books: Books) -> App:
    """An organization with one of everything, a free number, and a neighbour with a number."""
    app = world.settle(app, books)
    hold(app, phone_number=FREE, carrier="twilio", assistant=None)
    hold(app, phone_number=FOREIGN, carrier="twilio", organization_id=OTHER_ORGANIZATION)
    return app


def send(app: App, name: str, **changes: Any) -> Json:
    """Return what the function makes of an event, with a part of the request changed."""
    event = load(f"phone_numbers/{name}")
    if "body" in changes:
        event["body"] = json.dumps(changes["body"])
    if "query" in changes:
        event["multiValueQueryStringParameters"] = {
            it: [value] for it, value in changes["query"].items()
        }
        event["queryStringParameters"] = changes["query"]
    for parameter, value in changes.get("path", {}).items():
        event["path"] = event["path"].replace(event["pathParameters"][parameter], str(value))
        event["pathParameters"][parameter] = str(value)
    event["requestContext"]["authorizer"] |= changes.get("identity", {})
    reply: Json = lambda_handler(event, Context(), lambda: app)
    return reply


def ask(app: App, name: str, **changes: Any) -> tuple[int, Any]:
    """Return the status and the body of the answer."""
    reply = send(app, name, **changes)
    return reply["statusCode"], json.loads(reply["body"])


@pytest.mark.parametrize("name", sorted(it.stem for it in (ROOT / "phone_numbers").iterdir()))
def test_an_event_is_answered(app: App, name: str) -> None:
    if name == "unassign-number-from-flow":
        ask(app, "assign-number-to-flow")

    status, reply = ask(app, name)

    assert status == 200, reply
    assert reply


# --- search and countries ---


def test_a_search_tells_what_is_for_sale_in_the_contracts_words(app: App, books: Books) -> None:
    books.for_sale = [
        AvailableNumber(
            NUMBER, "US", Capabilities(voice=True, sms=True), "(415) 555-0100", "San Francisco",
            "CA", "1.00", "0.50",
        )
    ]  # fmt: skip

    status, reply = ask(app, "search-numbers")

    assert status == 200
    assert (reply["success"], reply["total_found"], reply["provider"]) == (True, 1, "telnyx")
    [found] = reply["numbers"]
    assert found["phone_number"] == NUMBER
    assert (found["locality"], found["region"]) == ("San Francisco", "CA")
    assert found["setup_cost"] == "0.50"
    assert sum(float(found[cost]) for cost in ("cost", "setup_cost")) == 1.5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", 51),
        ("limit", 0),
        ("limit", "10"),
        ("country_code", "USA"),
        ("area_code", "41a"),
        ("contains", "*"),
        ("number_type", "vanity"),
        ("locality", " "),
    ],
)
def test_a_search_that_makes_no_sense_is_told_which_field(
    app: App, books: Books, field: str, value: Any
) -> None:
    status, reply = ask(app, "search-numbers", body={field: value})

    assert status == 422
    assert reply["detail"][0]["loc"][-1] == field
    assert books.requests == []


def test_a_search_at_nobody_names_those_there_are(app: App) -> None:
    status, reply = ask(app, "search-numbers", body={"provider": "acme"})

    assert (status, reply["code"]) == (400, "invalid_provider")
    assert reply["detail"].startswith("Provider must be 'twilio'")


def test_countries_are_asked_for_once_a_day(app: App, books: Books) -> None:
    first, second = (ask(app, "list-countries") for _ in range(2))

    assert first == second
    assert first[1] == {"success": True, "country_codes": ["CA", "US"], "provider": "telnyx"}
    assert books.requests.count("countries") == 1


# --- lists ---


def test_a_page_says_where_the_next_one_begins(app: App) -> None:
    first = send(app, "list-numbers", query={"limit": "1"})
    following = send(
        app, "list-numbers", query={"cursor": first["multiValueHeaders"]["X-Next-Cursor"][0]}
    )

    assert [it["phone_number"] for it in json.loads(first["body"])] == [NUMBER]
    assert [it["phone_number"] for it in json.loads(following["body"])] == [FREE]
    assert "X-Next-Cursor" not in following["multiValueHeaders"]


def test_a_number_is_shown_as_the_contract_shows_it(app: App) -> None:
    status, shown = ask(app, "get-number")

    assert status == 200
    assert shown["id"] == int(NUMBER[1:])
    assert shown["twilio_sid"] == a_number().carrier_number_id
    assert shown["assistant"] == {
        "id": 3001,
        "name": f"Front desk {world.MARK}",
        "is_active": True,
    }
    assert shown["capabilities"] == {"voice": True, "sms": True, "mms": False, "fax": False}


@pytest.mark.parametrize("name", ["get-number", "update-number", "assign-number"])
def test_a_neighbours_number_does_not_exist(app: App, name: str) -> None:
    before = held(app, FOREIGN)

    status, reply = ask(app, name, path={"phone_number_id": int(FOREIGN[1:])})

    assert (status, reply["code"]) == (404, "number_not_found")
    assert held(app, FOREIGN) == before


# --- changes ---


def test_a_number_is_renamed_and_closed_to_callers_from_elsewhere(app: App) -> None:
    status, reply = ask(app, "update-number")

    assert status == 200
    assert reply["phone_number"]["friendly_name"] == "Front desk line"
    assert held(app, NUMBER).allowed_country_codes == ("US", "CA")


def test_a_number_cannot_have_an_assistant_and_a_flow(app: App) -> None:
    before = held(app, NUMBER)

    status, reply = ask(app, "update-number", body={"assistant_id": 3001, "flow_id": 6001})

    assert status == 422
    assert "never both" in reply["detail"][0]["msg"]
    assert held(app, NUMBER) == before


def test_zero_takes_a_number_from_whoever_has_it(app: App) -> None:
    status, reply = ask(app, "update-number", body={"assistant_id": 0})

    assert status == 200
    assert reply["phone_number"]["assistant"] is None
    assert held(app, NUMBER).assistant is None


def test_many_numbers_are_assigned_and_each_failure_is_told(app: App) -> None:
    wanted = [int(FREE[1:]), int(FOREIGN[1:])]

    status, reply = ask(app, "assign-many-numbers", body=wanted)

    assert (status, reply["success"]) == (200, True)
    assert reply["data"]["successes"] == wanted[:1]
    [failure] = reply["data"]["failures"]
    assert failure["phone_number_id"] == wanted[1]
    assert "not found" in failure["error"]
    assert held(app, FREE).assistant is not None


@pytest.mark.parametrize(("body", "status"), [([], 400), ([1] * 1001, 422), (["1"], 422)])
def test_a_list_of_numbers_has_bounds(app: App, body: list[Any], status: int) -> None:
    assert ask(app, "assign-many-numbers", body=body)[0] == status


# --- release ---


def test_a_released_number_is_gone_and_says_when(app: App, books: Books) -> None:
    status, reply = ask(app, "release-number")
    again, refusal = ask(app, "release-number")

    assert (status, reply["success"]) == (200, True)
    assert reply["message"] == f"Successfully released phone number {NUMBER} from twilio"
    assert books.released == [a_number().carrier_number_id]
    assert again == 404
    assert "released" in refusal["detail"]


def test_a_release_whose_answer_was_lost_is_told_as_that(app: App, books: Books) -> None:
    books.vanished["release"] = [OutcomeUnknown("no answer")]

    status, reply = ask(app, "release-number")

    assert (status, reply["success"]) == (202, False)
    assert held(app, NUMBER).status == NumberStatus.RELEASING


def test_a_neighbours_number_is_not_released(app: App, books: Books) -> None:
    status, reply = ask(app, "release-number", body={"phone_number": FOREIGN})

    assert (status, reply["code"]) == (403, "not_owned")
    assert books.released == []


# --- the carrier's side ---


def test_texts_are_switched_off_at_the_carrier(app: App, books: Books) -> None:
    status, reply = ask(app, "update-webhooks")

    assert status == 200
    assert list(reply["updated_webhooks"]) == ["sms"]
    assert books.held[NUMBER].sms_url is None


def test_sync_takes_over_what_the_account_holds(app: App, books: Books) -> None:
    new = "+12125550142"
    books.hold(new)

    status, reply = ask(app, "sync-numbers")

    assert (status, reply["success"]) == (200, True)
    assert held(app, new).organization_id == ORGANIZATION
    assert held(app, FOREIGN).organization_id == OTHER_ORGANIZATION


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_caller_id_may_come_as_a_form_whatever_it_is_called(
    app: App, books: Books, kind: str
) -> None:
    books.caller_ids = {"+12125550150": "Desk"}
    event = load("phone_numbers/add-caller-id")
    event["body"] = urlencode({"phone_number": "+12125550150", "friendly_name": "Desk"})
    event["headers"]["Content-Type"] = kind
    event["multiValueHeaders"]["Content-Type"] = [kind]

    reply = lambda_handler(event, Context(), lambda: app)

    assert reply["statusCode"] == 200, reply["body"]
    _, listed = ask(app, "list-caller-ids")
    assert "+12125550150" in [it["phone_number"] for it in listed]
