"""Who is here: organizations, and the assistants that answer their calls."""

from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from .app import App
from .errors import AssistantNotFound, InvalidNumber, InvalidRequest, NotFound
from .model import E164, Assistant, Organization, parse_e164

_NAME_LENGTH = 100


@dataclass(frozen=True)
class NewAssistant:
    """What a new assistant shall be, as it came."""

    name: str
    stream_url: str
    welcome_message: str | None = None
    fallback_message: str | None = None
    fallback_number: str | None = None


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
    )
    app.store.put_assistant(assistant)
    return assistant


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
