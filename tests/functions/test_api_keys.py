"""/users/me/api-keys: made, listed, changed, revoked; driven by the files in events/."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.authorizer import app as authorizer
from functions.directory.app import lambda_handler
from switchboard import tokens
from switchboard.app import App
from switchboard.model import Actor, Token
from switchboard.store import AuditFilter
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION, an_organization
from tests.clock import START, Clock
from tests.functions.events import Context, load

Json = dict[str, Any]


def ask(app: App, event: Json, **identity: str) -> tuple[int, Any]:
    event["requestContext"]["authorizer"] |= identity
    reply = lambda_handler(event, Context(), lambda: app)
    return reply["statusCode"], json.loads(reply["body"])


def creation(**fields: Any) -> Json:
    event = load("directory/create-api-key")
    body = json.loads(event["body"]) | fields
    event["body"] = json.dumps({key: value for key, value in body.items() if value is not None})
    return event


def create(app: App, **fields: Any) -> Json:
    status, made = ask(app, creation(**fields))
    assert status == 200, made
    return made


def about(verb: str, key: Any, **query: str) -> Json:
    event = load(f"directory/{verb}-api-key")
    event["pathParameters"] = {"key_id": str(key)}
    event["path"] = f"/api/v1/users/me/api-keys/{key}"
    if verb == "update":
        event["queryStringParameters"] = query
        event["multiValueQueryStringParameters"] = {it: [query[it]] for it in query}
    return event


def listing(app: App, **query: str) -> tuple[list[Json], str | None]:
    event = load("directory/list-api-keys", queryStringParameters=query)
    event["multiValueQueryStringParameters"] = {it: [query[it]] for it in query}
    reply = lambda_handler(event, Context(), lambda: app)
    assert reply["statusCode"] == 200, reply["body"]
    return json.loads(reply["body"]), reply["multiValueHeaders"].get("X-Next-Cursor", [None])[0]


def opened_by(app: App, secret: str) -> Json:
    event = load("authorizer/api-key", authorizationToken=f"Bearer {secret}")
    context: Json = authorizer.lambda_handler(event, Context(), lambda: app)["context"]
    return context


def opens_nothing(app: App, secret: str) -> bool:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        opened_by(app, secret)
    return True


def stored(app: App, secret: str) -> Token:
    token = app.store.token(tokens.hash_of(secret))
    assert token
    return token


def on_record(app: App, action: str = "key.") -> list[tuple[str, str]]:
    entries, _ = app.store.audit_page(ORGANIZATION, AuditFilter(action), 1000)
    return [(entry.action, entry.target) for entry in reversed(entries)]


def test_a_new_key_is_shown_once_and_opens_what_it_was_made_for(app: App) -> None:
    made = create(app)

    assert set(made) == {"api_key", "key"}
    assert made["api_key"] == {
        "id": made["api_key"]["id"],
        "user_id": ORGANIZATION,
        "name": "Dashboard",
        "key_prefix": made["key"][:12] + "...",
        "last_used_at": None,
        "usage_count": 0,
        "is_active": True,
        "permissions": {
            "read": True,
            "write": False,
            "admin": False,
            "numbers": "read",
            "calls": "read_write",
            "assistants": "read",
            "sms": "read",
        },
        "scopes": ["assistants:read", "calls:read", "calls:write", "numbers:read", "sms:read"],
        "rate_limit": {},
        "created_at": START.isoformat(),
        "updated_at": START.isoformat(),
        "expires_at": None,
        "revoked_at": None,
    }
    assert opened_by(app, made["key"])["scopes"] == " ".join(made["api_key"]["scopes"])
    assert made["key"] not in json.dumps(listing(app))


def test_a_reply_that_holds_a_secret_is_kept_by_nobody(app: App) -> None:
    reply = lambda_handler(load("directory/create-api-key"), Context(), lambda: app)

    assert reply["multiValueHeaders"]["Cache-Control"] == ["no-store"]


@pytest.mark.parametrize(
    ("wanted", "scopes"),
    [
        ({"permissions": None}, "READ WRITE"),
        ({"permissions": {"read": True}}, "READ"),
        ({"permissions": {"write": True, "read": False}}, "WRITE"),
        ({"permissions": {"admin": True}}, "admin"),
        ({"permissions": {"numbers": "read_write", "calls": "write"}},
         "calls:write numbers:read numbers:write"),
        ({"permissions": None, "scopes": ["calls:read", "calls:read"]}, "calls:read"),
    ],
)  # fmt: skip
def test_permissions_stand_for_scopes(app: App, wanted: Json, scopes: str) -> None:
    kinds = ("assistants", "calls", "numbers", "sms")
    for verb in ("read", "write"):
        scopes = scopes.replace(verb.upper(), " ".join(f"{kind}:{verb}" for kind in kinds))

    made = create(app, **wanted)

    assert made["api_key"]["scopes"] == sorted(scopes.split())


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"permissions": {}}, 400),
        ({"permissions": {"read": False, "calls": "none"}}, 400),
        ({"permissions": None, "scopes": []}, 400),
        ({"permissions": None, "scopes": ["calls:delete"]}, 400),
        ({"name": " "}, 400),
        ({"name": "x" * 150}, 400),
        ({"name": "a\nb"}, 400),
        ({"name": 7}, 422),
        ({"name": None}, 422),
        ({"permissions": {"sudo": True}}, 422),
        ({"permissions": {"read": "yes"}}, 422),
        ({"permissions": {"calls": "all"}}, 422),
        ({"permissions": {"read": True}, "scopes": ["calls:read"]}, 422),
        ({"expires_in_days": 0}, 422),
        ({"expires_in_days": 10**9}, 422),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(app: App, wrong: Json, status: int) -> None:
    found, problem = ask(app, creation(**wrong))

    assert (found, list(problem)) == (status, ["detail", "code", "request_id"])
    assert listing(app)[0] == []
    assert on_record(app) == []


@pytest.mark.parametrize(
    "name",
    ["list-api-keys", "create-api-key", "update-api-key", "revoke-api-key", "audit"],
)
def test_only_a_key_that_may_do_everything_sees_keys_and_the_record(app: App, name: str) -> None:
    all_others = (
        "numbers:read numbers:write calls:read calls:write assistants:read assistants:write "
        "sms:read sms:write"
    )

    status, problem = ask(app, load(f"directory/{name}"), scopes=all_others)

    assert (status, problem["code"]) == (403, "insufficient_scope")
    assert on_record(app) == []


def test_a_key_that_ends_cannot_make_one_that_outlives_it(app: App) -> None:
    end = START + timedelta(days=3)

    def ends(days: int | None) -> str:
        event = creation(expires_in_days=days)
        made: Json = ask(app, event, token_expires_at=end.isoformat())[1]
        until: str = made["api_key"]["expires_at"]
        return until

    assert ends(None) == end.isoformat()
    assert ends(30) == end.isoformat()
    assert ends(1) == (START + timedelta(days=1)).isoformat()


def test_a_name_comes_in_the_query_and_permissions_in_the_body(app: App) -> None:
    made = create(app)
    key = made["api_key"]["id"]

    renamed = ask(app, about("update", key, name="Nightly") | {"body": "null"})
    limited = ask(app, about("update", key) | {"body": '{"calls": "read"}'})

    assert renamed[0] == limited[0] == 200
    assert (renamed[1]["name"], renamed[1]["scopes"]) == ("Nightly", made["api_key"]["scopes"])
    assert (limited[1]["name"], limited[1]["scopes"]) == ("Nightly", ["calls:read"])
    assert opened_by(app, made["key"])["scopes"] == "calls:read"
    assert on_record(app) == [
        ("key.created", str(key)),
        ("key.updated", str(key)),
        ("key.updated", str(key)),
    ]


@pytest.mark.parametrize("body", ["", None, "null"])
def test_an_update_without_anything_new_changes_nothing(app: App, body: str | None) -> None:
    made = create(app)

    status, same = ask(app, about("update", made["api_key"]["id"]) | {"body": body})

    assert (status, same) == (200, made["api_key"])
    assert len(on_record(app)) == 1


def test_a_revoked_key_opens_nothing_at_once_and_stays_listed(app: App, clock: Clock) -> None:
    made = create(app)
    clock.advance(hours=1)

    first = ask(app, about("revoke", made["api_key"]["id"]))
    clock.advance(hours=1)
    again = ask(app, about("revoke", made["api_key"]["id"]))

    assert first == again == (200, {"success": True, "message": "API key 'Dashboard' revoked"})
    assert opens_nothing(app, made["key"])
    (shown,), _ = listing(app)
    assert (shown["is_active"], shown["revoked_at"]) == (
        False,
        (START + timedelta(hours=1)).isoformat(),
    )
    assert [action for action, _ in on_record(app)] == ["key.created", "key.revoked"]


def test_a_revoked_key_cannot_be_changed(app: App) -> None:
    made = create(app)
    ask(app, about("revoke", made["api_key"]["id"]))

    status, problem = ask(app, about("update", made["api_key"]["id"], name="Back"))

    assert status == 409
    assert "is revoked for good" in problem["detail"]


@pytest.mark.parametrize("verb", ["update", "revoke"])
def test_another_organizations_key_is_like_none(app: App, verb: str) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    theirs, secret = tokens.create(app, OTHER_ORGANIZATION, "theirs", ["admin"])

    foreign = ask(app, about(verb, theirs.id))
    missing = ask(app, about(verb, 12345))

    assert foreign[0] == missing[0] == 404
    assert foreign[1]["detail"] == f"API key {theirs.id} not found in this organization"
    assert listing(app)[0] == []
    assert stored(app, secret) == theirs


@pytest.mark.parametrize("key", ["0", "-1", str(2**53), "x"])
def test_an_id_that_is_none_is_refused(app: App, key: str) -> None:
    assert ask(app, about("revoke", key))[0] == 422


def test_keys_are_listed_in_pages(app: App) -> None:
    names = [f"key {n}" for n in range(5)]
    for name in names:
        create(app, name=name)

    pages, cursor = [], "0"
    while cursor is not None:
        page, cursor = listing(app, limit="2", cursor=cursor)  # type: ignore[assignment]
        pages.append([it["name"] for it in page])

    assert pages == [names[:2], names[2:4], names[4:]]


def test_a_rename_and_a_revocation_at_once_both_hold(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create(app)
    key, change = made["api_key"]["id"], type(app.store).change_token

    def overtaken(store: Any, *change_of: Any) -> None:
        monkeypatch.setattr(type(app.store), "change_token", change)
        tokens.change(app, ORGANIZATION, key, "Renamed")
        change(store, *change_of)

    monkeypatch.setattr(type(app.store), "change_token", overtaken)
    revoked = tokens.revoke(app, ORGANIZATION, key)

    assert (revoked.name, revoked.revoked_at) == ("Renamed", START)
    assert opens_nothing(app, made["key"])


# --- how often a key is used ---


def test_a_keys_use_is_written_once_a_minute_and_none_is_lost_to_that(
    app: App, clock: Clock
) -> None:
    secret = create(app)["key"]

    for _ in range(10):
        opened_by(app, secret)
    assert (stored(app, secret).usage_count, stored(app, secret).last_used_at) == (1, START)

    clock.advance(seconds=61)
    opened_by(app, secret)

    (shown,), _ = listing(app)
    assert shown["usage_count"] == 11
    assert shown["last_used_at"] == (START + timedelta(seconds=61)).isoformat()
    assert shown["updated_at"] == START.isoformat()


def test_a_key_opens_also_when_its_use_cannot_be_written(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = create(app)["key"]
    client = app.store._client
    with monkeypatch.context() as patch:
        patch.setattr(client, "update_item", lambda **_: client.get_item(TableName="none", Key={}))
        assert opened_by(app, secret)
    opened_by(app, secret)

    assert stored(app, secret).usage_count == 2


def test_being_used_meanwhile_does_not_undo_a_change(app: App) -> None:
    made = create(app)
    seen = stored(app, made["key"])
    opened_by(app, made["key"])

    app.store.change_token(seen, replace(seen, name="New", version=2), "key.updated")

    now = stored(app, made["key"])
    assert (now.name, now.usage_count, now.version) == ("New", 1, 2)


def test_a_key_from_before_there_were_versions_can_be_changed(app: App) -> None:
    made, _ = tokens.create(app, ORGANIZATION, "old", ["admin"])
    client, row = app.store._client, {"pk": {"S": f"TOKEN#{made.hash}"}, "sk": {"S": "TOKEN"}}
    client.update_item(
        TableName=app.settings.table_name,
        Key=row,
        UpdateExpression="REMOVE #version, usage_count, updated_at",
        ExpressionAttributeNames={"#version": "version"},
    )

    assert tokens.change(app, ORGANIZATION, made.id, "newer").version == 1
    assert tokens.revoke(app.acting_for(Actor("Anna")), ORGANIZATION, made.id).version == 2
