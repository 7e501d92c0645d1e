"""Numbers of other companies that an organization shows when it calls: only verified ones."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from .app import App
from .carriers.stock import Verification
from .directory import organizations
from .errors import (
    CarrierNotConnected,
    CarrierUnavailable,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    SwitchboardError,
)
from .model import E164, CallerId, parse_e164
from .store import Taken

logger = logging.getLogger(__name__)


@dataclass
class CallerIdSync:
    """What one carrier lists as verified, and how much of that was new here."""

    carrier: str
    listed: dict[E164, str] = field(default_factory=dict)
    """Names by number."""
    added: int = 0
    error: SwitchboardError | None = None


def add(app: App, organization_id: int, carrier: str, phone_number: str) -> CallerId:
    """Take a caller id, once the carrier has said that it is verified.

    Raises InvalidRequest, NotFound and CarrierError.
    """
    number = _foreign(app, organization_id, phone_number)
    if not app.carrier(carrier, organization_id).has_verified(number):
        raise InvalidRequest(
            f"{carrier.title()} does not list {number} among the account's verified numbers. "
            "Verify it there first: the carrier calls it and asks for a code."
        )
    app.store.add_caller_id(organization_id, number, carrier)
    return CallerId(number, carrier)


def verify(
    app: App,
    organization_id: int,
    carrier: str,
    phone_number: str,
    friendly_name: str | None = None,
    code: str | None = None,
) -> Verification:
    """Take a caller id that the carrier has verified, or have the carrier call it.

    Asking again once it is verified takes it. `code` is what the call told, for a carrier that
    wants to hear it from us. Raises InvalidRequest, NotFound and CarrierError.
    """
    number = _foreign(app, organization_id, phone_number)
    account = app.carrier(carrier, organization_id)
    try:
        found = account.verify_caller_id(number, friendly_name or number, code)
    except OutcomeUnknown as error:
        # Nobody may take a status of 2xx for a call that is on its way.
        raise CarrierUnavailable(str(error)) from error
    if found.is_verified:
        app.store.add_caller_id(organization_id, number, carrier)
    return found


def sync(app: App, organization_id: int) -> list[CallerIdSync]:
    """Take every caller id that the connected accounts list as verified. Safe to repeat.

    Those that are numbers of the organization are left out: they place calls as they are. One
    account's error does not hide the others; raises the first when none could be read, and
    CarrierNotConnected when there is none.
    """
    known = {it.phone_number for it in list_all(app, organization_id)}
    done = []
    for name in app.carrier_names:
        try:
            account = app.carrier(name, organization_id)
        except CarrierNotConnected:
            continue
        done.append(_synced(app, organization_id, name, known, account.verified_caller_ids))
    if not done:
        raise CarrierNotConnected(
            "This organization has no carrier account. Connect one: "
            f"switchboard carriers connect CARRIER --organization {organization_id}"
        )
    errors = [it.error for it in done if it.error]
    if len(errors) == len(done):
        raise errors[0]
    return done


def _synced(
    app: App,
    organization_id: int,
    carrier: str,
    known: set[E164],
    listed: Callable[[], list[tuple[E164, str]]],
) -> CallerIdSync:
    done = CallerIdSync(carrier)
    try:
        for number, name in listed():
            held = app.store.number(number)
            if held is not None and held.organization_id == organization_id:
                continue
            done.listed[number] = name
            if number not in known:
                app.store.add_caller_id(organization_id, number, carrier)
                known.add(number)
                done.added += 1
    except SwitchboardError as error:
        problem = type(error).__name__
        logger.warning("caller ids not read", extra={"carrier": carrier, "problem": problem})
        done.error = error
    return done


def _foreign(app: App, organization_id: int, phone_number: str) -> E164:
    number = parse_e164(phone_number)
    organizations.find(app, organization_id)
    held = app.store.number(number)
    if held is not None and held.organization_id == organization_id:
        raise InvalidRequest(f"{number} was bought here, and can place calls as it is.")
    return number


def list_all(app: App, organization_id: int) -> list[CallerId]:
    """Return an organization's caller ids; raise NotFound without the organization."""
    organizations.find(app, organization_id)
    return list(app.store.caller_ids(organization_id))


def remove(app: App, organization_id: int, phone_number: str) -> None:
    """Show a number no more; raise NotFound when it was none of the organization's."""
    try:
        app.store.remove_caller_id(organization_id, parse_e164(phone_number))
    except Taken as error:
        raise NotFound(f"{phone_number} is no caller id of this organization") from error
