"""Connecting an organization's carrier account: probe it, set it up once, keep its secret."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

from .account_changes import check_replaceable, is_another
from .app import App
from .carriers.base import Carrier, Check, Connection
from .directory import organizations
from .errors import CarrierNotConnected, Conflict, InvalidRequest, OutcomeUnknown
from .rotation import FORMER, OVERLAP, rotated
from .secrets import hint
from .store import Taken

# Longer than every request of a connection can take together.
_LEASE_S = 120
_WRITE_TRIES = 5


def connect(
    app: App,
    organization_id: int,
    carrier: str,
    credentials: Mapping[str, Any],
    overlap: timedelta = OVERLAP,
    *,
    replaces: bool = False,
) -> list[Check]:
    """Connect an account, and return what was looked at.

    One run at a time for each organization and carrier, so nothing is made twice. Raises
    InvalidRequest, NotFound, Conflict and ConfigError before the carrier is asked, AccountInUse
    while it would take the place of another account that is in use, and CarrierError when it
    refuses; in all these cases no secret is stored or changed. `replaces` confirms that numbers
    which the other account holds are left behind.
    """
    given = {carrier: credentials}
    return connect_all(app, organization_id, given, overlap, replaces=replaces)[carrier]


def connect_all(
    app: App,
    organization_id: int,
    credentials: Mapping[str, Mapping[str, Any]],
    overlap: timedelta = OVERLAP,
    *,
    replaces: bool = False,
) -> dict[str, list[Check]]:
    """Connect accounts by their carrier: every one is probed before the first is stored.

    For so long as `overlap` says, webhooks are verified also by what verified them before.
    Raises what `connect` does.
    """
    given = {carrier: _sound(app, carrier, it) for carrier, it in credentials.items()}
    organizations.find(app, organization_id)
    with ExitStack() as leases:
        for carrier in sorted(given):
            _hold(app, organization_id, carrier, leases)
        # Read while the leases are held: another run may have stored them a moment ago.
        known = {carrier: _known(app, organization_id, carrier) for carrier in given}
        others = [
            carrier
            for carrier, it in given.items()
            if is_another(_adapter(app, organization_id, carrier, it), known[carrier])
        ]
        check_replaceable(app, organization_id, others, confirmed=replaces)
        connections = {
            carrier: _probed(app, organization_id, carrier, known[carrier], it, overlap)
            for carrier, it in given.items()
        }
        # Once more: connecting takes seconds, in which something may have been begun.
        check_replaceable(app, organization_id, others, confirmed=replaces)
        _store(app, organization_id, connections)
    return {carrier: connection.checks for carrier, connection in connections.items()}


def probe(app: App, organization_id: int, carrier: str, credentials: Mapping[str, Any]) -> str:
    """Try an account's credentials and return its name; nothing is made, stored or changed.

    Raises InvalidRequest for fields that lack, and CarrierError when the carrier refuses.
    """
    given = _sound(app, carrier, credentials)
    return _adapter(app, organization_id, carrier, given).account_name()


def _sound(app: App, carrier: str, given: Mapping[str, Any]) -> dict[str, str]:
    adapter = app.carrier_class(carrier)
    complete = _complete(given, adapter.credential_fields)
    return complete | _chosen(given, adapter.credential_options)


def _adapter(app: App, organization_id: int, carrier: str, given: Mapping[str, Any]) -> Carrier:
    return app.carrier_class(carrier)(given, app.carrier_context(carrier, organization_id))


def _hold(app: App, organization_id: int, carrier: str, leases: ExitStack) -> None:
    name = f"connect-{organization_id}-{carrier}"
    try:
        leases.enter_context(app.store.lease(name, app.clock(), _LEASE_S))
    except Taken as error:
        raise Conflict(
            f"Another run is connecting {carrier} for organization {organization_id} just now. "
            f"Wait until it has ended (at most {_LEASE_S} seconds) and run this again."
        ) from error


def _probed(
    app: App,
    organization_id: int,
    carrier: str,
    known: Mapping[str, Any],
    given: dict[str, str],
    overlap: timedelta,
) -> Connection:
    plain = {name: value for name, value in known.items() if name != FORMER}
    account, now = _adapter(app, organization_id, carrier, plain | given), app.clock()
    try:
        made = account.connect()
    except OutcomeUnknown as error:
        raise OutcomeUnknown(
            f"{carrier.title()} did not answer whether what it was asked for is made; no "
            "credentials were stored. Run this again: what was made is found, not made twice."
        ) from error
    kept = rotated(known, made.credentials, account.verified_with, now + overlap, now)
    return replace(made, credentials=kept)


def _store(app: App, organization_id: int, connections: Mapping[str, Connection]) -> None:
    for carrier, connection in connections.items():
        app.secrets.store_carrier(organization_id, carrier, connection.credentials)
        # Whoever dies before this has told nobody that the account is connected, and
        # connects it again.
        _show(app, organization_id, carrier, connection.credentials)


def _show(app: App, organization_id: int, carrier: str, credentials: Mapping[str, Any]) -> None:
    shown = {name: value for name, value in credentials.items() if name != FORMER}
    hints = {name: hint(str(value).strip()) for name, value in shown.items()}
    for _ in range(_WRITE_TRIES):
        try:
            app.store.show_connected(organizations.find(app, organization_id), carrier, hints)
        except Taken:
            continue
        return
    raise Conflict(f"{carrier.title()} is connected, but others change the organization. Repeat.")


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
        return app.secrets.carrier(organization_id, carrier, now=True)
    except CarrierNotConnected:
        return {}
