"""Let somebody call a carrier over SIP: a gateway that sends a call to its SIP domain."""

import re
from typing import Any

from sandbox import inventory
from sandbox.books import Account, OwnedNumber
from sandbox.control_web import Wrong
from sandbox.world import World

ADDRESS = re.compile(r"sips?:[^\s@]+@[^\s@]+")
_FIELDS = ("voice_url", "status_callback", "connection_id")


def is_address(text: object) -> bool:
    """Tell whether this is a SIP address."""
    return isinstance(text, str) and ADDRESS.fullmatch(text) is not None


def dialled(
    world: World, carrier: str, wanted: dict[str, Any]
) -> tuple[Account, OwnedNumber, dict[str, str]]:
    """Return the domain that a call to a SIP address reaches, and the headers that came with it.

    A domain belongs to an account and leads to a `voice_url` (Twilio) or `connection_id` (Telnyx).
    """
    account = world.books.account(carrier, str(wanted.get("account")))
    if account is None:
        raise Wrong(422, "a call to a SIP address names the account whose SIP domain it is")
    headers = wanted.get("sip_headers", {})
    if not isinstance(headers, dict) or not all(isinstance(it, str) for it in headers.values()):
        raise Wrong(422, "sip_headers must be texts by name")
    config = {name: str(wanted[name]) for name in _FIELDS if name in wanted}
    domain = OwnedNumber(carrier, account.id, "", wanted["to"], "", "sip", "", config)
    return account, domain, headers


def check_caller(from_: object) -> str:
    """Return who calls over SIP: an address or a number."""
    if not isinstance(from_, str) or not (is_address(from_) or inventory.E164.match(from_)):
        raise Wrong(422, "from must be a SIP address or a number like +14155550100")
    return from_
