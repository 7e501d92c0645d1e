"""API tokens: made once, shown once, known by their hash."""

import hashlib
import secrets
import string
from dataclasses import replace
from datetime import timedelta

from .app import App
from .directory import organizations
from .directory.names import named
from .errors import InvalidRequest, NotFound
from .model import Token

SCOPES = ("numbers:read", "numbers:write", "calls:read", "calls:write", "admin")
_PREFIX = "burki_"
_ALPHABET = string.ascii_lowercase + string.digits
_LENGTH = 32


def create(
    app: App, organization_id: int, name: str, scopes: list[str], lifetime: timedelta | None
) -> tuple[Token, str]:
    """Make a token and return it with its secret, which nothing else will ever show again.

    Raises InvalidRequest and NotFound.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidRequest(
            f"Unknown scope {', '.join(unknown) or '(none)'}: choose from {', '.join(SCOPES)}"
        )
    if lifetime is not None and lifetime <= timedelta(0):
        raise InvalidRequest("A token must expire in the future")
    organization_id = organizations.find(app, organization_id).id
    secret = _PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    now = app.clock()
    token = Token(
        id=app.new_id(),
        organization_id=organization_id,
        name=named(name),
        hash=hash_of(secret),
        prefix=f"{secret[:12]}...",
        scopes=tuple(sorted(set(scopes))),
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
    )
    app.store.put_token(token)
    return token, secret


def list_all(app: App, organization_id: int) -> list[Token]:
    """Return an organization's tokens, oldest first; raise NotFound without the organization."""
    return app.store.tokens(organizations.find(app, organization_id).id)


def revoke(app: App, organization_id: int, token_id: int) -> Token:
    """Make a token worthless, at once and for good."""
    for token in app.store.tokens(organization_id):
        if token.id == token_id:
            revoked = replace(token, revoked_at=token.revoked_at or app.clock())
            app.store.put_token(revoked)
            return revoked
    raise NotFound(f"Token {token_id} not found in this organization")


def authenticate(app: App, secret: str) -> Token | None:
    """Return the valid token that has this secret, or None."""
    token = app.store.token(hash_of(secret))
    return token if token and token.is_valid_at(app.clock()) else None


def hash_of(secret: str) -> str:
    """Return how a token is stored: 190 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()
