"""Links to what was recorded of a call: whoever holds one may listen, for a week."""

from datetime import datetime, timedelta

from . import claims
from .errors import NotFound

LIFETIME = timedelta(days=7)
AWAITED = timedelta(hours=1)
"""How long after a call its recording may be expected."""
PATH = "/public/recording/"
_AUDIENCE = "switchboard-recording"


def link(key: str, base_url: str, call_id: int, now: datetime) -> str:
    """Return the link to a call's recording, which answers also while there is none yet."""
    import jwt  # nobody hears a ring tone here

    told = {"aud": _AUDIENCE, "sub": str(call_id), "exp": int((now + LIFETIME).timestamp())}
    return f"{base_url}{PATH}{jwt.encode(told, key, algorithm=claims.ALGORITHM)}"


def call_of(key: str, token: str, now: datetime) -> int:
    """Return the call that a link's token is for.

    Raises NotFound for one that we did not make, which says no more than a link that leads
    nowhere, and for one that has expired.
    """
    try:
        said = claims.read(key, token, _AUDIENCE)
        call_id = int(said["sub"])
    except ValueError as error:
        raise NotFound("There is no recording at this link.") from error
    if now.timestamp() >= said["exp"]:
        days = LIFETIME.days
        raise NotFound(
            f"This link has expired: it lives for {days} days. Ask for the call's recordings."
        )
    return call_id
