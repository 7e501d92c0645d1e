"""Twilio's account itself, and the money in it."""

from sandbox import ids
from sandbox.twilio.rest import API_VERSION, EMPTY_BALANCE
from sandbox.wire import Asked, Reply


def balance(asked: Asked) -> Reply:
    """Show the balance; it is empty right after a purchase failed for want of money."""
    empty = asked.fault is not None and asked.fault.fault == EMPTY_BALANCE
    amount = 0.0 if empty else asked.account.balance
    body = {"account_sid": asked.account.id, "balance": f"{amount:.2f}", "currency": "USD"}
    return Reply(200, body)


def account(asked: Asked) -> Reply:
    """Show the account; people ask for it to learn whether their credentials work."""
    return Reply(
        200,
        {
            "sid": asked.account.id,
            "friendly_name": "Sandbox account",
            "status": "active",
            "type": "Full",
            "date_created": ids.rfc2822(),
            "date_updated": ids.rfc2822(),
            "owner_account_sid": asked.account.id,
            "uri": f"/{API_VERSION}/Accounts/{asked.account.id}.json",
        },
    )
