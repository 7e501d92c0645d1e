"""SIP trunks: made, changed, deleted; their secrets are kept apart. Decision 27."""

import secrets as random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from .addresses import is_allowed
from .app import App
from .destinations import check_sip
from .directory import organizations
from .directory.names import named
from .directory.urls import webhook_url
from .errors import (
    Conflict,
    DestinationNotAllowed,
    InvalidRequest,
    NotFound,
    SwitchboardError,
    TrunkInUse,
)
from .model import Bridge, SipTrunk, TrunkSecrets
from .secrets import hint
from .store import Taken

_WRITE_TRIES = 5
# Longer than storing a secret and the row after it can take.
_LEASE_S = 30
# So many of a trunk's numbers are named to whoever wants to delete it.
_NAMED = 10
# What a customer may set as it comes.
_PLAIN = ("enabled", "priority", "provider", "register")


@dataclass(frozen=True)
class Changed:
    """A trunk as it is now, and the signing secret if it is a new one: nobody sees it again."""

    trunk: SipTrunk
    signing_secret: str | None = None


def create(app: App, organization_id: int, given: Mapping[str, Any]) -> Changed:
    """Make a trunk.

    Its row comes first, and stays disabled until the secrets are stored: whoever dies between
    leaves a trunk that is seen, and that can be mended or deleted. Raises InvalidRequest.
    """
    now = app.clock()
    blank = SipTrunk(
        id=str(uuid4()),
        organization_id=organization_id,
        name="",
        gateway="",
        created_at=now,
        updated_at=now,
        bridge=_usual_bridge(app, organization_id),
    )
    trunk = _with(blank, given, app.settings.event_urls_allowed)
    secrets = _secrets_of(trunk, TrunkSecrets(), given)
    ready = _hinted(trunk, secrets)
    try:
        if secrets == TrunkSecrets():
            return Changed(app.store.add_trunk(ready))
        made = app.store.add_trunk(replace(trunk, enabled=False))
    except Taken as error:
        raise _name_taken(trunk.name) from error
    try:
        app.secrets.store_trunk(organization_id, trunk.id, secrets)
    except SwitchboardError:
        _undo(app, made)
        raise
    try:
        made = app.store.put_trunk(made, ready)
    except Taken as error:
        # Found in a list and changed before its maker had an answer.
        raise _busy(trunk.id) from error
    return Changed(made, secrets.signing_secret or None)


def find(app: App, organization_id: int, trunk_id: str) -> SipTrunk:
    """Return an organization's trunk; raise NotFound if it is not its own."""
    found = app.store.trunk(organization_id, trunk_id)
    if found is None:
        raise not_found(trunk_id)
    return found


def not_found(trunk_id: str) -> NotFound:
    """Return the error for a trunk that the organization has not got."""
    return NotFound(f"SIP trunk {trunk_id} not found in your organization")


def change(app: App, organization_id: int, trunk_id: str, given: Mapping[str, Any]) -> Changed:
    """Put what is given in place of what was.

    New secrets are stored before the row says so: whoever dies between repeats the request.
    Raises InvalidRequest, NotFound and Conflict.
    """
    for _ in range(_WRITE_TRIES):
        found = find(app, organization_id, trunk_id)
        wanted = _with(found, given, app.settings.event_urls_allowed)
        after = replace(wanted, updated_at=app.clock())
        try:
            if _touches_secrets(found, after, given):
                return _changed_with_secrets(app, found, after, given)
            fields = _differences(found, after)
            return Changed(app.store.put_trunk(found, after, fields) if fields else found)
        except Taken as taken:
            if 1 in taken.failed:
                raise _name_taken(after.name) from taken
    raise _busy(trunk_id)


def sync(app: App, organization_id: int) -> list[tuple[SipTrunk, str | None]]:
    """Look whether each trunk is ready to carry calls; return them with what is wrong, if anything.

    The contract tells its one bridge of all trunks here. Ours are read for each call, so there is
    nothing to tell: what can be found out without calling anybody is.
    """
    return [(trunk, _problem(app, trunk)) for trunk in app.store.trunks(organization_id)]


def _problem(app: App, trunk: SipTrunk) -> str | None:
    if not trunk.enabled:
        return "It is disabled."
    try:
        app.voice_of(trunk).check_ready_to_dial()
    except SwitchboardError as error:
        return str(error)
    return None


def delete(app: App, organization_id: int, trunk_id: str) -> None:
    """Delete a trunk with its secrets. Deleting it again finishes what a run that died began.

    Raises NotFound, TrunkInUse when numbers use it, and Conflict.
    """
    for _ in range(_WRITE_TRIES):
        found = app.store.dying_trunk(organization_id, trunk_id)
        if found is None:
            raise not_found(trunk_id)
        try:
            if found.deleted_at is None:
                _check_unused(app, found)
                found = app.store.condemn_trunk(found, app.clock())
            # The row goes last: it is all by which the secrets are found.
            app.secrets.forget_trunk(organization_id, trunk_id)
            app.store.bury_trunk(found)
        except Taken:
            continue
        return
    raise _busy(trunk_id)


# --- what is given ---


def _with(trunk: SipTrunk, given: Mapping[str, Any], allowed: tuple[str, ...]) -> SipTrunk:
    plain = {name: given[name] for name in _PLAIN if name in given}
    after = replace(trunk, **plain)
    if given.get("name") is not None:
        after = replace(after, name=named(given["name"]))
    if "username" in given:
        after = replace(after, username=_username(given["username"]))
    bridge = Bridge(given["bridge"]) if given.get("bridge") else trunk.bridge
    after = replace(after, bridge=bridge, bridge_url=_bridge_url(trunk, bridge, given, allowed))
    gateway = given.get("gateway") or trunk.gateway
    return replace(after, gateway=_gateway(gateway, bridge))


def _gateway(given: str, bridge: Bridge) -> str:
    """Return where a trunk is; raise InvalidRequest or DestinationNotAllowed."""
    gateway = given.strip()
    if any(mark in gateway for mark in ";?@/ "):
        raise InvalidRequest("gateway is a host or host:port, such as sip.example.com:5060")
    try:
        checked = check_sip(f"sip:trunk@{gateway}")
    except DestinationNotAllowed:
        # Only an organization's own bridge may know the way to a private address.
        if bridge is not Bridge.OWN:
            raise
        return gateway.lower()
    except InvalidRequest as error:
        raise InvalidRequest(
            "gateway is a host or host:port, such as sip.example.com:5060"
        ) from error
    return checked.removeprefix("sip:trunk@")


def _username(given: str) -> str:
    username = given.strip()
    if not (username.isascii() and (username == "" or username.isprintable())):
        raise InvalidRequest("username holds plain ASCII characters only")
    return username


def _bridge_url(
    trunk: SipTrunk, bridge: Bridge, given: Mapping[str, Any], allowed: tuple[str, ...]
) -> str | None:
    if bridge is not Bridge.OWN:
        if given.get("bridge_url"):
            raise InvalidRequest(f"bridge_url is for bridge 'own' only, not '{bridge.value}'")
        return None
    url = given.get("bridge_url") or trunk.bridge_url
    if url and is_allowed(url, allowed):
        return url
    url = webhook_url("bridge_url", url)
    if url is None:
        raise InvalidRequest("bridge 'own' needs a bridge_url: where it is asked to call")
    return url


def _usual_bridge(app: App, organization_id: int) -> Bridge:
    # Clients of the contract know nothing of bridges: the account that is there serves.
    connected = organizations.find(app, organization_id).credentials
    only_telnyx = Bridge.TELNYX in connected and Bridge.TWILIO not in connected
    return Bridge.TELNYX if only_telnyx else Bridge.TWILIO


# --- secrets ---


def _touches_secrets(before: SipTrunk, after: SipTrunk, given: Mapping[str, Any]) -> bool:
    new_password = _new_password(before, given) is not None
    becomes_own = (before.bridge is Bridge.OWN) is not (after.bridge is Bridge.OWN)
    return new_password or becomes_own or bool(given.get("rotate_signing_secret"))


def _new_password(trunk: SipTrunk, given: Mapping[str, Any]) -> str | None:
    password: str | None = given.get("password")
    # What we show of it comes back when somebody sends a whole trunk.
    return None if password == trunk.password_hint else password


def _secrets_of(trunk: SipTrunk, before: TrunkSecrets, given: Mapping[str, Any]) -> TrunkSecrets:
    password = _new_password(trunk, given)
    if password is not None and not (password == "" or password.isprintable()):
        raise InvalidRequest("password has no control characters")
    rotate = bool(given.get("rotate_signing_secret"))
    if trunk.bridge is not Bridge.OWN:
        if rotate:
            raise InvalidRequest("Only a trunk of bridge 'own' has a signing secret")
        signing_secret = ""
    elif rotate or not before.signing_secret:
        signing_secret = f"swbr_{random.token_urlsafe(32)}"
    else:
        signing_secret = before.signing_secret
    return TrunkSecrets(before.password if password is None else password, signing_secret)


def _changed_with_secrets(
    app: App, before: SipTrunk, after: SipTrunk, given: Mapping[str, Any]
) -> Changed:
    organization_id, trunk_id = before.organization_id, before.id
    # A secret holds both the password and the signing secret: two who change one of them at
    # once would lose a change.
    with app.store.lease(f"trunk-{trunk_id}", app.clock(), _LEASE_S):
        stored = app.secrets.trunk(organization_id, trunk_id, now=True)
        wanted = _secrets_of(after, stored, given)
        if wanted != stored:
            app.secrets.store_trunk(organization_id, trunk_id, wanted)
        saved = _hinted(after, wanted)
        fields = _differences(before, saved)
        fields += [name for name in ("password",) if wanted.password != stored.password]
        is_new = wanted.signing_secret != stored.signing_secret
        fields += ["signing_secret"] if is_new else []
        made = app.store.put_trunk(before, saved, fields)
    return Changed(made, wanted.signing_secret if is_new and wanted.signing_secret else None)


def _hinted(trunk: SipTrunk, secrets: TrunkSecrets) -> SipTrunk:
    return replace(
        trunk,
        password_hint=hint(secrets.password) if secrets.password else None,
        signing_secret_hint=hint(secrets.signing_secret) if secrets.signing_secret else None,
    )


# --- the rest ---


def _undo(app: App, trunk: SipTrunk) -> None:
    # What cannot be undone now is seen in the list, disabled, and can be deleted there.
    with suppress(SwitchboardError, Taken):
        condemned = app.store.condemn_trunk(trunk, app.clock())
        app.secrets.forget_trunk(trunk.organization_id, trunk.id)
        app.store.bury_trunk(condemned)


def _check_unused(app: App, trunk: SipTrunk) -> None:
    # A number that is given the trunk at this moment is called over the other trunks later on.
    using = [
        number.phone_number
        for number in app.store.numbers(trunk.organization_id)
        if number.sip_trunk_id == trunk.id
    ]
    if using:
        shown = ", ".join(using[:_NAMED]) + (" and others" if len(using) > _NAMED else "")
        raise TrunkInUse(
            f"SIP trunk '{trunk.name}' is used by {len(using)} phone number(s): {shown}. Give "
            "them another sip_trunk_id (PATCH the number) or release them first."
        )


def _differences(before: SipTrunk, after: SipTrunk) -> list[str]:
    old, new = vars(before), vars(after)
    left_out = ("updated_at", "version", "password_hint", "signing_secret_hint")
    return [name for name in new if new[name] != old[name] and name not in left_out]


def _name_taken(name: str) -> InvalidRequest:
    return InvalidRequest(f"A SIP trunk named '{name}' exists already. Names are unique.")


def _busy(trunk_id: str) -> Conflict:
    return Conflict(f"SIP trunk {trunk_id} is being changed by others. Try again in a moment.")
