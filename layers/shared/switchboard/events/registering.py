"""Receivers as their organization sees them: registered, switched off, given new secrets."""

from collections.abc import Callable
from dataclasses import replace

from .. import addresses
from ..app import App
from ..errors import Conflict, InvalidSettings, WebhookNotFound
from ..model import EVENT_TYPES, Endpoint
from ..store import Taken
from . import aws, receivers, signing

_MOST = 20
_WRITE_TRIES = 5


def register(
    app: App, organization_id: int, url: str, types: tuple[str, ...] = (), *, ed25519: bool = False
) -> Endpoint:
    """Let a receiver have all of an organization's events, or some types of them.

    Doing so again changes its settings. Raises InvalidSettings for a URL that may get nothing,
    and Conflict beyond 20 receivers.
    """
    check(app, url)
    others = [it for it in app.store.endpoints(organization_id) if it.is_registered]
    if len(others) >= _MOST and all(it.url != url for it in others):
        raise Conflict(f"An organization has at most {_MOST} receivers: remove one first.")

    def registered(found: Endpoint) -> Endpoint:
        return replace(found, is_registered=True, types=_known(types), uses_ed25519=ed25519)

    new = receivers.receiver(app, organization_id, url)
    return _saved(app, new, registered, "webhook.registered", new)


def check(app: App, url: str) -> None:
    """Raise InvalidSettings unless events may be sent to a URL or an ARN."""
    is_arn = url.startswith("arn:")
    problem = (
        aws.problem_of(url)
        if is_arn
        else addresses.problem_of(url, app.settings.event_urls_allowed)
    )
    if problem:
        raise InvalidSettings(f"url {problem}")


def list_all(app: App, organization_id: int) -> list[Endpoint]:
    """Return an organization's receivers, oldest first: also those of its assistants."""
    return sorted(app.store.endpoints(organization_id), key=lambda it: (it.created_at, it.id))


def find(app: App, organization_id: int, endpoint_id: str) -> Endpoint:
    """Return an organization's receiver; raise WebhookNotFound if it is not its own."""
    found = app.store.endpoint(organization_id, endpoint_id)
    if found is None:
        raise _not_found(endpoint_id)
    return found


def change(
    app: App,
    organization_id: int,
    endpoint_id: str,
    *,
    types: tuple[str, ...] | None = None,
    ed25519: bool | None = None,
    enabled: bool | None = None,
) -> Endpoint:
    """Change what is given; switched on again, a receiver gets what happens from now on."""

    def changed(found: Endpoint) -> Endpoint:
        if types is not None:
            found = replace(found, types=_known(types))
        if ed25519 is not None:
            found = replace(found, uses_ed25519=ed25519)
        if enabled is True:
            found = replace(found, disabled_at=None, disabled_reason=None)
        if enabled is False and found.disabled_at is None:
            reason = "the receiver is switched off"
            found = replace(found, disabled_at=app.clock(), disabled_reason=reason)
        return found

    found = find(app, organization_id, endpoint_id)
    return _saved(app, found, changed, "webhook.updated")


def rotate(app: App, organization_id: int, endpoint_id: str) -> Endpoint:
    """Give a receiver a new secret; for a day its events are signed with both.

    Raises Conflict while the day of the last rotation is not over.
    """
    now = app.clock()

    def rotated(found: Endpoint) -> Endpoint:
        if found.previous_until and now < found.previous_until:
            raise Conflict(
                f"The secret was rotated lately, and the one before is in use until "
                f"{found.previous_until.isoformat()}. Rotate again after that."
            )
        return replace(
            found, key_version=found.key_version + 1, previous_until=now + signing.OVERLAP
        )

    found = find(app, organization_id, endpoint_id)
    return _saved(app, found, rotated, "webhook.secret_rotated")


def remove(app: App, organization_id: int, endpoint_id: str) -> Endpoint:
    """Send a receiver nothing any more but what its assistants' calls do."""

    def removed(found: Endpoint) -> Endpoint:
        return replace(found, is_registered=False, types=())

    found = find(app, organization_id, endpoint_id)
    return _saved(app, found, removed, "webhook.removed")


def secrets_of(app: App, endpoint: Endpoint) -> tuple[str, str | None, str | None]:
    """Return a receiver's secret, the one before while it is in use, and its public key."""
    master = app.secrets.session_key()
    in_use = endpoint.previous_until is not None and app.clock() < endpoint.previous_until
    before = signing.secret(master, endpoint, endpoint.key_version - 1) if in_use else None
    public = signing.public_key(master, endpoint) if endpoint.uses_ed25519 else None
    return signing.secret(master, endpoint), before, public


def _saved(
    app: App,
    found: Endpoint,
    changed: Callable[[Endpoint], Endpoint],
    action: str,
    new: Endpoint | None = None,
) -> Endpoint:
    for _ in range(_WRITE_TRIES):
        current = app.store.endpoint(found.organization_id, found.id) or new
        if current is None:
            raise _not_found(found.id)
        try:
            return app.store.put_endpoint(changed(current), action, url=found.url)
        except Taken:
            continue
    raise Conflict(f"Webhook {found.id} is being changed by others. Try again.")


def _known(types: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(types) - set(EVENT_TYPES))
    if unknown:
        raise InvalidSettings(f"Unknown type {', '.join(unknown)}: there are {EVENT_TYPES}")
    return tuple(sorted(set(types)))


def _not_found(endpoint_id: str) -> WebhookNotFound:
    return WebhookNotFound(f"Webhook {endpoint_id} not found in your organization")
