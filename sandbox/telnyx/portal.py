"""What a customer does in Telnyx's Mission Control Portal, for the control API."""

from typing import Any

from sandbox.books import Account, OwnedNumber
from sandbox.telnyx import numbers, verified
from sandbox.telnyx.resources import APPLICATIONS, MESSAGING_PROFILES
from sandbox.world import World

_FIELDS = (*numbers.CHANGEABLE, "messaging_profile_id", "deletion_lock_enabled")
_KINDS = {"connection_id": APPLICATIONS, "messaging_profile_id": MESSAGING_PROFILES}


def new_number(account_id: str, number: str) -> OwnedNumber:
    """Make the resource of a number, unconfigured."""
    return numbers.new(account_id, number, {})


def configure(world: World, account: Account, number: OwnedNumber, config: dict[str, Any]) -> None:
    """Set a number's fields (connection_id, tags, …); raise ValueError for a wrong one."""
    unknown = sorted(set(config) - set(_FIELDS))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; there are: {', '.join(_FIELDS)}")
    for name, kind in _KINDS.items():
        wanted = config.get(name)
        if wanted is not None and world.books.resource(account, kind, wanted) is None:
            raise ValueError(f"{name} {wanted} does not exist in account {account.id}")
    number.config |= config


def caller_ids(world: World) -> list[dict[str, Any]]:
    """List everybody's verified numbers: verified, or pending (any code but one will do)."""
    return [
        {
            "carrier": "telnyx",
            "account": kept.account,
            "number": kept.body["phone_number"],
            "status": "pending" if kept.hidden["pending"] else "verified",
            "code": None,
        }
        for kept in world.books.resources
        if kept.kind == verified.KIND
    ]


def complete_caller_id(world: World, account: Account, number: str, status: str) -> bool:
    """End the verification of a number; False when none waits."""
    found = world.books.resource(account, verified.KIND, number)
    if found is None or not found.hidden["pending"]:
        return False
    verified.complete(world, found, status)
    return True
