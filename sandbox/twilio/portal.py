"""What a customer does in Twilio's Console, for the control API."""

from typing import Any

from sandbox.books import Account, OwnedNumber
from sandbox.twilio import caller_ids as verification
from sandbox.twilio import numbers
from sandbox.wire import Refused
from sandbox.world import World


def new_number(account_id: str, number: str) -> OwnedNumber:
    """Make the resource of a number, unconfigured."""
    made = numbers.new(account_id, number)
    numbers.configure(made, {})
    return made


def configure(world: World, account: Account, number: OwnedNumber, config: dict[str, Any]) -> None:
    """Set fields by the names of Twilio's REST API (VoiceUrl); raise ValueError for a wrong one."""
    unknown = sorted(set(config) - set(numbers.FIELDS))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; there are: {', '.join(numbers.FIELDS)}")
    wrong = [name for name, value in config.items() if not isinstance(value, str)]
    if wrong:
        raise ValueError(f"{wrong[0]} must be text")
    try:
        numbers.check(config)
    except Refused as refused:
        raise ValueError(refused.reply.body["message"]) from refused
    numbers.configure(number, config)


def caller_ids(world: World) -> list[dict[str, Any]]:
    """List everybody's caller ids: verified, or pending with the code that is to be keyed in."""
    rows = []
    for kept in world.books.resources:
        pending = kept.kind == verification.REQUESTS
        if pending or kept.kind == verification.KIND:
            rows.append(
                {
                    "carrier": "twilio",
                    "account": kept.account,
                    "number": kept.body["phone_number"],
                    "status": "pending" if pending else "verified",
                    "code": kept.body.get("validation_code"),
                }
            )
    return rows


def complete_caller_id(world: World, account: Account, number: str, status: str) -> bool:
    """End the verification of a number; False when none waits."""
    for request in world.books.resources_of(account, verification.REQUESTS):
        if request.body["phone_number"] == number:
            verification.complete(world, request, status)
            return True
    return False
