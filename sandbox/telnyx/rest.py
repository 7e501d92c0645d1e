"""Telnyx's REST conventions: Bearer keys, JSON in an envelope, lists of errors, pages."""

from typing import Any

from starlette.requests import Request

from sandbox.books import Account
from sandbox.wire import Asked, Refused, Reply, json_fields
from sandbox.world import World

_DEFAULT_PAGE = 20
_LARGEST_PAGE = 250


def error(
    status: int,
    code: str,
    title: str,
    detail: str,
    pointer: str | None = None,
    parameter: str | None = None,
) -> Reply:
    """Make an error body; `pointer` is the JSON pointer of the field at fault.

    `parameter` names the query parameter at fault instead.
    """
    meta = {"url": f"https://developers.telnyx.com/docs/overview/errors/{code}"}
    entry: dict[str, Any] = {"code": code, "title": title, "detail": detail, "meta": meta}
    if pointer:
        entry["source"] = {"pointer": pointer}
    if parameter:
        entry["source"] = {"parameter": parameter}
    return Reply(status, {"errors": [entry]})


def not_found() -> Reply:
    """Say that there is no such resource."""
    detail = "The requested resource or URL could not be found."
    return error(404, "10005", "Resource not found", detail)


def invalid(pointer: str, detail: str) -> Reply:
    """Say that a field's value will not do."""
    return error(422, "10015", "Invalid value", detail, pointer)


def unauthenticated() -> Reply:
    """Say that the key is unknown."""
    detail = "Could not understand the provided credentials."
    return error(401, "10009", "Authentication failed", detail)


def data(body: Any, status: int = 200) -> Reply:
    """Answer with one resource."""
    return Reply(status, {"data": body})


def page(asked: Asked, rows: list[dict[str, Any]]) -> Reply:
    """Answer with one page of resources."""
    number = max(1, figure(asked, "page[number]", 1))
    size = min(_LARGEST_PAGE, max(1, figure(asked, "page[size]", _DEFAULT_PAGE)))
    meta = {
        "page_number": number,
        "page_size": size,
        "total_pages": -(-len(rows) // size),
        "total_results": len(rows),
    }
    return Reply(200, {"data": rows[(number - 1) * size : number * size], "meta": meta})


def figure(asked: Asked, name: str, default: int) -> int:
    """Return a number out of the query; refuse anything else."""
    value = asked.query.get(name, str(default))
    if not value.isdigit():
        raise Refused(
            error(400, "10015", "Invalid value", f"{name} must be a number", parameter=name)
        )
    return int(value)


class TelnyxApi:
    """How Telnyx reads a request and says no."""

    name = "telnyx"

    def authenticate(self, request: Request, world: World) -> Account:
        """Return the account whose API key was sent."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        for account in world.books.accounts:
            known = account.credentials.get("api_key")
            if account.carrier == self.name and scheme.lower() == "bearer" and key == known:
                return account
        raise Refused(unauthenticated())

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Read a JSON object."""
        try:
            return json_fields(raw)
        except ValueError as problem:
            detail = "The request body could not be parsed as a JSON object."
            raise Refused(error(400, "10015", "Bad request", detail)) from problem

    def refusal(self, asked: Asked, fault: str) -> Reply:
        """Say it with Telnyx's codes."""
        return {
            "number_taken": number_unavailable(),
            "no_balance": insufficient_funds(),
            "invalid_credentials": unauthenticated(),
            "rate_limited": Reply(
                429,
                error(429, "10011", "Too many requests", "You have exceeded the rate limit.").body,
                {"retry-after": "1"},
            ),
            "server_error": error(500, "10007", "Unexpected error", "An unexpected error occured."),
            "address_required": error(
                422, "20200", "Address required", "This number needs an address in its country."
            ),
        }[fault]


def number_unavailable() -> Reply:
    """Say that somebody else has the number."""
    detail = "One or more of the numbers you requested is no longer available."
    return error(400, "85001", "Number is no longer available", detail)


def insufficient_funds() -> Reply:
    """Say that the balance does not cover it."""
    detail = "The account does not have enough funds for this operation."
    return error(402, "20100", "Insufficient funds", detail)
