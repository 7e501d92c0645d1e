"""Vonage's account: the money in it."""

from sandbox.vonage.rest import EMPTY_BALANCE
from sandbox.wire import Asked, Reply


def balance(asked: Asked) -> Reply:
    """Show the balance; it is empty right after a purchase failed for want of money."""
    empty = asked.fault is not None and asked.fault.fault == EMPTY_BALANCE
    return Reply(200, {"value": 0.0 if empty else asked.account.balance, "autoReload": False})
