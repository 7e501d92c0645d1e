"""/api/v1/sip-trunks, driven by the files in events/."""

import json
from typing import Any

import boto3
import pytest

from functions.directory.app import lambda_handler
from switchboard.app import App
from tests.builders import NUMBER, ORGANIZATION, TRUNK, a_number, a_trunk
from tests.functions.events import Context, load

PASSWORD = "correct horse battery"
Json = dict[str, Any]


@pytest.fixture
def app(app: App) -> App:
    """The deployment with one trunk."""
    app.store.add_trunk(a_trunk(name="Shop"))
    return app


def ask(app: App, name: str, body: Any = None, **identity: Any) -> tuple[int, Any]:
    """Return the status and the body that an event is answered with."""
    event = load(f"directory/{name}")
    if body is not None:
        event["body"] = json.dumps(body)
    event["requestContext"]["authorizer"] |= identity
    reply = lambda_handler(event, Context(), lambda: app)
    return reply["statusCode"], json.loads(reply["body"]) if reply.get("body") else None


def test_a_trunk_is_made_and_shown_without_its_password(app: App) -> None:
    status, made = ask(app, "create-sip-trunk")

    assert status == 201
    assert made == made | {
        "name": "Office",
        "gateway": "sip.example.com:5060",
        "username": "acme",
        "password": "…tery",
        "has_password": True,
        "priority": 1,
        "enabled": True,
        "register": False,
        "provider": None,
        "bridge": "twilio",
        "bridge_url": None,
    }
    assert "signing_secret" not in made
    _, listed = ask(app, "list-sip-trunks")
    assert {it["name"] for it in listed} == {"Shop", "Office"}
    table = boto3.client("dynamodb").scan(TableName=app.settings.table_name)
    assert PASSWORD not in str(listed) + str(made) + str(table)


def test_an_own_bridges_secret_is_shown_once(app: App) -> None:
    own = {
        "name": "Own",
        "gateway": "10.0.0.5",
        "bridge": "own",
        "bridge_url": "https://bridge.example.com/calls",
        "register": True,
    }

    status, made = ask(app, "create-sip-trunk", own)

    assert status == 201
    assert made["register"] is True
    assert made["signing_secret"].startswith("swbr_")
    _, listed = ask(app, "list-sip-trunks")
    assert made["signing_secret"] not in str(listed)


def test_a_trunk_is_changed_in_part_and_switched(app: App) -> None:
    assert ask(app, "update-sip-trunk")[1]["priority"] == 2
    assert ask(app, "update-sip-trunk", {"password": PASSWORD})[1]["has_password"] is True
    shown = ask(app, "get-sip-trunk")[1]
    # A whole trunk that was read can be sent back.
    keep = {name: it for name, it in shown.items() if name in _WRITABLE}
    assert ask(app, "update-sip-trunk", keep)[1] == shown
    assert app.secrets.trunk(ORGANIZATION, TRUNK).password == PASSWORD

    assert ask(app, "disable-sip-trunk")[1]["enabled"] is False
    assert ask(app, "enable-sip-trunk")[1]["enabled"] is True


_WRITABLE = (
    "name",
    "gateway",
    "username",
    "password",
    "priority",
    "enabled",
    "register",
    "provider",
    "bridge",
    "bridge_url",
)


def test_sync_says_which_trunks_are_ready(app: App) -> None:
    ask(app, "create-sip-trunk")
    ask(app, "disable-sip-trunk")

    status, synced = ask(app, "sync-sip-trunks")

    assert status == 200
    assert synced["success"] is True
    assert synced["message"] == "Synced 1 enabled trunk(s) to bridge"
    assert (synced["total_trunks"], synced["enabled_trunks"]) == (2, 1)
    assert [it["is_ready"] for it in synced["trunks"]] == [False, False]


def test_a_deleted_trunk_is_gone_unless_numbers_use_it(app: App) -> None:
    number = a_number(carrier="byo-sip-trunk", sip_trunk_id=TRUNK)
    app.store.transact(app.store._put_number(number, "attribute_not_exists(pk)"))
    status, refused = ask(app, "delete-sip-trunk")
    assert (status, refused["code"]) == (409, "trunk_in_use")
    assert NUMBER in refused["detail"]
    app.store.transact(
        app.store._put_number(a_number(carrier="byo-sip-trunk"), "attribute_exists(pk)")
    )

    assert ask(app, "delete-sip-trunk") == (204, None)

    assert ask(app, "get-sip-trunk")[0] == 404
    assert ask(app, "delete-sip-trunk")[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "Office"},
        {"name": "", "gateway": "sip.example.com"},
        {"name": "Office", "gateway": 5},
        {"name": "Office", "gateway": "sip.example.com", "priority": -1},
        {"name": "Office", "gateway": "sip.example.com", "priority": "1"},
        {"name": "Office", "gateway": "sip.example.com", "enabled": "yes"},
        {"name": "Office", "gateway": "sip.example.com", "bridge": "carrier pigeon"},
        {"name": "Office", "gateway": "sip.example.com", "password": "x" * 300},
        {"name": "Office", "gateway": "sip.example.com", "unheard_of": 1},
    ],
)
def test_nonsense_makes_no_trunk(app: App, body: Json) -> None:
    assert ask(app, "create-sip-trunk", body)[0] == 422
    assert len(app.store.trunks(ORGANIZATION)) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Shop", "gateway": "sip.example.com"}, 400),
        ({"name": "Office", "gateway": "not a host"}, 400),
        ({"name": "Office", "gateway": "127.0.0.1"}, 403),
        ({"name": "Office", "gateway": "sip.example.com", "bridge": "own"}, 400),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(app: App, body: Json, status: int) -> None:
    assert ask(app, "create-sip-trunk", body)[0] == status
    assert ask(app, "update-sip-trunk", body | {"name": "Other"})[0] in (status, 200)
    assert len(app.store.trunks(ORGANIZATION)) == 1


def test_only_admins_see_trunks(app: App) -> None:
    for name in ("list-sip-trunks", "create-sip-trunk", "delete-sip-trunk"):
        assert ask(app, name, scopes="numbers:read numbers:write calls:write")[0] == 403


def test_another_organization_finds_none_of_ours(app: App) -> None:
    assert ask(app, "list-sip-trunks", organization_id="2002") == (200, [])
    for name in ("get", "update", "delete", "enable", "disable"):
        assert ask(app, f"{name}-sip-trunk", organization_id="2002")[0] == 404
