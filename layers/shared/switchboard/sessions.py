"""Session tokens: what a media stream carries to prove that it is genuine."""

from datetime import datetime, timedelta

import jwt

from .errors import Unauthorized
from .model import Call

LIFETIME = timedelta(minutes=15)
_AUDIENCE = "switchboard-session"
_ALGORITHM = "HS256"


def issue(key: str, call: Call) -> str:
    """Return the token of a call: a JWT that names it and expires 15 minutes after it began.

    The same call gets the same token, so a replayed webhook wins no more time.
    """
    claims = {
        "aud": _AUDIENCE,
        "sub": str(call.id),
        "exp": int((call.created_at + LIFETIME).timestamp()),
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def check(key: str, token: str, call_id: int, now: datetime) -> None:
    """Raise Unauthorized unless `token` is the live session token of this call."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            # Expiry is checked below, against our clock.
            options={"require": ["exp", "sub"], "verify_exp": False},
        )
    except jwt.InvalidTokenError as error:
        raise Unauthorized("This is not a session token of a call.") from error
    if claims["sub"] != str(call_id):
        raise Unauthorized("This session token belongs to another call.")
    if now.timestamp() >= claims["exp"]:
        raise Unauthorized("This session token has expired; it lives for 15 minutes.")
