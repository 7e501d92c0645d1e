"""What a customer does in Vonage's dashboard, for the control API."""

from typing import Any

from sandbox.books import Account, OwnedNumber
from sandbox.vonage import numbers
from sandbox.vonage.applications import APPLICATIONS
from sandbox.world import World


def new_number(account_id: str, number: str) -> OwnedNumber:
    """Make the entry of a number, unconfigured."""
    return numbers.new(account_id, number)


def configure(world: World, account: Account, number: OwnedNumber, config: dict[str, Any]) -> None:
    """Set a number's fields (app_id, moHttpUrl, …); raise ValueError for a wrong one."""
    unknown = sorted(set(config) - set(numbers.FIELDS))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; there are: {', '.join(numbers.FIELDS)}")
    wanted = config.get("app_id")
    if wanted and world.books.resource(account, APPLICATIONS, wanted) is None:
        raise ValueError(f"app_id {wanted} does not exist in account {account.id}")
    numbers.configure(number, config)


def caller_ids(world: World) -> list[dict[str, Any]]:
    """List nothing: Vonage verifies no numbers of other companies."""
    return []


def complete_caller_id(world: World, account: Account, number: str, status: str) -> bool:
    """End no verification: there never is one."""
    return False
