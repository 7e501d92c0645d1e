"""What Lambda hands to a function, looked at before anything is made of it.

API Gateway, SQS and DynamoDB make sound events. Whatever is none (an event that somebody sent by
hand, or one of a form that AWS begins to use) is refused with a sentence, not with a stack trace.
"""

from collections.abc import Callable
from typing import Any

from .errors import InvalidRequest

type Json = dict[str, Any]


def check_request(event: object) -> None:
    """Raise InvalidRequest unless this is an event of API Gateway's REST API."""
    if not isinstance(event, dict):
        raise _unsound("an object")
    for name, is_sound in _PARTS.items():
        if not is_sound(event.get(name)):
            raise _unsound(name)
    request = event["requestContext"]
    if not _is_name(request.get("requestId")) or not _is_optional_text(request.get("path")):
        raise _unsound("requestContext")
    if not _is_authorizer(request.get("authorizer")) or not _is_caller(request.get("identity")):
        raise _unsound("requestContext")


def request_id(event: object) -> str:
    """Return the id that API Gateway gave to a request, empty if there is none."""
    request = event.get("requestContext") if isinstance(event, dict) else None
    return str(request.get("requestId"))[:_SHOWN] if isinstance(request, dict) else ""


def is_time_to_sweep(event: object) -> bool:
    """Whether an event brings nothing to work on: it is the schedule's."""
    return event == {}


def messages(event: object) -> list[Json]:
    """Return a queue's messages; raise InvalidRequest for anything else."""
    return _records(event, _is_message)


def changes(event: object) -> list[Json]:
    """Return the changes of a table's stream; raise InvalidRequest for anything else."""
    return _records(event, lambda it: isinstance(it, dict))


def _records(event: object, is_sound: Callable[[object], bool]) -> list[Json]:
    found = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(found, list) or not all(map(is_sound, found)):
        raise _unsound("Records")
    return found


def number(event: object, name: str) -> int:
    """Return a whole number of an event that we made ourselves; raise InvalidRequest."""
    found = event.get(name) if isinstance(event, dict) else None
    if not isinstance(found, int) or isinstance(found, bool):
        raise _unsound(name)
    return found


_SHOWN = 128


def _is_message(record: object) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get("messageId"), str)
        and isinstance(record.get("body"), str)
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_optional_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_name(value: object) -> bool:
    return _is_text(value) and _is_line(value)


def _is_caller(value: object) -> bool:
    return value is None or (isinstance(value, dict) and _is_line(value.get("sourceIp") or ""))


def _is_texts(value: object) -> bool:
    return value is None or (isinstance(value, dict) and all(map(_is_line, value.values())))


def _is_lists(value: object) -> bool:
    return value is None or (
        isinstance(value, dict)
        and all(isinstance(it, list) and it and all(map(_is_line, it)) for it in value.values())
    )


def _is_line(value: object) -> bool:
    # Half of a pair cannot be stored, looked up or sent on.
    return (isinstance(value, str) and value.isascii()) or _is_encodable(value)


def _is_encodable(value: object) -> bool:
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _is_authorizer(value: object) -> bool:
    # What our own authorizer said, as API Gateway passes it on: everything is text.
    if value is None:
        return True
    if not isinstance(value, dict) or (value.get("scopes") and not value.get("organization_id")):
        return False
    ids = ("organization_id", "token_id")
    return all(value.get(name) is None or _is_id(value[name]) for name in ids)


def _is_id(value: object) -> bool:
    return str(value).isascii() and str(value).isdecimal() and len(str(value)) <= 16


_PARTS: dict[str, Callable[[object], bool]] = {
    "httpMethod": _is_name,
    "path": _is_optional_text,
    "resource": _is_name,
    "headers": _is_texts,
    "multiValueHeaders": _is_lists,
    "queryStringParameters": _is_texts,
    "multiValueQueryStringParameters": _is_lists,
    "pathParameters": _is_texts,
    "body": _is_optional_text,
    "isBase64Encoded": lambda value: value is None or isinstance(value, bool),
    "requestContext": lambda value: isinstance(value, dict),
}


def _unsound(what: str) -> InvalidRequest:
    return InvalidRequest(f"This is not an event as AWS makes them: {what} is missing or odd.")
