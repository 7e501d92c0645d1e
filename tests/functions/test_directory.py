"""Assistants, flows and the organization, driven by the files in events/."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest

from functions.directory.app import lambda_handler
from switchboard.app import App
from switchboard.carriers import carrier_class
from switchboard.directory import assistants, flows
from switchboard.errors import CarrierUnavailable, InvalidCredentials
from switchboard.model import Limits
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION, a_flow, an_assistant, an_organization
from tests.fakes import Books
from tests.functions.events import Context, load
from tests.unit.holding import hold

Json = dict[str, Any]


@pytest.fixture
def app(app: App) -> App:
    """The deployment with an assistant, and a flow over it."""
    app.store.put_assistant(an_assistant())
    app.store.add_flow(a_flow())
    return app


def ask(
    app: App, name: str, body: Any = None, query: dict[str, str] | None = None, **identity: Any
) -> tuple[int, Any]:
    """Return the status and the body that an event is answered with."""
    event = load(f"directory/{name}")
    if body is not None:
        event["body"] = json.dumps(body)
    if query is not None:
        event["queryStringParameters"] = query
        event["multiValueQueryStringParameters"] = {it: [value] for it, value in query.items()}
    if "authorizer" in event["requestContext"]:
        event["requestContext"]["authorizer"] |= identity
    reply = lambda_handler(event, Context(), lambda: app)
    return reply["statusCode"], json.loads(reply["body"])


# --- assistants ---


def test_an_assistant_is_made_and_shown_with_all_that_was_sent(app: App) -> None:
    status, made = ask(app, "create-assistant")

    assert status == 201
    assert made["id"] == made["id"]
    assert made["welcome_message"] == "Hello!"
    assert made["llm_settings"] == {
        "system_prompt": "You are the front desk.",
        "temperature": 0.7,
        "welcome_message": "Hello!",
    }
    assert made["tools_settings"]["transfer_call"]["transfer_numbers"] == ["+12125550199"]
    assert made["bypass_numbers"] == ["+12125550150"]
    assert made["recording_settings"] == {"enabled": False}
    assert made["voice"] == "warm"
    assert made["organization_id"] == ORGANIZATION
    stored = app.store.assistant(ORGANIZATION, made["id"])
    assert stored
    assert stored.transfer_number == "+12125550199"
    assert stored.welcome_message == "Hello!"


def test_an_assistant_can_be_sent_back_as_it_was_read(app: App) -> None:
    _, made = ask(app, "create-assistant")
    _, before = ask(app, "get-assistant")

    status, after = ask(app, "replace-assistant", before)

    assert made
    assert status == 200
    changing = {"version", "updated_at"}
    assert {k: v for k, v in after.items() if k not in changing | {"dial_options"}} == {
        k: v for k, v in before.items() if k not in changing | {"dial_options"}
    }


def test_merging_keeps_what_replacing_would_take_away(app: App) -> None:
    ask(app, "update-assistant", {"llm_settings": {"model": "m", "voice": {"a": 1, "b": 2}}})

    _, merged = ask(app, "update-assistant", {"llm_settings": {"voice": {"b": 3}}})
    _, replaced = ask(app, "replace-assistant", {"llm_settings": {"voice": {"b": 4}}})

    assert merged["llm_settings"] == {
        "model": "m",
        "voice": {"a": 1, "b": 3},
        "welcome_message": "Hello from Acme",
    }
    assert replaced["llm_settings"] == {"voice": {"b": 4}, "welcome_message": None}
    assert replaced["name"] == "Front desk"


def test_whichever_place_is_changed_in_what_was_read_is_meant(app: App) -> None:
    _, read = ask(app, "get-assistant")
    read["llm_settings"]["welcome_message"] = "New words"
    read["recording_settings"]["enabled"] = True
    read["max_call_length"] = 600

    status, after = ask(app, "replace-assistant", read)

    assert status == 200
    assert after["welcome_message"] == "New words"
    assert after["dial_options"]["record"] is True
    assert after["dial_options"]["max_duration"] == 600


def test_saying_two_things_at_once_is_refused(app: App) -> None:
    said = {"welcome_message": "A", "llm_settings": {"welcome_message": "B"}}

    status, refusal = ask(app, "update-assistant", said)

    assert status == 400
    assert "say different things" in refusal["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": ""}, 422),
        ({"name": None}, 422),
        ({"name": "two\nlines"}, 400),
        ({"is_active": "yes"}, 422),
        ({"stream_url": "http://media.example.com"}, 400),
        ({"webhook_url": "http://example.com"}, 400),
        ({"webhook_url": "https://user:secret@example.com"}, 400),
        ({"sms_webhook_url": "https://exa mple.com"}, 400),
        ({"bypass_numbers": ["5550100"]}, 400),
        ({"bypass_numbers": "5550100"}, 422),
        ({"llm_settings": {"welcome_message": 5}}, 400),
        ({"recording_settings": {"enabled": "yes"}}, 400),
        ({"tools_settings": {"transfer_call": {"transfer_numbers": ["nobody"]}}}, 400),
        ({"tools_settings": {"transfer_call": {"transfer_numbers": 5}}}, 400),
        ({"max_call_length": 5}, 422),
        ({"dial_options": {"ring_timeout": 1}}, 422),
        ({"fallback_message": "\ud800"}, 422),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(app: App, body: Json, status: int) -> None:
    before = app.store.assistant(ORGANIZATION, 3001)

    answered, _ = ask(app, "update-assistant", body)

    assert answered == status
    assert app.store.assistant(ORGANIZATION, 3001) == before


def test_settings_do_not_grow_without_end(app: App) -> None:
    assert ask(app, "update-assistant", {"a": "x" * 60_000})[0] == 200

    status, refusal = ask(app, "update-assistant", {"b": "x" * 60_000})

    assert status == 400
    assert "64 KB" in refusal["detail"]


def test_settings_that_are_nested_too_deeply_are_refused(app: App) -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = {"a": deep}

    status, refusal = ask(app, "update-assistant", {"llm_settings": deep})

    assert status == 400
    assert "nested" in refusal["detail"]


def test_assistants_are_listed_in_parts_and_counted(app: App) -> None:
    for number in range(4):
        ask(app, "create-assistant", {"name": str(number), "stream_url": "wss://m.example.com/e"})
    ask(app, "switch-assistant")

    _, everything = ask(app, "list-assistants")
    _, skipped = ask(app, "list-assistants", query={"skip": "3", "limit": "5"})
    _, active = ask(app, "list-assistants", query={"active_only": "true"})
    _, count = ask(app, "count-assistants")
    _, active_count = ask(app, "count-assistants", query={"active_only": "true"})

    names = [it["name"] for it in everything]
    assert names == ["Front desk", "0", "1", "2", "3"]
    assert [it["name"] for it in skipped] == names[3:]
    assert [it["name"] for it in active] == names[1:]
    assert (count, active_count) == ({"count": 5}, {"count": 4})


def test_the_cursor_goes_on_where_a_page_ended(app: App) -> None:
    for number in range(4):
        ask(app, "create-assistant", {"name": str(number), "stream_url": "wss://m.example.com/e"})
    names: list[str] = []
    query = {"limit": "2"}

    for _ in range(3):
        event = load("directory/list-assistants")
        event["queryStringParameters"] = query
        event["multiValueQueryStringParameters"] = {it: [v] for it, v in query.items()}
        reply = lambda_handler(event, Context(), lambda: app)
        names += [it["name"] for it in json.loads(reply["body"])]
        cursor = reply["multiValueHeaders"].get("X-Next-Cursor")
        query = {"limit": "2", "cursor": cursor[0]} if cursor else query

    assert names == ["Front desk", "0", "1", "2", "3"]
    assert cursor is None


def test_an_assistant_is_switched_off(app: App) -> None:
    status, shown = ask(app, "switch-assistant")

    assert (status, shown["is_active"]) == (200, False)


def test_the_base_of_a_flow_cannot_be_deleted_and_the_flow_is_named(app: App) -> None:
    status, refusal = ask(app, "delete-assistant")

    assert status == 409
    assert "'Bookings' (6001)" in refusal["detail"]
    assert ask(app, "delete-flow")[0] == 200
    assert ask(app, "delete-assistant") == (
        200,
        {"success": True, "message": "Assistant 'Front desk' deleted successfully"},
    )
    assert ask(app, "get-assistant")[0] == 404
    assert ask(app, "delete-assistant")[0] == 404


def test_an_assistant_without_an_address_takes_the_organizations(app: App) -> None:
    status, refusal = ask(app, "create-assistant", {"name": "Nowhere"})
    ask(app, "update-organization")

    again, made = ask(app, "create-assistant", {"name": "Somewhere"})

    assert status == 422
    assert "stream_url is missing" in refusal["detail"]
    assert again == 201
    assert made["stream_url"] == "wss://media.example.com/stream"


# --- flows ---


def test_a_flow_is_made_over_its_base(app: App) -> None:
    status, made = ask(app, "create-flow")

    assert status == 201
    assert made["base_assistant_id"] == 3001
    assert made["warnings"] == []
    assert app.store.flow(ORGANIZATION, made["id"])


def test_a_flow_without_a_base_gets_an_assistant_of_its_own(app: App) -> None:
    assert ask(app, "create-flow", {"name": "Alone"})[0] == 422
    ask(app, "update-organization")

    status, made = ask(app, "create-flow", {"name": "Alone"})

    assert status == 201
    paired = app.store.assistant(ORGANIZATION, made["base_assistant_id"])
    assert paired
    assert paired.name == "Alone"
    assert paired.flow_ids == {made["id"]}
    assert made["graph"]["begin_node"] == "start"


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        ({}, "at least one node"),
        ({"begin_node": "a", "nodes": {"b": {"prompt": "x"}}}, "no node 'a'"),
        ({"begin_node": ["a"], "nodes": {"a": {}}}, "begin_node"),
        (
            {"begin_node": "a", "nodes": {"a": {"transitions": [{"to": "gone"}]}}},
            "no node 'gone' to go to",
        ),
        ({"begin_node": "a", "nodes": {"a": 5}}, "not an object"),
        ({"begin_node": "a", "nodes": {"a": {"transitions": {}}}}, "a list"),
        ({"begin_node": "a", "nodes": {"a": {"transitions": [5]}}}, "where it leads"),
        ({"begin_node": "a", "nodes": {"a": {"prompt": 5}}}, "prompt is a text"),
        ({"begin_node": "a", "nodes": {str(n): {} for n in range(501)}}, "at most 500"),
    ],
)
def test_a_graph_that_cannot_run_is_refused(app: App, graph: Json, said: str) -> None:
    before = app.store.flow(ORGANIZATION, 6001)

    status, refusal = ask(app, "update-flow", {"graph": graph})

    assert status == 422
    assert said in refusal["detail"]
    assert app.store.flow(ORGANIZATION, 6001) == before


def test_what_looks_like_a_mistake_in_a_graph_is_a_warning(app: App) -> None:
    graph = {"begin_node": "a", "nodes": {"a": {"prompt": "Hi"}, "island": {"prompt": "?"}}}

    status, changed = ask(app, "update-flow", {"graph": graph})

    assert status == 200
    assert changed["warnings"] == ["No transition leads to node 'island'"]


def test_a_flow_needs_a_base_that_is_there(app: App) -> None:
    status, refusal = ask(app, "create-flow", {"name": "x", "base_assistant_id": 77})

    assert status == 404
    assert "Assistant with ID 77 not found" in refusal["detail"]
    assert ask(app, "update-flow", {"base_assistant_id": 77})[0] == 404


def test_flows_are_listed_and_inactive_ones_only_when_asked_for(app: App) -> None:
    ask(app, "create-flow")
    ask(app, "update-flow", {"is_active": False})

    _, active = ask(app, "list-flows")
    _, everything = ask(app, "list-flows", query={"active_only": "false"})

    assert [it["name"] for it in active] == ["Bookings"]
    assert len(everything) == 2


# --- tenancy ---


@pytest.mark.parametrize(
    "name",
    [
        "get-assistant",
        "replace-assistant",
        "update-assistant",
        "switch-assistant",
        "delete-assistant",
        "get-flow",
        "update-flow",
        "delete-flow",
    ],
)
def test_another_organizations_things_do_not_exist(app: App, name: str) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    before = table(app)

    status, refusal = ask(app, name, organization_id=str(OTHER_ORGANIZATION))

    assert status == 404
    assert "not found in your organization" in refusal["detail"]
    assert table(app) == before


def test_another_organizations_assistant_is_no_base(app: App) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))

    status, _ = ask(app, "create-flow", organization_id=str(OTHER_ORGANIZATION))

    assert status == 404


@pytest.mark.parametrize(
    ("name", "scopes"),
    [
        ("create-assistant", "assistants:read numbers:write calls:write"),
        ("delete-flow", "assistants:read"),
        ("list-flows", "assistants:write"),
        ("get-organization", "assistants:read assistants:write"),
        ("update-organization", "assistants:write"),
        ("validate-twilio", "assistants:write"),
    ],
)
def test_a_key_without_the_scope_is_refused(app: App, name: str, scopes: str) -> None:
    before = table(app)

    status, refusal = ask(app, name, scopes=scopes)

    assert (status, refusal["code"]) == (403, "insufficient_scope")
    assert table(app) == before


def table(app: App) -> list[Any]:
    """Return all that is in the table."""
    found = boto3.client("dynamodb").scan(TableName=app.settings.table_name)["Items"]
    return sorted(found, key=str)


# --- the organization ---


def test_the_organization_is_shown_with_its_limits(app: App) -> None:
    status, shown = ask(app, "get-organization")

    assert status == 200
    assert shown["name"] == "Acme"
    assert shown["limits"]["allowed_countries"] == ["US", "CA"]
    assert shown["twilio_auth_token"] is None


def test_an_organization_changes_what_is_given(app: App) -> None:
    said = {
        "name": "Acme & Co",
        "settings": {"stream_url": "wss://m.example.com/s", "own": {"kept": 0.5}},
        "limits": {"allowed_countries": ["gb"], "calls_per_day": 7},
    }

    status, shown = ask(app, "update-organization", said)

    assert status == 200
    assert shown["name"] == "Acme & Co"
    assert shown["settings"] == said["settings"]
    stored = app.store.organization(ORGANIZATION)
    assert stored
    assert stored.limits == Limits(allowed_countries=("GB",), calls_per_day=7)
    assert ask(app, "update-organization", shown)[1] == shown


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"settings": {"stream_url": "https://x.example.com"}}, 400, "wss://"),
        ({"settings": {"stream_url": 5}}, 400, "stream_url"),
        ({"settings": {"big": "x" * 20_000}}, 422, "16 KB"),
        ({"limits": {"calls_per_day": 0}}, 422, "calls_per_day"),
        ({"limits": {"moon": 1}}, 422, "moon"),
        ({"limits": {"allowed_countries": ["XX"]}}, 400, "XX"),
        ({"slug": "No Slug"}, 400, "slug"),
        ({"domain": "nowhere"}, 400, "domain"),
        ({"vonage_api_key": "abc"}, 422, "Missing: vonage_api_secret, vonage_signature_secret"),
        ({"vonage_private_key": "-----BEGIN"}, 422, "vonage_private_key is found or made"),
        ({"sip_username": "abc"}, 422, "no carrier sip"),
        ({"telnyx_connection_id": "123"}, 422, "telnyx_connection_id is found or made"),
        ({"twilio_auth_token": "x" * 32}, 422, "Missing: twilio_account_sid"),
        ({"telnyx_api_key": "KEY"}, 422, "Missing: telnyx_public_key"),
    ],
)
def test_what_an_organization_cannot_be_is_refused_and_changes_nothing(
    app: App, body: Json, status: int, said: str
) -> None:
    app = replace(app, carrier_class=carrier_class)
    before = table(app)

    answered, refusal = ask(app, "update-organization", {"name": "Changed"} | body)

    assert answered == status
    assert said in json.dumps(refusal["detail"])
    assert table(app) == before


CREDENTIALS = {
    "twilio_account_sid": "AC" + "0" * 28 + "4321",
    "twilio_auth_token": "t" * 28 + "abcd",
}


@pytest.fixture
def twilio(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """The deployment whose Twilio is the fake carrier, asking for Twilio's credentials."""
    fake = app.carrier_class("fake")
    asking = type("Twilio", (fake,), {"credential_fields": ("account_sid", "auth_token")})
    return replace(app, carrier_class=lambda name: asking)


def test_credentials_are_tried_stored_and_shown_by_their_ends_only(twilio: App) -> None:
    status, shown = ask(twilio, "update-organization", CREDENTIALS)

    assert status == 200
    assert shown["twilio_account_sid"] == "…4321"
    assert shown["twilio_auth_token"] == "…abcd"
    assert "t" * 28 not in json.dumps([shown, table(twilio)], default=str)
    assert twilio.secrets.carrier(ORGANIZATION, "twilio")["auth_token"].endswith("abcd")


def test_a_vonage_account_is_connected_with_its_region(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = app.carrier_class("fake")
    vonage = carrier_class("vonage")
    named = {"fields": vonage.credential_fields, "options": vonage.credential_options}
    asking = type("Vonage", (fake,), {f"credential_{it}": value for it, value in named.items()})
    app = replace(app, carrier_class=lambda name: asking)
    given = {
        "vonage_api_key": "a1b2c3d4",
        "vonage_api_secret": "s" * 12 + "abcd",
        "vonage_signature_secret": "w" * 28 + "wxyz",
        "vonage_api_region": "api-eu",
    }

    status, shown = ask(app, "update-organization", given)

    assert status == 200
    # As short as this one is, its end would give half of it away.
    assert shown["vonage_api_key"] == "…"
    assert shown["vonage_signature_secret"] == "…wxyz"
    assert app.secrets.carrier(ORGANIZATION, "vonage")["api_region"] == "api-eu"


def test_one_credential_is_replaced_beside_what_is_stored(twilio: App, books: Books) -> None:
    _, shown = ask(twilio, "update-organization", CREDENTIALS)
    again = shown | {"twilio_auth_token": "u" * 28 + "wxyz"}

    status, after = ask(twilio, "update-organization", again)
    ask(twilio, "update-organization", after)

    assert status == 200
    assert after["twilio_auth_token"] == "…wxyz"
    assert twilio.secrets.carrier(ORGANIZATION, "twilio")["account_sid"].endswith("4321")
    # What was only sent back as it was shown is nothing new.
    assert books.connections == 2


def test_another_account_takes_the_place_of_one_with_numbers_only_if_told_so(twilio: App) -> None:
    ask(twilio, "update-organization", CREDENTIALS)
    hold(twilio, carrier="twilio")
    other = CREDENTIALS | {"twilio_account_sid": "AC" + "other" + "0" * 27}

    refused = ask(twilio, "update-organization", {"name": "New"} | other)
    assert (refused[0], refused[1]["code"]) == (409, "account_in_use")
    assert ask(twilio, "get-organization")[1]["name"] != "New"

    status, shown = ask(twilio, "update-organization", other | {"replace_account": True})
    assert (status, shown["twilio_account_sid"]) == (200, "…0000")


def test_credentials_that_the_carrier_refuses_change_nothing(twilio: App, books: Books) -> None:
    before = table(twilio)
    books.connect_errors = [InvalidCredentials("Twilio does not accept the credentials (20003)")]

    status, refusal = ask(twilio, "update-organization", {"name": "New"} | CREDENTIALS)

    assert (status, refusal["code"]) == (422, "credentials_refused")
    assert [it for it in table(twilio) if "LEASE" not in str(it["pk"])] == before


def test_twilio_credentials_are_validated_and_not_stored(twilio: App, books: Books) -> None:
    before = table(twilio)

    good = ask(twilio, "validate-twilio")
    books.failures["account_name"] = [InvalidCredentials("no"), CarrierUnavailable("away")]
    bad = ask(twilio, "validate-twilio")
    away = ask(twilio, "validate-twilio")

    assert good == (200, {"valid": True, "error": None, "friendly_name": "Acme"})
    assert bad == (200, {"valid": False, "error": "no", "friendly_name": None})
    assert away[0] == 503
    assert table(twilio) == before


def test_anybody_may_ask_whether_the_api_is_there(app: App) -> None:
    assert ask(app, "health") == (200, {"status": "healthy", "service": "switchboard"})


def test_use_cases_and_routes_show_the_same(app: App) -> None:
    assert assistants.count(app, ORGANIZATION) == 1
    assert flows.find(app, ORGANIZATION, 6001).name == "Bookings"


# --- the fuse ---


def test_the_fuse_is_tripped_shown_and_reset(app: App) -> None:
    before = ask(app, "get-fuse")
    tripped = ask(app, "trip-fuse")
    shown = ask(app, "get-fuse")
    after = ask(app, "reset-fuse")

    assert before[0] == tripped[0] == shown[0] == after[0] == 200
    assert [it[1]["tripped"] for it in (before, tripped, shown, after)] == [
        False,
        True,
        True,
        False,
    ]
    assert tripped[1]["reason"] == "by_hand"
    assert before[1]["limits"]["fuse_calls"] == 200


def test_only_an_admin_resets_the_fuse(app: App) -> None:
    ask(app, "trip-fuse")

    status, reply = ask(app, "reset-fuse", scopes="calls:write calls:read")

    assert (status, reply["code"]) == (403, "insufficient_scope")
    assert ask(app, "get-fuse")[1]["tripped"] is True


def test_a_key_that_sent_too_much_is_answered_429_before_anything_is_read(app: App) -> None:
    event = load("directory/get-organization")
    event["requestContext"]["authorizer"]["retry_after"] = "45"

    reply = lambda_handler(event, Context(), lambda: pytest.fail("nothing is opened"))

    body = json.loads(reply["body"])
    assert (reply["statusCode"], body["code"]) == (429, "rate_limited")
    assert reply["multiValueHeaders"]["Retry-After"] == ["45"]
