import base64
import json
from datetime import datetime, timedelta

import jwt
import pytest

from switchboard import sessions
from switchboard.errors import Unauthorized
from tests.builders import a_call
from tests.clock import START

KEY = "a-session-key-" * 5
CALL = a_call(created_at=START)
GENUINE = {"aud": "switchboard-session", "sub": str(CALL.id), "exp": 4102444800}


def test_a_token_is_a_jwt_that_any_library_can_read() -> None:
    token = sessions.issue(KEY, CALL)

    claims = jwt.decode(
        token,
        KEY,
        algorithms=["HS256"],
        audience="switchboard-session",
        options={"verify_exp": False},
    )
    assert claims["sub"] == str(CALL.id)
    assert claims["exp"] == (START + sessions.LIFETIME).timestamp()


def test_a_token_opens_its_own_call_for_fifteen_minutes() -> None:
    token = sessions.issue(KEY, CALL)

    sessions.check(KEY, token, CALL.id, START + timedelta(minutes=14, seconds=59))
    with pytest.raises(Unauthorized, match="expired"):
        sessions.check(KEY, token, CALL.id, START + timedelta(minutes=15))
    with pytest.raises(Unauthorized, match="another call"):
        sessions.check(KEY, token, CALL.id + 1, START)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b.c",
        "a.b",
        "…",
        "\ud800.\ud800.\ud800",
        sessions.issue("another key", CALL),
        sessions.issue(KEY, CALL) + "A",
        sessions.issue(KEY, CALL)[:-1],
        "x" + sessions.issue(KEY, CALL),
        jwt.encode(GENUINE, "", algorithm="none"),
        jwt.encode(GENUINE, KEY, algorithm="HS512"),
        jwt.encode(GENUINE | {"aud": "another use of the key"}, KEY),
    ],
)
def test_nothing_else_is_a_token(token: str) -> None:
    with pytest.raises(Unauthorized, match="not a session token"):
        sessions.check(KEY, token, CALL.id, START)


def test_a_changed_claim_breaks_the_signature() -> None:
    header, payload, signature = sessions.issue(KEY, CALL).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    later = datetime(2040, 1, 1, tzinfo=START.tzinfo).timestamp()
    longer = json.dumps(claims | {"exp": int(later)}).encode()
    forged = base64.urlsafe_b64encode(longer).decode().rstrip("=")

    with pytest.raises(Unauthorized):
        sessions.check(KEY, f"{header}.{forged}.{signature}", CALL.id, START)
