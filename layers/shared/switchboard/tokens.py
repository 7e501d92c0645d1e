"""API tokens, the API's keys: made once, shown once, known by their hash."""

import hashlib
import logging
import re
import secrets
import string
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from .app import App
from .directory import organizations
from .directory.names import named
from .errors import Conflict, InvalidRequest, NotFound, ServiceUnavailable
from .model import Token
from .permissions import checked
from .store import Taken

logger = logging.getLogger(__name__)

_PREFIX = "burki_"
_ALPHABET = string.ascii_lowercase + string.digits
_LENGTH = 32
_FORM = re.compile(f"{_PREFIX}[a-z0-9]{{{_LENGTH}}}")
_WRITE_TRIES = 4
_QUIET_PART = 10
_USE_IS_WRITTEN_EVERY = timedelta(minutes=1)


def create(
    app: App,
    organization_id: int,
    name: str,
    scopes: list[str],
    lifetime: timedelta | None = None,
    *,
    no_longer_than: datetime | None = None,
) -> tuple[Token, str]:
    """Make a token and return it with its secret, which nothing else will ever show again.

    It ends at `no_longer_than` at the latest, the end of the token by which it is made.
    Raises InvalidRequest and NotFound.
    """
    granted = checked(scopes)
    if lifetime is not None and lifetime <= timedelta(0):
        raise InvalidRequest("A token must expire in the future")
    organization_id = organizations.find(app, organization_id).id
    secret = _PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    now = app.clock()
    ends = [end for end in (now + lifetime if lifetime else None, no_longer_than) if end]
    token = Token(
        id=app.new_id(),
        organization_id=organization_id,
        name=named(name),
        hash=hash_of(secret),
        prefix=f"{secret[:12]}...",
        scopes=granted,
        created_at=now,
        expires_at=min(ends, default=None),
        updated_at=now,
    )
    app.store.add_token(token)
    return token, secret


def list_all(app: App, organization_id: int) -> list[Token]:
    """Return an organization's tokens, oldest first; raise NotFound without the organization."""
    return app.store.tokens(organizations.find(app, organization_id).id)


def page(app: App, organization_id: int, after: int, limit: int) -> tuple[list[Token], int | None]:
    """Return the tokens made after the one with this id, and the last one's if more follow."""
    # One more than wanted tells whether there is more.
    found = app.store.tokens_page(organization_id, after, limit + 1)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def change(
    app: App,
    organization_id: int,
    token_id: int,
    name: str | None = None,
    scopes: tuple[str, ...] | None = None,
) -> Token:
    """Give a token another name or other scopes: what is None stays. They hold at once.

    Raises InvalidRequest, NotFound, and Conflict for a token that is revoked.
    """
    name = None if name is None else named(name)
    scopes = None if scopes is None else checked(scopes)
    for _ in range(_WRITE_TRIES):
        seen = _found(app, organization_id, token_id)
        if seen.revoked_at:
            raise Conflict(f"API key {token_id} is revoked for good. Make a new one.")
        wanted = replace(seen, name=name or seen.name, scopes=scopes or seen.scopes)
        if wanted == seen:
            return seen
        changed = replace(wanted, updated_at=app.clock(), version=seen.version + 1)
        try:
            app.store.change_token(seen, changed, "key.updated")
        except Taken:
            continue
        return changed
    raise Conflict(f"API key {token_id} is being changed by somebody else. Try again.")


def revoke(app: App, organization_id: int, token_id: int) -> Token:
    """Make a token worthless, at once and for good; again changes nothing. Raises NotFound."""
    for _ in range(_WRITE_TRIES):
        seen = _found(app, organization_id, token_id)
        if seen.revoked_at:
            return seen
        now = app.clock()
        revoked = replace(seen, revoked_at=now, updated_at=now, version=seen.version + 1)
        try:
            app.store.change_token(seen, revoked, "key.revoked")
        except Taken:
            continue
        return revoked
    raise Conflict(f"API key {token_id} is being changed by somebody else. Try again.")


def _found(app: App, organization_id: int, token_id: int) -> Token:
    found = app.store.token_by_id(organization_id, token_id)
    if found is None:
        raise NotFound(f"API key {token_id} not found in this organization")
    return found


def authenticate(app: App, secret: str) -> Token | None:
    """Return the valid token that has this secret, or None."""
    if not _FORM.fullmatch(secret):
        return None  # whoever guesses shall not cost a request each
    token = app.store.token(hash_of(secret))
    return token if token and token.is_valid_at(app.clock()) else None


class Usage:
    """How often each token was used in this container, written down once a minute at most.

    What was not written yet goes with the container: the table says "at least so often".
    """

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}

    def count(self, app: App, token: Token) -> None:
        """Count a use of a valid token; that it cannot be written down keeps nobody out."""
        uses = self._uses.get(token.hash, 0) + 1
        now = app.clock()
        if token.last_used_at and now - token.last_used_at < _USE_IS_WRITTEN_EVERY:
            self._uses[token.hash] = uses
            return
        try:
            app.store.count_use(token, uses, now)
        except (ServiceUnavailable, Taken) as error:
            self._uses[token.hash] = uses
            logger.warning(
                "use not counted", extra={"token_id": token.id, "problem": type(error).__name__}
            )
        else:
            self._uses.pop(token.hash, None)


class Rates:
    """How many requests came with each token in this minute, in this container and in all.

    A container that sees few says nothing, so that ordinary use costs no request to the table;
    one that sees a tenth of the limit asks the table each time. All of them together may let
    through a tenth for each container more than the limit.
    """

    def __init__(self) -> None:
        self._minute = 0
        self._seen: dict[int, int] = {}
        self._told: dict[int, int] = {}

    def wait(self, app: App, token: Token) -> int:
        """Count a request; return the seconds until more may come, or 0 while it may pass.

        That the table cannot be asked keeps nobody out.
        """
        limit, now = app.settings.requests_per_minute, app.clock().timestamp()
        self._turn(int(now // 60))
        self._seen[token.id] = seen = self._seen.get(token.id, 0) + 1
        if seen <= limit // _QUIET_PART:
            return 0
        untold = seen - self._told.get(token.id, 0)
        try:
            total = app.store.count_requests(token, self._minute, untold)
        except ServiceUnavailable:
            logger.warning("requests not counted", extra={"token_id": token.id})
            return 0
        self._told[token.id] = seen
        return 0 if total <= limit else max(1, ceil((self._minute + 1) * 60 - now))

    def _turn(self, minute: int) -> None:
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
            self._told.clear()


def hash_of(secret: str) -> str:
    """Return how a token is stored: 190 random bits need no salt."""
    # Half of a pair of characters is in no key, but somebody may send one.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
