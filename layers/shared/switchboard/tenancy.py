"""Changing an organization as a whole: what it says, its limits, its carrier accounts.

All that is given is looked at first, and the carriers are asked, before anything is written.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from . import accounts
from .app import App
from .carriers import CARRIERS
from .directory import organizations, profiles
from .errors import CarrierNotConnected, InvalidSettings
from .model import Organization
from .rotation import OVERLAP

# How the contract begins the names of credentials, of carriers that we know and others.
_PREFIXES = ("twilio_", "telnyx_", "vonage_", "sip_")
_OVERLAP, _REPLACES = "credentials_overlap_hours", "replace_account"


def update(app: App, organization_id: int, given: Mapping[str, Any]) -> Organization:
    """Change what is given, and return the organization as it is then.

    Raises InvalidRequest, Conflict and CarrierError; then nothing has changed.
    """
    found = organizations.find(app, organization_id)
    overlap = timedelta(hours=given.get(_OVERLAP, OVERLAP // timedelta(hours=1)))
    replaces = bool(given.get(_REPLACES))
    given = {name: value for name, value in given.items() if name not in (_OVERLAP, _REPLACES)}
    profiles.changed(found, given)
    credentials = _credentials(app, found, given)
    if credentials:
        accounts.connect_all(app, organization_id, credentials, overlap, replaces=replaces)
    if given.keys() - _names(given):
        organizations.save(app, organization_id, lambda it: profiles.changed(it, given))
    return organizations.find(app, organization_id)


def _names(given: Mapping[str, Any]) -> set[str]:
    return {name for name in given if name.startswith(_PREFIXES)}


def _credentials(
    app: App, organization: Organization, given: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the credentials that are new, complete with those that are stored, by carrier.

    What is shown of a credential is no new one: a client sends back what it has read.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in sorted(_names(given)):
        carrier, _, field = name.partition("_")
        shown = organization.credentials.get(carrier, {}).get(field)
        if given[name] in (None, "", shown):
            continue
        _check_known(app, name)
        found.setdefault(carrier, {})[field] = given[name]
    whole = {it: _stored(app, organization.id, it) | new for it, new in found.items()}
    _check_complete(app, whole)
    return whole


def _check_known(app: App, name: str) -> None:
    carrier, _, field = name.partition("_")
    if carrier not in CARRIERS:
        raise InvalidSettings(f"{name}: this deployment knows no carrier {carrier}")
    adapter = app.carrier_class(carrier)
    fields = adapter.credential_fields
    if field not in (*fields, *adapter.credential_options):
        wanted = ", ".join(f"{carrier}_{it}" for it in fields)
        raise InvalidSettings(
            f"{name} is found or made when the account is connected, so it cannot be set. "
            f"An account at {carrier.title()} is: {wanted}"
        )


def _stored(app: App, organization_id: int, carrier: str) -> dict[str, Any]:
    try:
        return app.secrets.carrier(organization_id, carrier)
    except CarrierNotConnected:
        return {}


def _check_complete(app: App, credentials: Mapping[str, Mapping[str, Any]]) -> None:
    missing = [
        f"{carrier}_{field}"
        for carrier, given in credentials.items()
        for field in app.carrier_class(carrier).credential_fields
        if not given.get(field)
    ]
    if missing:
        raise InvalidSettings(
            f"Missing: {', '.join(missing)}. Nothing was changed. Send all of an account's "
            "credentials together the first time."
        )
