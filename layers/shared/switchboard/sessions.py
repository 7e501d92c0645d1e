"""Session tokens: what a media stream carries to prove that it is genuine."""

import base64
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from .errors import Unauthorized
from .model import Call

LIFETIME = timedelta(minutes=15)
_AUDIENCE = "switchboard-session"


def issue(key: str, call: Call) -> str:
    """Return the token of a call: a JWT that names it and expires 15 minutes after it began.

    The same call gets the same token, so a replayed webhook wins no more time.
    """
    claims = {
        "aud": _AUDIENCE,
        "sub": str(call.id),
        "exp": int((call.created_at + LIFETIME).timestamp()),
    }
    signed = f"{_HEADER}.{_base64url(json.dumps(claims).encode())}"
    return f"{signed}.{_signature(key, signed)}"


def check(key: str, token: str, call_id: int, now: datetime) -> None:
    """Raise Unauthorized unless `token` is the live session token of this call."""
    claims = _verified(key, token)
    if claims["sub"] != str(call_id):
        raise Unauthorized("This session token belongs to another call.")
    if now.timestamp() >= claims["exp"]:
        raise Unauthorized("This session token has expired; it lives for 15 minutes.")


# The JWT is made here, with one algorithm and one header, and not by PyJWT: that imports the
# whole of `cryptography`, which was a third of the time until a cold function answered a call.


def _verified(key: str, token: str) -> dict[str, Any]:
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    genuine = hmac.compare_digest(_bytes(signature), _bytes(_signature(key, signed)))
    # Nothing of a token is read before its signature is known to be ours.
    claims = json.loads(_decoded(payload)) if genuine and header == _HEADER else {}
    if claims.get("aud") != _AUDIENCE:
        raise Unauthorized("This is not a session token of a call.")
    return dict(claims)


def _signature(key: str, signed: str) -> str:
    return _base64url(hmac.digest(key.encode(), _bytes(signed), "sha256"))


def _bytes(text: str) -> bytes:
    # A stranger's header may hold what has no UTF-8; it is no token in any case.
    return text.encode("utf-8", "replace")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


_HEADER = _base64url(b'{"alg":"HS256","typ":"JWT"}')
