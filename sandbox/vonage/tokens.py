"""Check the tokens with which an application's owner uses the Voice API."""

import time
from typing import Any

import jwt

from sandbox.books import Account, Resource
from sandbox.vonage.applications import APPLICATIONS
from sandbox.world import World

# Vonage's own limit of a token's life, and what it takes when the token names none.
LONGEST_LIFE_S = 24 * 3600
USUAL_LIFE_S = 15 * 60
_CLOCK_SKEW_S = 30
_CLAIMS = ["application_id", "iat", "jti"]


class BadToken(Exception):
    """The token does not prove that its sender owns an application; the message says why."""


def application_of(header: str, world: World) -> tuple[Account, Resource]:
    """Return whose application signed the token of an Authorization header; raise BadToken."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise BadToken("there is no bearer token")
    try:
        claimed = jwt.decode(token, options={"verify_signature": False}).get("application_id")
        found = _known(str(claimed), world)
        claims = jwt.decode(
            token,
            found[1].body["keys"]["public_key"],
            algorithms=["RS256"],
            leeway=_CLOCK_SKEW_S,
            options={"require": _CLAIMS},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise BadToken(str(error)) from error
    _check_life(claims)
    return found


def _known(application_id: str, world: World) -> tuple[Account, Resource]:
    for account in world.books.accounts:
        found = world.books.resource(account, APPLICATIONS, application_id)
        if account.carrier == "vonage" and found is not None:
            return account, found
    raise BadToken(f"there is no application {application_id}")


def _check_life(claims: dict[str, Any]) -> None:
    issued, ends = float(claims["iat"]), float(claims.get("exp", claims["iat"] + USUAL_LIFE_S))
    if ends - issued > LONGEST_LIFE_S or ends < time.time() - _CLOCK_SKEW_S:
        raise BadToken("the token is too old, or would live for more than a day")
