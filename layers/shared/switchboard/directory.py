"""Who is here: organizations, and the assistants that answer their calls."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from .app import App
from .destinations import country_code
from .errors import AssistantNotFound, Conflict, InvalidNumber, InvalidRequest, NotFound
from .model import (
    E164,
    Assistant,
    DialOptions,
    Limits,
    MachinePolicy,
    Organization,
    parse_e164,
)
from .store import Taken

_NAME_LENGTH = 100
# The ranges of POST /calls/initiate.
_RING_TIMEOUT = (5, 120)
_MAX_DURATION = (30, 14_400)
_VOICEMAIL_LENGTH = 4_096
_LIMITS_LEASE_S = 10
# Whoever takes up a place is named in the limit's one row, which holds 400 KB.
_MOST_AT_ONCE = 5_000
_MOST = 1_000_000_000
_SWITCHES = ("premium_rate", "satellite")
_AT_ONCE = ("concurrent_calls", "number_concurrent_calls")
_FOR_EACH_NUMBER = ("number_concurrent_calls", "number_calls_per_day")


@dataclass(frozen=True)
class NewAssistant:
    """What a new assistant shall be, as it came."""

    name: str
    stream_url: str
    welcome_message: str | None = None
    fallback_message: str | None = None
    fallback_number: str | None = None
    dial_options: DialOptions = field(default_factory=DialOptions)


@dataclass(frozen=True)
class LimitChanges:
    """What shall become different in an organization's limits; the rest stays."""

    allow: tuple[str, ...] = ()
    """Countries to add to the allowed ones."""
    forbid: tuple[str, ...] = ()
    """Countries to take from them."""
    values: Mapping[str, int | bool | None] | None = None
    """New values by the limit's name; None lifts a limit for each number."""

    @property
    def is_nothing(self) -> bool:
        """Whether all limits stay as they are."""
        return not (self.allow or self.forbid or self.values)


def create_organization(app: App, name: str) -> Organization:
    """Make an organization; raise InvalidRequest for a name that will not do."""
    organization = Organization(app.new_id(), named(name), app.clock())
    app.store.add_organization(organization)
    return organization


def organization(app: App, organization_id: int) -> Organization:
    """Return an organization; raise NotFound when there is none with this id."""
    found = app.store.organization(organization_id)
    if found is None:
        raise NotFound(
            f"Organization {organization_id} not found. Make one: "
            "switchboard organizations create NAME"
        )
    return found


def organizations(app: App) -> Iterable[Organization]:
    """Return every organization, oldest first."""
    return app.store.organizations()


def change_limits(app: App, organization_id: int, changes: LimitChanges) -> Organization:
    """Change an organization's limits, and return it with all of them.

    Raises InvalidRequest, NotFound, or Conflict while another change is being made.
    """
    values: dict[str, Any] = {
        name: _limit(name, value) for name, value in (changes.values or {}).items()
    }
    allow = [country_code(text) for text in changes.allow]
    forbid = [country_code(text) for text in changes.forbid]
    try:
        with app.store.lease(f"limits-{organization_id}", app.clock(), _LIMITS_LEASE_S):
            found = organization(app, organization_id)
            limits = _with_countries(replace(found.limits, **values), allow, forbid)
            changed = replace(found, limits=limits)
            app.store.set_limits(changed)
    except Taken as error:
        raise Conflict(
            "Somebody else is changing these limits just now. Run this again."
        ) from error
    return changed


def _with_countries(limits: Limits, allow: list[str], forbid: list[str]) -> Limits:
    if not allow and not forbid:
        return limits
    both = sorted(set(allow) & set(forbid))
    if both:
        raise InvalidRequest(f"Allowed and forbidden at once: {', '.join(both)}")
    # In the order in which they were allowed, each once.
    wanted = dict.fromkeys((*limits.countries, *allow))
    return replace(limits, allowed_countries=tuple(it for it in wanted if it not in forbid))


def _limit(name: str, value: int | bool | None) -> int | bool | None:
    if name not in vars(Limits()) or name == "allowed_countries":
        raise InvalidRequest(f"There is no limit called {name}")
    if name in _SWITCHES:
        if not isinstance(value, bool):
            raise InvalidRequest(f"{name} is true or false")
        return value
    if value is None and name in _FOR_EACH_NUMBER:
        return None
    most = _MOST_AT_ONCE if name in _AT_ONCE else _MOST
    if value is None or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidRequest(f"{name} is a number from 1 to {most}")
    return value


def create_assistant(app: App, organization_id: int, wanted: NewAssistant) -> Assistant:
    """Make an active assistant; raise InvalidRequest or NotFound, all before it is written."""
    assistant = Assistant(
        id=app.new_id(),
        organization_id=organization(app, organization_id).id,
        name=named(wanted.name),
        stream_url=_stream_url(wanted.stream_url),
        created_at=app.clock(),
        welcome_message=_text(wanted.welcome_message),
        fallback_message=_text(wanted.fallback_message),
        fallback_number=_fallback_number(wanted.fallback_number),
        dial_options=_dial_options(wanted.dial_options),
    )
    app.store.put_assistant(assistant)
    return assistant


def assistants(app: App, organization_id: int) -> Iterable[Assistant]:
    """Return an organization's assistants, oldest first; raise NotFound without it."""
    organization(app, organization_id)
    return sorted(app.store.assistants(organization_id), key=lambda it: it.id)


def set_active(app: App, organization_id: int, assistant_id: int, is_active: bool) -> Assistant:
    """Let an assistant take calls, or send its callers to the fallback; its numbers follow."""
    found = app.store.assistant(organization_id, assistant_id)
    if found is None:
        raise AssistantNotFound(f"Assistant with ID {assistant_id} not found")
    # Written even when nothing changes: a run that died half way is finished by the next.
    changed = replace(found, is_active=is_active)
    app.store.put_assistant(changed)
    return changed


def named(name: str) -> str:
    """Return a name without the space around it; raise InvalidRequest when it will not do."""
    name = name.strip()
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        raise InvalidRequest(f"A name is 1 to {_NAME_LENGTH} characters on one line")
    return name


def _text(text: str | None) -> str | None:
    return text.strip() or None if text else None


def _dial_options(options: DialOptions) -> DialOptions:
    message = _text(options.voicemail_message)
    for name, (least, most) in (("ring_timeout", _RING_TIMEOUT), ("max_duration", _MAX_DURATION)):
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            raise InvalidRequest(f"{name} is a number of seconds from {least} to {most}")
    if message and len(message) > _VOICEMAIL_LENGTH:
        raise InvalidRequest(f"voicemail_message has at most {_VOICEMAIL_LENGTH} characters")
    if options.machine_detection is MachinePolicy.LEAVE_MESSAGE and not message:
        raise InvalidRequest("machine_detection leave_message needs a voicemail_message")
    return replace(options, voicemail_message=message)


def _fallback_number(text: str | None) -> E164 | None:
    if text is None:
        return None
    try:
        return parse_e164(text)
    except InvalidNumber as error:
        raise InvalidNumber("fallback_number must be E.164: + and 7 to 15 digits") from error


def _stream_url(text: str) -> str:
    url = text.strip()
    problem = _problem_of(url)
    if problem:
        # The URL is not repeated: what is wrong may be a password inside it.
        raise InvalidRequest(f"stream_url {problem}")
    return url


def _problem_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        return "must be a URL such as wss://media.example.com/stream"
    if parts.scheme != "wss" and not _is_plain_and_local(parts.scheme, host):
        return "must begin with wss:// (ws:// only for this machine: localhost, 127.0.0.1)"
    return _problem_of_extras(url, parts)


def _problem_of_extras(url: str, parts: SplitResult) -> str | None:
    if "@" in parts.netloc:
        return "must not hold credentials: the stream's session token proves who is calling"
    if "#" in url:
        return "must not have a fragment (#…): a websocket has none"
    if "?" in url:
        # https://www.twilio.com/docs/voice/twiml/stream: the url attribute takes no query string.
        return "must not have a query (?…), which Twilio drops: use the path"
    return None


def _is_plain_and_local(scheme: str, host: str) -> bool:
    if scheme != "ws":
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
