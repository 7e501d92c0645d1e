"""Assistants: what answers an organization's calls."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..app import App
from ..errors import AssistantNotFound, Conflict, InvalidRequest, InvalidSettings
from ..model import Assistant, DialOptions, MachinePolicy
from ..store import Slice, Taken
from . import documents, organizations
from .documents import Document
from .lists import being_changed, cut, one_more
from .names import named, phone_number, phone_numbers, text
from .urls import stream_url, webhook_url

# The ranges of POST /calls/initiate.
_RING_TIMEOUT = (5, 120)
_MAX_DURATION = (30, 14_400)
# They are in every number's copy, which a ringing phone waits for.
_MOST_BYPASS_NUMBERS = 200
_MOST_TRANSFER_NUMBERS = 100
_WRITE_TRIES = 5


def create(app: App, organization_id: int, given: Mapping[str, Any]) -> Assistant:
    """Make an assistant from its settings; see `documents` for their names.

    Raises InvalidRequest or NotFound, all before it is written.
    """
    organization = organizations.find(app, organization_id)
    now = app.clock()
    blank = Assistant(app.new_id(), organization_id, name="", stream_url="", created_at=now)
    document = documents.replaced(documents.document_of(blank), given)
    if given.get("stream_url") is None:
        document["stream_url"] = organization.settings.get("stream_url")
    made = replace(_written(app, blank, document), updated_at=now)
    return app.store.put_assistant(made, "assistant.created", name=made.name)


def find(app: App, organization_id: int, assistant_id: int) -> Assistant:
    """Return an organization's assistant; raise AssistantNotFound if it is not its own."""
    found = app.store.assistant(organization_id, assistant_id)
    if found is None:
        raise not_found(assistant_id)
    return found


def not_found(assistant_id: int) -> AssistantNotFound:
    """Return the error for an assistant that the organization has not got."""
    return AssistantNotFound(f"Assistant with ID {assistant_id} not found in your organization")


def list_all(app: App, organization_id: int) -> Iterable[Assistant]:
    """Return an organization's assistants, oldest first; raise NotFound without it."""
    organizations.find(app, organization_id)
    return sorted(app.store.assistants(organization_id), key=lambda it: it.id)


def page(app: App, organization_id: int, wanted: Slice) -> tuple[list[Assistant], int | None]:
    """Return some of an organization's assistants, oldest first, and where the next ones begin."""
    return cut(app.store.assistants_page(organization_id, one_more(wanted)), wanted)


def count(app: App, organization_id: int, *, active_only: bool = False) -> int:
    """Count an organization's assistants."""
    return app.store.count_assistants(organization_id, active_only=active_only)


def delete(app: App, organization_id: int, assistant_id: int) -> Assistant:
    """Delete an assistant: its numbers stay, with nobody who answers them.

    Deleting it again finishes what a run that died began. Raises AssistantNotFound, and
    Conflict while it is the base of a flow.
    """
    for _ in range(_WRITE_TRIES):
        found = app.store.dying_assistant(organization_id, assistant_id)
        if found is None:
            raise not_found(assistant_id)
        if found.flow_ids:
            raise Conflict(_base_of(app, found))
        try:
            if found.deleted_at is None:
                found = app.store.condemn_assistant(found, app.clock())
        except Taken:
            continue
        app.store.bury_assistant(found)
        return found
    raise being_changed("Assistant", assistant_id)


def _base_of(app: App, assistant: Assistant) -> str:
    flows = (app.store.flow(assistant.organization_id, it) for it in sorted(assistant.flow_ids))
    names = ", ".join(f"'{flow.name}' ({flow.id})" for flow in flows if flow)
    return (
        f"Assistant '{assistant.name}' is the base of: {names or 'a flow that is being deleted'}. "
        "Give them another base_assistant_id, or delete them first."
    )


def change(
    app: App, organization_id: int, assistant_id: int, given: Mapping[str, Any], *, merge: bool
) -> Assistant:
    """Merge settings into an assistant's, or put each in place of the old one.

    Its numbers follow. Raises InvalidRequest, AssistantNotFound and Conflict.
    """
    combine = documents.merged if merge else documents.replaced
    said = dict(given)
    if "stream_url" in said and said["stream_url"] is None:
        # Whoever takes an assistant's own address away means the organization's.
        said["stream_url"] = organizations.find(app, organization_id).settings.get("stream_url")

    def changed(found: Assistant) -> Assistant:
        return _written(app, found, combine(documents.document_of(found), said))

    return _changed(app, organization_id, assistant_id, changed, fields=sorted(given))


def set_active(app: App, organization_id: int, assistant_id: int, is_active: bool) -> Assistant:
    """Let an assistant take calls, or send its callers to the fallback; its numbers follow."""

    # Written even when nothing changes: a run that died half way is finished by the next.
    def switched(found: Assistant) -> Assistant:
        return replace(found, is_active=is_active)

    return _changed(app, organization_id, assistant_id, switched, is_active=is_active)


def _changed(
    app: App,
    organization_id: int,
    assistant_id: int,
    changed: Callable[[Assistant], Assistant],
    **details: Any,
) -> Assistant:
    for _ in range(_WRITE_TRIES):
        found = find(app, organization_id, assistant_id)
        new = replace(changed(found), updated_at=app.clock())
        try:
            return app.store.put_assistant(new, **details)
        except Taken:
            continue
    raise being_changed("Assistant", assistant_id)


def _written(app: App, assistant: Assistant, document: Document) -> Assistant:
    """Return an assistant with these settings; raise InvalidRequest for what cannot be."""
    if document["stream_url"] is None:
        raise InvalidSettings(
            "stream_url is missing: the wss:// address of the assistant's media runtime. Send it, "
            "or set the organization's settings.stream_url, which serves all its assistants."
        )
    transfers = phone_numbers(
        "tools_settings.transfer_call.transfer_numbers",
        documents.transfer_numbers(document),
        _MOST_TRANSFER_NUMBERS,
    )
    bypass = document["bypass_numbers"] or ()
    allowed = app.settings.event_urls_allowed
    fallback = document["fallback_number"]
    return replace(
        assistant,
        name=named(document["name"]),
        stream_url=stream_url(document["stream_url"]),
        is_active=document["is_active"],
        welcome_message=text("welcome_message", document["welcome_message"]),
        fallback_message=text("fallback_message", document["fallback_message"]),
        fallback_number=None if fallback is None else phone_number("fallback_number", fallback),
        dial_options=_dial_options(document["dial_options"]),
        bypass_numbers=phone_numbers("bypass_numbers", list(bypass), _MOST_BYPASS_NUMBERS),
        transfer_number=transfers[0] if transfers else None,
        recording_notice=text(
            "recording_settings.disclosure_message", documents.recording_notice(document)
        ),
        description=text("description", document["description"]),
        webhook_url=webhook_url("webhook_url", document["webhook_url"], allowed),
        sms_webhook_url=webhook_url("sms_webhook_url", document["sms_webhook_url"], allowed),
        extra=documents.extra_of(document),
    )


def _dial_options(given: Document) -> DialOptions:
    for name, (least, most) in (("ring_timeout", _RING_TIMEOUT), ("max_duration", _MAX_DURATION)):
        value = given[name]
        if value is not None and not (_is_whole(value) and least <= value <= most):
            raise InvalidRequest(f"{name} is a number of seconds from {least} to {most}")
    if not isinstance(given["record"], bool | None):
        raise InvalidRequest("dial_options.record is true or false")
    options = DialOptions(**given)
    message = text("voicemail_message", options.voicemail_message)
    if options.machine_detection is MachinePolicy.LEAVE_MESSAGE and not message:
        raise InvalidRequest("machine_detection leave_message needs a voicemail_message")
    return replace(options, voicemail_message=message)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
