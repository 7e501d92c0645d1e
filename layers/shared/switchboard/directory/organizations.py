"""Organizations: the tenants, to one of which everything belongs."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..app import App
from ..errors import NotFound
from ..model import Organization
from ..store import Taken
from .lists import being_changed
from .names import named

_WRITE_TRIES = 5


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


def save(
    app: App, organization_id: int, changed: Callable[[Organization], Organization]
) -> Organization:
    """Write what `changed` makes of an organization, as often as it is changed meanwhile.

    Raises NotFound and Conflict, and what `changed` raises.
    """
    for _ in range(_WRITE_TRIES):
        found = find(app, organization_id)
        try:
            new = replace(changed(found), updated_at=app.clock())
            return app.store.change_organization(found, new)
        except Taken:
            continue
    raise being_changed("Organization", organization_id)
