"""Make and change accounts on demand."""

import secrets
from typing import Any

from sandbox import ids
from sandbox.books import Account, telnyx_account, vonage_account

_CHANGEABLE = ("balance", "notification_url", "require_search")


def make(wanted: dict[str, Any]) -> Account:
    """Make an account with fresh credentials; raise ValueError for a wrong field."""
    wanted = dict(wanted)
    carrier = wanted.pop("carrier", None)
    if carrier == "twilio":
        sid = ids.sid("AC")
        token = secrets.token_hex(16)
        account = Account("twilio", sid, {"account_sid": sid, "auth_token": token})
    elif carrier == "telnyx":
        key = "KEY" + secrets.token_hex(16).upper()
        account = telnyx_account(key, secrets.token_hex(32), "telnyx-" + secrets.token_hex(4))
    elif carrier == "vonage":
        account = vonage_account(
            secrets.token_hex(4), secrets.token_urlsafe(12), secrets.token_hex(32)
        )
    else:
        raise ValueError("carrier must be twilio, telnyx or vonage")
    change(account, wanted)
    return account


def change(account: Account, wanted: dict[str, Any]) -> None:
    """Set balance, notification URL or the search rule; raise ValueError for a wrong field."""
    unknown = sorted(set(wanted) - set(_CHANGEABLE))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; there are: {', '.join(_CHANGEABLE)}")
    if "balance" in wanted:
        account.balance = float(wanted["balance"])
    if "notification_url" in wanted:
        account.notification_url = wanted["notification_url"]
    if "require_search" in wanted:
        account.require_search = bool(wanted["require_search"])
