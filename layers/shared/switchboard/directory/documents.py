"""An assistant as customers write it: nested settings, told apart from what telephony needs.

The contract says some things inside of nested settings that are fields of ours. A field is
the only place where its value is kept; `nested` puts it back where the contract shows it.

    llm_settings.welcome_message    welcome_message
    recording_settings.enabled      dial_options.record
    recording_settings.disclosure_message    also recording_notice, if disclosure_enabled
    max_call_length                 dial_options.max_duration
    tools_settings.transfer_call.transfer_numbers[0]    also transfer_number
"""

import json
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidRequest
from ..model import Assistant, DialOptions

type Document = dict[str, Any]

FIELDS = (
    "name",
    "stream_url",
    "is_active",
    "welcome_message",
    "fallback_message",
    "fallback_number",
    "bypass_numbers",
    "description",
    "webhook_url",
    "sms_webhook_url",
)
"""What a customer may say at the top, and we keep in fields of its own."""

# What only we say: from a customer it is what he read before, and means nothing.
DEFAULT_NOTICE = "This call is recorded."
"""Spoken when a disclosure is enabled that says nothing."""

_OURS = {*Assistant.__dataclass_fields__, "user_id"}
_OPTIONS = tuple(DialOptions.__dataclass_fields__)
_MOST_BYTES = 64 * 1024
# Deeper than any settings; what walks through them calls itself for each level.
_MOST_LEVELS = 32


def document_of(assistant: Assistant) -> Document:
    """Return an assistant's own settings, each in one place only."""
    fields: Document = {name: getattr(assistant, name) for name in FIELDS}
    fields["dial_options"] = dict(vars(assistant.dial_options))
    return fields | assistant.extra


def nested(assistant: Assistant) -> Document:
    """Return what is beside an assistant's fields, as the contract shows it."""
    options = assistant.dial_options
    return assistant.extra | {
        "llm_settings": _within(assistant, "llm_settings")
        | {"welcome_message": assistant.welcome_message},
        "recording_settings": _within(assistant, "recording_settings")
        | {"enabled": bool(options.record)},
        "tools_settings": _within(assistant, "tools_settings"),
        "custom_settings": _within(assistant, "custom_settings"),
        "max_call_length": options.max_duration,
    }


def replaced(current: Document, given: Mapping[str, Any]) -> Document:
    """Return the settings with each that is given in place of the old one."""
    return current | _settled(current, _readable(given), whole=True)


def merged(current: Document, given: Mapping[str, Any]) -> Document:
    """Return the settings with what is given merged into them, at every depth."""
    return _merge(current, _settled(current, _readable(given), whole=False))


def extra_of(document: Document) -> Document:
    """Return what is in no field of ours."""
    extra = {name: it for name, it in document.items() if name not in _OURS}
    if len(json.dumps(extra)) > _MOST_BYTES:
        raise InvalidRequest(f"An assistant's settings have at most {_MOST_BYTES // 1024} KB")
    return extra


def transfer_numbers(document: Document) -> list[Any]:
    """Return the numbers that the assistant may transfer calls to, as they came."""
    tools = document.get("tools_settings")
    call = tools.get("transfer_call") if isinstance(tools, dict) else None
    numbers = call.get("transfer_numbers") if isinstance(call, dict) else None
    if numbers is None:
        return []
    if not isinstance(numbers, list) or not all(isinstance(it, str) for it in numbers):
        raise InvalidRequest("tools_settings.transfer_call.transfer_numbers is a list of numbers")
    return numbers


def recording_notice(document: Document) -> Any:
    """Return what is spoken before a call is recorded, or None when nothing shall be.

    `disclosure_mode` is not looked at: the contract knows no other than every call, and a call
    too many that is announced does no harm.
    """
    settings = document.get("recording_settings")
    if not isinstance(settings, dict) or not settings.get("disclosure_enabled"):
        return None
    message = settings.get("disclosure_message")
    return DEFAULT_NOTICE if message is None or message == "" else message


def _within(assistant: Assistant, name: str) -> Document:
    found = assistant.extra.get(name)
    return found if isinstance(found, dict) else {}


def _readable(given: Mapping[str, Any]) -> Document:
    if _levels(given) > _MOST_LEVELS:
        raise InvalidRequest(f"An assistant's settings are nested at most {_MOST_LEVELS} deep")
    try:
        json.dumps(given, allow_nan=False)
    except ValueError as error:
        raise InvalidRequest("NaN and Infinity are no numbers of JSON") from error
    own = {*FIELDS, "dial_options"}
    return {name: it for name, it in given.items() if name in own or name not in _OURS}


def _levels(value: Any) -> int:
    deep, level = [value], 0
    while deep and level <= _MOST_LEVELS:
        inner = [list(it.values()) if isinstance(it, Mapping) else it for it in deep]
        deep = [part for it in inner if isinstance(it, list) for part in it]
        level += 1
    return level


def _settled(current: Document, given: Document, *, whole: bool) -> Document:
    """Return what is given, with each thing in the one place where it is kept."""
    now = current["dial_options"]
    options = dict(given.get("dial_options") or {})
    base = now if whole and "dial_options" not in given else {}
    if whole and "dial_options" in given:
        base = dict.fromkeys(_OPTIONS)
    _take("llm_settings", "welcome_message", given, (given, "welcome_message", current), whole)
    _take("recording_settings", "enabled", given, (options, "record", now), whole)
    if "max_call_length" in given:
        said = given.pop("max_call_length")
        options["max_duration"] = _meant("max_call_length", said, (options, "max_duration", now))
    if options or "dial_options" in given:
        given["dial_options"] = base | options
    return given


# Where a thing is kept: among these, by this name, and how it was until now.
type _Place = tuple[Document, str, Document]


def _take(settings: str, name: str, given: Document, place: _Place, whole: bool) -> None:
    """Move one thing from the nested settings to the place where it is kept."""
    inner = given.get(settings)
    if not isinstance(inner, dict):
        return
    kept, field, _ = place
    if name in inner or (whole and field not in kept):
        kept[field] = _meant(f"{settings}.{name}", inner.get(name), place)
    given[settings] = {key: value for key, value in inner.items() if key != name}


def _meant(said_in: str, said: Any, place: _Place) -> Any:
    """Return what is meant when a thing is said twice: what differs from how it is now.

    A client that reads an assistant, changes it in one of the places and sends all of it back
    means that place.
    """
    kept, field, before = place
    now = before[field]
    offers = [said, kept[field]] if field in kept else [said]
    new = [it for it in offers if it != now and not (_is_blank(it) and _is_blank(now))]
    if len(new) > 1 and new[0] != new[1]:
        raise InvalidRequest(f"{field} and {said_in} say different things. Send one of them.")
    return new[0] if new else now


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _merge(old: Document, new: Document) -> Document:
    return old | {name: _merged(old.get(name), it) for name, it in new.items()}


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return _merge(old, new)
    return new
