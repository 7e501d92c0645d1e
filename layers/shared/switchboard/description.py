"""What each route answers, for the API's description. A request never pays for it.

A route says `responses=description.replies(CallReply, CallNotFound)`; `python -m local openapi`
makes the document of all of them, and finds out by itself which scope a route asks for.
"""

from collections.abc import Iterable
from typing import Any, TypedDict

from .errors import (
    CarrierError,
    CarrierMisconfigured,
    CarrierNotConnected,
    CarrierPermissionDenied,
    CarrierUnavailable,
    ConfigError,
    Forbidden,
    InvalidCredentials,
    InvalidRequest,
    RateLimited,
    RequestTooLarge,
    ServiceUnavailable,
    SwitchboardError,
    Unauthorized,
)

JSON = "application/json"
type Errors = tuple[type[SwitchboardError], ...]

CARRIER: Errors = (
    CarrierNotConnected,
    CarrierError,
    InvalidCredentials,
    CarrierPermissionDenied,
    CarrierMisconfigured,
    CarrierUnavailable,
    RateLimited,
)
"""What any route can answer that asks a carrier for something."""

_ALWAYS: Errors = (
    InvalidRequest,
    Unauthorized,
    Forbidden,
    RequestTooLarge,
    ServiceUnavailable,
)
_BY_THE_EDGE = {
    422: "`validation_error`: the request has not the form that is described here",
    429: "`rate_limited`: too many requests at once",
    500: "`internal_error`: our own fault",
    502: "`internal_error`: our own fault",
    504: "`internal_error`: our own fault",
}


class Replies(dict[int, Any]):
    """What a route answers, by status: Powertools' `responses=`.

    `a | b` is what either answers; a refusal that both know has the codes of both.
    """

    def __or__(self, other: dict[int, Any]) -> "Replies":  # type: ignore[override]
        merged = Replies(self)
        for status, reply in other.items():
            merged[status] = _both(merged[status], reply) if status in merged else reply
        return merged


models: dict[str, type] = {}
"""Every shape that some route answers, by its name among the description's components."""


class ShapeError(TypedDict):
    """One thing that is wrong with a request's form."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(TypedDict):
    """Why a request was refused: `detail` speaks to a person, `code` to a program."""

    detail: str | list[ShapeError]
    code: str
    request_id: str


def replies(
    model: type | None,
    *errors: type[SwitchboardError],
    status: int = 200,
    media_type: str = JSON,
    example: dict[str, Any] | None = None,
) -> Replies:
    """Return the `responses=` of a route: its reply, a TypedDict, and the errors of its own.

    None is a reply without a body. The errors that any route can answer need not be named. The
    reply's example is put together from its fields' own; `example` says what is otherwise.
    """
    found = Replies({status: _reply(model, media_type) if model else {"description": "Done."}})
    if example:
        found[status]["content"][media_type]["example"] = example
    refusals = {*_BY_THE_EDGE, *_statuses(errors)} - {status}
    return found | {code: _problem(code, errors) for code in sorted(refusals)}


def list_of(
    model: type, *errors: type[SwitchboardError], status: int = 200, media_type: str = JSON
) -> Replies:
    """Return the `responses=` of a route whose reply is a bare array of such things."""
    found = replies(model, *errors, status=status, media_type=media_type)
    media = found[status]["content"][media_type]
    media["schema"] = {"type": "array", "items": media["schema"]}
    return found


def _both(one: Any, other: Any) -> Any:
    if one.get("content") != other.get("content") or one["content"] != _reply(Problem)["content"]:
        return other
    lines = dict.fromkeys(f"{one['description']}  \n{other['description']}".split("  \n"))
    return one | {"description": "  \n".join(lines)}


def _reply(model: type, media_type: str = JSON) -> Any:
    if models.setdefault(model.__name__, model) is not model:
        raise ConfigError(f"Two shapes of replies are both called {model.__name__}.")
    # Only named here: to build a model's schema takes milliseconds that a request would wait for.
    text = (model.__doc__ or model.__name__).splitlines()[0]
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"description": text, "content": {media_type: {"schema": schema}}}


def _problem(status: int, errors: Iterable[type[SwitchboardError]]) -> Any:
    own = [
        f"`{error.code}`: {(error.__doc__ or error.code).splitlines()[0]}"
        for error in (*_ALWAYS, *errors)
        if error.status == status
    ]
    edges = [_BY_THE_EDGE[status]] if status in _BY_THE_EDGE else []
    text = "  \n".join(dict.fromkeys(own + edges))
    return _reply(Problem) | {"description": text}


def _statuses(errors: Iterable[type[SwitchboardError]]) -> set[int]:
    return {error.status for error in (*_ALWAYS, *errors)}
