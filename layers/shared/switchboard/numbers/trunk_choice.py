"""Which SIP trunk carries the calls of a number that the organization holds elsewhere."""

from ..app import App
from ..errors import InvalidRequest, NotFound
from ..model import BYO


def trunk_for(app: App, organization_id: int, carrier: str, wanted: str | None) -> str | None:
    """Return the trunk that is wanted, else the first enabled one; None at other carriers.

    Raises InvalidRequest and NotFound.
    """
    if carrier != BYO:
        if wanted:
            raise InvalidRequest(f"sip_trunk_id is for numbers of provider '{BYO}' only")
        return None
    trunks = app.store.trunks(organization_id)
    if wanted:
        if all(trunk.id != wanted for trunk in trunks):
            raise no_such_trunk(wanted)
        return wanted
    first = next((trunk for trunk in trunks if trunk.enabled), None)
    if first is None:
        raise InvalidRequest(
            "This organization has no enabled SIP trunk that could carry the number's calls. "
            "Make or enable one first: /api/v1/sip-trunks"
        )
    return first.id


def no_such_trunk(trunk_id: str) -> NotFound:
    """Return the error for a trunk that the organization has not got."""
    return NotFound(f"SIP trunk {trunk_id} not found in your organization")
