"""Assistants: what answers an organization's calls."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..app import App
from ..errors import AssistantNotFound, InvalidRequest
from ..model import E164, Assistant, DialOptions, MachinePolicy
from . import organizations
from .names import named, phone_number, text
from .urls import stream_url

# The ranges of POST /calls/initiate.
_RING_TIMEOUT = (5, 120)
_MAX_DURATION = (30, 14_400)
_VOICEMAIL_LENGTH = 4_096


@dataclass(frozen=True)
class NewAssistant:
    """What a new assistant shall be, as it came."""

    name: str
    stream_url: str
    welcome_message: str | None = None
    fallback_message: str | None = None
    fallback_number: str | None = None
    dial_options: DialOptions = field(default_factory=DialOptions)


def create(app: App, organization_id: int, wanted: NewAssistant) -> Assistant:
    """Make an active assistant; raise InvalidRequest or NotFound, all before it is written."""
    assistant = Assistant(
        id=app.new_id(),
        organization_id=organizations.find(app, organization_id).id,
        name=named(wanted.name),
        stream_url=stream_url(wanted.stream_url),
        created_at=app.clock(),
        welcome_message=text(wanted.welcome_message),
        fallback_message=text(wanted.fallback_message),
        fallback_number=_fallback_number(wanted.fallback_number),
        dial_options=_dial_options(wanted.dial_options),
    )
    return app.store.put_assistant(assistant, "assistant.created", name=assistant.name)


def list_all(app: App, organization_id: int) -> Iterable[Assistant]:
    """Return an organization's assistants, oldest first; raise NotFound without it."""
    organizations.find(app, organization_id)
    return sorted(app.store.assistants(organization_id), key=lambda it: it.id)


def set_active(app: App, organization_id: int, assistant_id: int, is_active: bool) -> Assistant:
    """Let an assistant take calls, or send its callers to the fallback; its numbers follow."""
    found = app.store.assistant(organization_id, assistant_id)
    if found is None:
        raise AssistantNotFound(f"Assistant with ID {assistant_id} not found")
    # Written even when nothing changes: a run that died half way is finished by the next.
    changed = replace(found, is_active=is_active)
    return app.store.put_assistant(changed, is_active=is_active)


def _dial_options(options: DialOptions) -> DialOptions:
    message = text(options.voicemail_message)
    for name, (least, most) in (("ring_timeout", _RING_TIMEOUT), ("max_duration", _MAX_DURATION)):
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            raise InvalidRequest(f"{name} is a number of seconds from {least} to {most}")
    if message and len(message) > _VOICEMAIL_LENGTH:
        raise InvalidRequest(f"voicemail_message has at most {_VOICEMAIL_LENGTH} characters")
    if options.machine_detection is MachinePolicy.LEAVE_MESSAGE and not message:
        raise InvalidRequest("machine_detection leave_message needs a voicemail_message")
    return replace(options, voicemail_message=message)


def _fallback_number(given: str | None) -> E164 | None:
    return None if given is None else phone_number("fallback_number", given)
