"""Organizations: the tenants, to one of which everything belongs."""

from collections.abc import Iterable

from ..app import App
from ..errors import NotFound
from ..model import Organization
from .names import named


def create(app: App, name: str) -> Organization:
    """Make an organization; raise InvalidRequest for a name that will not do."""
    organization = Organization(app.new_id(), named(name), app.clock())
    app.store.add_organization(organization)
    return organization


def find(app: App, organization_id: int) -> Organization:
    """Return an organization; raise NotFound when there is none with this id."""
    found = app.store.organization(organization_id)
    if found is None:
        raise NotFound(
            f"Organization {organization_id} not found. Make one: "
            "switchboard organizations create NAME"
        )
    return found


def list_all(app: App) -> Iterable[Organization]:
    """Return every organization, oldest first."""
    return app.store.organizations()
