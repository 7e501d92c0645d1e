"""What an API key may do: our scopes, and the contract's permissions that stand for them.

`{"read": true, "write": true, "admin": false}` speaks of everything at once, and
`{"calls": "read_write"}` of one kind of thing. A permission that is not named is not given.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict

from .errors import InvalidRequest

KINDS = ("numbers", "calls", "assistants", "sms")
ADMIN = "admin"
SCOPES = (*(f"{kind}:{verb}" for kind in KINDS for verb in ("read", "write")), ADMIN)

type Access = Literal["none", "read", "write", "read_write"]


class Permissions(TypedDict, total=False):
    """The contract's permissions."""

    read: bool
    write: bool
    admin: bool
    numbers: Access
    calls: Access
    assistants: Access
    sms: Access


DEFAULT: Permissions = {"read": True, "write": True, "admin": False}
"""The contract's, of a key that is made without any."""


def checked(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return scopes in order, each once; raise InvalidRequest for none and for unknown ones."""
    wanted = set(scopes)
    unknown = sorted(wanted - set(SCOPES))
    if unknown or not wanted:
        raise InvalidRequest(
            f"Unknown scope {', '.join(unknown) or '(none)'}: choose from {', '.join(SCOPES)}"
        )
    return tuple(sorted(wanted))


def scopes_of(permissions: Permissions) -> tuple[str, ...]:
    """Return the scopes that permissions stand for; raise InvalidRequest if there are none."""
    found = {ADMIN} if permissions.get("admin") else set()
    for kind in KINDS:
        access = str(permissions.get(kind) or "none").split("_")
        for verb in ("read", "write"):
            if permissions.get(verb) or verb in access:
                found.add(f"{kind}:{verb}")
    if not found:
        raise InvalidRequest("An API key needs a permission: read, write, admin, or one for a kind")
    return checked(found)


def permissions_of(scopes: Iterable[str]) -> Permissions:
    """Return the permissions that scopes amount to: `read` is true when everything can be read."""
    held = set(scopes)
    is_admin = ADMIN in held
    access = {kind: _access(held, kind, is_admin) for kind in KINDS}
    return {
        "read": all("read" in it for it in access.values()),
        "write": all("write" in it for it in access.values()),
        "admin": is_admin,
        "numbers": access["numbers"],
        "calls": access["calls"],
        "assistants": access["assistants"],
        "sms": access["sms"],
    }


_ACCESS: Mapping[tuple[bool, bool], Access] = {
    (False, False): "none",
    (True, False): "read",
    (False, True): "write",
    (True, True): "read_write",
}


def _access(held: set[str], kind: str, is_admin: bool) -> Access:
    return _ACCESS[is_admin or f"{kind}:read" in held, is_admin or f"{kind}:write" in held]
