"""Vonage's REST conventions: an account's key and secret, forms in, `error-code` in the answer."""

from typing import Any

from starlette.requests import Request

from sandbox import inventory
from sandbox.books import Account
from sandbox.faults import Fault
from sandbox.wire import Asked, Refused, Reply, basic_credentials, form_fields, json_fields
from sandbox.world import World

EMPTY_BALANCE = "empty_balance"
METHOD_FAILED = "method failed"
ADDRESS_WANTED = (
    "Numbers from this country can be requested from the Dashboard"
    " (https://dashboard.nexmo.com/buy-numbers) as they require a valid local address to be"
    " provided before being purchased."
)
_ERRORS = "https://developer.nexmo.com/api-errors"


def msisdn(number: str) -> str:
    """Write a number as Vonage does, without its plus sign."""
    return number.removeprefix("+")


def e164(digits: object) -> str:
    """Return the number that Vonage's digits mean, or an empty string when they mean none."""
    number = f"+{digits}"
    return number if inventory.is_number(number) else ""


def outcome(status: int, label: str) -> Reply:
    """Make an answer of the Numbers API, which says the status twice."""
    return Reply(status, {"error-code": str(status), "error-code-label": label})


def problem(status: int, name: str, title: str, detail: str, **more: Any) -> Reply:
    """Make an error of the newer APIs (RFC 7807)."""
    body = {"type": f"{_ERRORS}#{name}", "title": title, "detail": detail}
    return Reply(status, body | {"instance": "5a4db0c5-0000-4000-8000-000000000000"} | more)


def unauthorized() -> Reply:
    """Say that the credentials are wrong, as the newer APIs do."""
    detail = "You did not provide correct credentials."
    return problem(401, "unauthorized", "Unauthorized", detail)


def not_found() -> Reply:
    """Say that there is no such resource."""
    return problem(404, "not-found", "Not Found", "The requested resource could not be found.")


def too_many() -> Reply:
    """Say that the requests come too fast."""
    detail = "You have exceeded your request limit."
    return problem(429, "rate-limit", "Too Many Requests", detail)


def broken() -> Reply:
    """Say that it is Vonage's own fault."""
    return problem(500, "internal-error", "Internal Error", "There was an error.")


def figure(asked: Asked, name: str, default: int, most: int | None = None) -> int:
    """Return a number out of the query; refuse anything else, as the Numbers API does."""
    value = asked.query.get(name, str(default))
    if not value.isdigit() or (most is not None and int(value) > most):
        raise Refused(Reply(400, {name: "Is invalid."}))
    return int(value)


def _owner(request: Request, world: World) -> Account | None:
    """Return the account whose key and secret were sent."""
    key, secret = basic_credentials(request.headers.get("authorization", ""))
    account = world.books.account("vonage", key)
    known = account is not None and secret == account.credentials["api_secret"]
    return account if known else None


class NumbersApi:
    """How the Numbers and Account APIs read a request and say no."""

    name = "vonage"

    def authenticate(self, request: Request, world: World) -> Account:
        """Return the account whose key and secret were sent."""
        account = _owner(request, world)
        if account is None:
            raise Refused(outcome(401, "authentication failed"))
        return account

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Read a form, whatever the header calls it: Vonage's own SDK calls it JSON."""
        return form_fields(raw)

    def refusal(self, asked: Asked, fault: str) -> Reply:
        """Say it in the Numbers API's words, which are the same for many things."""
        if fault == "no_balance":
            # "method failed" has many reasons: only the balance, asked next, tells.
            asked.world.faults.add(Fault(self.name, "get_balance", EMPTY_BALANCE))
        return {
            "number_taken": outcome(420, METHOD_FAILED),
            "no_balance": outcome(420, METHOD_FAILED),
            "invalid_credentials": outcome(401, "authentication failed"),
            "rate_limited": outcome(429, "too many requests"),
            "server_error": outcome(500, "internal error"),
            "address_required": outcome(420, ADDRESS_WANTED),
        }[fault]


class ApplicationsApi:
    """How the Application API reads a request and says no."""

    name = "vonage"

    def authenticate(self, request: Request, world: World) -> Account:
        """Return the account whose key and secret were sent."""
        account = _owner(request, world)
        if account is None:
            raise Refused(unauthorized())
        return account

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Read a JSON object."""
        try:
            return json_fields(raw)
        except ValueError as error:
            detail = "The request body is not a JSON object."
            raise Refused(problem(400, "payload-validation", "Bad Request", detail)) from error

    def refusal(self, asked: Asked, fault: str) -> Reply:
        """Say it with the ids of the newer APIs."""
        return {
            "invalid_credentials": unauthorized(),
            "rate_limited": too_many(),
            "server_error": broken(),
        }.get(fault) or problem(403, "forbidden", "Forbidden", "You may not do this.")
