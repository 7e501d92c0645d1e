"""Session tokens: what a media stream carries to prove that it is genuine."""

import base64
import hmac
import json
from datetime import datetime, timedelta

from . import claims
from .errors import Unauthorized
from .model import Call

LIFETIME = timedelta(minutes=15)
_AUDIENCE = "switchboard-session"


def issue(key: str, call: Call) -> str:
    """Return the token of a call: a JWT that names it and expires 15 minutes after its answer.

    The same call gets the same token, so a replayed webhook wins no more time.
    """
    told = {
        "aud": _AUDIENCE,
        "sub": str(call.id),
        "exp": int(((call.answered_at or call.created_at) + LIFETIME).timestamp()),
    }
    # Signed here and not by PyJWT, which imports the whole of `cryptography`: that was a third of
    # the time until a cold function answered a call.
    header = {"alg": claims.ALGORITHM, "typ": "JWT"}
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, told))
    return f"{signed}.{_base64url(hmac.digest(key.encode(), signed.encode(), 'sha256'))}"


def check(
    key: str, token: str, call_id: int, now: datetime, grace: timedelta = timedelta(0)
) -> None:
    """Raise Unauthorized unless `token` is the live session token of this call.

    `grace` is for how long after its expiry it is still taken.
    """
    try:
        said = claims.read(key, token, _AUDIENCE)
    except ValueError as error:
        raise Unauthorized("This is not a session token of a call.") from error
    if said["sub"] != str(call_id):
        raise Unauthorized("This session token belongs to another call.")
    if now.timestamp() >= said["exp"] + grace.total_seconds():
        raise Unauthorized("This session token has expired; it lives for 15 minutes.")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
