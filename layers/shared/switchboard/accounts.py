"""Connecting an organization's carrier account: probe it, set it up once, keep its secret."""

from collections.abc import Mapping
from typing import Any

from .app import App
from .carriers.base import Check
from .directory import organizations
from .errors import CarrierNotConnected, Conflict, InvalidRequest, OutcomeUnknown
from .store import Taken

# Longer than every request of a connection can take together.
_LEASE_S = 120


def connect(
    app: App, organization_id: int, carrier: str, credentials: Mapping[str, Any]
) -> list[Check]:
    """Connect an account, and return what was looked at.

    One run at a time for each organization and carrier, so nothing is made twice. Raises
    InvalidRequest, NotFound, Conflict and ConfigError before the carrier is asked, and
    CarrierError when it refuses; in all these cases no secret is stored or changed.
    """
    adapter = app.carrier_class(carrier)
    given = _complete(credentials, adapter.credential_fields)
    given |= _chosen(credentials, adapter.credential_options)
    organizations.find(app, organization_id)
    context = app.carrier_context(carrier, organization_id)
    name = f"connect-{organization_id}-{carrier}"
    try:
        with app.store.lease(name, app.clock(), _LEASE_S):
            # Read inside: another run may have stored them a moment ago.
            account = adapter(_known(app, organization_id, carrier) | given, context)
            connection = account.connect()
            app.secrets.store_carrier(organization_id, carrier, connection.credentials)
            # The secret is no row of the table. Whoever dies before this has told nobody that
            # the account is connected, and connects it again.
            app.store.put_on_record(organization_id, "carrier.connected", carrier)
    except Taken as error:
        raise Conflict(
            f"Another run is connecting {carrier} for organization {organization_id} just now. "
            f"Wait until it has ended (at most {_LEASE_S} seconds) and run this again."
        ) from error
    except OutcomeUnknown as error:
        raise OutcomeUnknown(
            f"{carrier.title()} did not answer whether what it was asked for is made; no "
            "credentials were stored. Run this again: what was made is found, not made twice."
        ) from error
    return connection.checks


def _complete(credentials: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, str]:
    given = {name: str(credentials.get(name) or "").strip() for name in fields}
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise InvalidRequest(f"The credentials lack: {', '.join(missing)}")
    _check_plain(given)
    return given


def _chosen(credentials: Mapping[str, Any], options: tuple[str, ...]) -> dict[str, str]:
    found = {name: str(credentials.get(name) or "").strip() for name in options}
    chosen = {name: value for name, value in found.items() if value}
    _check_plain(chosen)
    return chosen


def _check_plain(given: Mapping[str, str]) -> None:
    # Such a value cannot travel in a header; it is not shown, for it may be nearly right.
    odd = [name for name, value in given.items() if not (value.isascii() and value.isprintable())]
    if odd:
        raise InvalidRequest(f"Only plain ASCII characters can be in: {', '.join(odd)}")


def _known(app: App, organization_id: int, carrier: str) -> dict[str, Any]:
    try:
        return app.secrets.carrier(organization_id, carrier)
    except CarrierNotConnected:
        return {}
