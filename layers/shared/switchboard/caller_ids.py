"""Numbers of other companies that an organization shows when it calls: only verified ones."""

from .app import App
from .directory import organizations
from .errors import InvalidRequest, NotFound
from .model import CallerId, parse_e164
from .store import Taken


def add(app: App, organization_id: int, carrier: str, phone_number: str) -> CallerId:
    """Take a caller id, once the carrier has said that it is verified.

    Raises InvalidRequest, NotFound and CarrierError.
    """
    number = parse_e164(phone_number)
    organizations.find(app, organization_id)
    held = app.store.number(number)
    if held is not None and held.organization_id == organization_id:
        raise InvalidRequest(f"{number} was bought here, and can place calls as it is.")
    if not app.carrier(carrier, organization_id).has_verified(number):
        raise InvalidRequest(
            f"{carrier.title()} does not list {number} among the account's verified numbers. "
            "Verify it there first: the carrier calls it and asks for a code."
        )
    app.store.add_caller_id(organization_id, number, carrier)
    return CallerId(number, carrier)


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
