"""Twilio's REST conventions: Basic auth, forms in, error bodies with a code."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from sandbox.books import Account
from sandbox.faults import Fault
from sandbox.wire import Asked, Refused, Reply, basic_credentials, form_fields
from sandbox.world import World

API_VERSION = "2010-04-01"
EMPTY_BALANCE = "empty_balance"
PAGE_SIZE = 50
_LARGEST_PAGE = 1000
_PAGING = ("PageSize", "Page", "PageToken")


def error(status: int, code: int, message: str) -> Reply:
    """Make an error body."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Reply(status, {"code": code, "message": message, "more_info": more, "status": status})


def not_found(path: str) -> Reply:
    """Say that there is no such resource."""
    return error(404, 20404, f"The requested resource {path} was not found")


def unauthenticated() -> Reply:
    """Say that SID or token are wrong."""
    reply = error(401, 20003, "Authenticate")
    detail = "Your AccountSid or AuthToken was incorrect."
    return Reply(
        401, reply.body | {"detail": detail}, {"WWW-Authenticate": 'Basic realm="Twilio API"'}
    )


def page[Row](
    asked: Asked,
    name: str,
    key: str,
    rows: Sequence[Row],
    sid: Callable[[Row], str],
    show: Callable[[Row], dict[str, Any]],
) -> dict[str, Any]:
    """Cut the asked page out of a list; the links keep the filters.

    A link continues behind the last row that it follows (`PageToken`), so that a row which goes
    or comes meanwhile moves no other row to a page that was read already.
    """
    size, number = page_size(asked), figure(asked, "Page", 0)
    start = _start(asked, [sid(row) for row in rows], number * size)
    shown = rows[start : start + size]
    follows = {"PageToken": "PA" + sid(shown[-1])} if start + size < len(rows) else None
    return {
        key: [show(row) for row in shown],
        "page": number,
        "page_size": size,
        "start": start,
        "end": max(start, start + len(shown) - 1),
        "uri": _link(asked, name, size, number),
        "first_page_uri": _link(asked, name, size, 0),
        "next_page_uri": _link(asked, name, size, number + 1, follows) if follows else None,
        "previous_page_uri": _link(asked, name, size, number - 1) if number else None,
    }


def _link(
    asked: Asked, name: str, size: int, number: int, token: dict[str, str] | None = None
) -> str:
    filters = {key: value for key, value in asked.query.items() if key not in _PAGING}
    query = filters | {"PageSize": size, "Page": number} | (token or {})
    return f"/{API_VERSION}/Accounts/{asked.account.id}/{name}?{urlencode(query)}"


def page_of_bodies(
    asked: Asked, name: str, key: str, rows: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Cut the asked page out of a list of resources that are shown as they are kept."""
    return page(asked, name, key, rows, lambda row: str(row["sid"]), lambda row: row)


def _start(asked: Asked, sids: list[str], usual: int) -> int:
    last_read = asked.query.get("PageToken", "").removeprefix("PA")
    return sids.index(last_read) + 1 if last_read in sids else usual


def page_size(asked: Asked) -> int:
    """Return how many rows are asked for; Twilio gives no more than 1,000."""
    size = figure(asked, "PageSize", PAGE_SIZE)
    if size > _LARGEST_PAGE:
        raise Refused(error(400, 20007, "Page size too large"))
    if size == 0:
        raise Refused(error(400, 20001, "PageSize must be at least 1"))
    return size


def figure(asked: Asked, name: str, default: int) -> int:
    """Return a number out of the query; refuse anything else."""
    value = asked.query.get(name, str(default))
    if not value.isdigit():
        raise Refused(error(400, 20001, f"{name} must be a number"))
    return int(value)


class TwilioApi:
    """How Twilio reads a request and says no."""

    name = "twilio"

    def authenticate(self, request: Request, world: World) -> Account:
        """Return the account of the path when the Basic credentials are its own."""
        user, password = basic_credentials(request.headers.get("authorization", ""))
        account = world.books.account(self.name, user)
        path_account = request.path_params.get("account_sid", user)
        if (
            account is None
            or password != account.credentials["auth_token"]
            or path_account != account.id
        ):
            raise Refused(unauthenticated())
        return account

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Read a form."""
        return form_fields(raw)

    def refusal(self, asked: Asked, fault: str) -> Reply:
        """Say it with Twilio's codes (an empty balance shows as an inactive account)."""
        number = asked.body.get("PhoneNumber", "the number")
        if fault == "no_balance":
            # No code of Twilio's means "no money": only the balance, asked next, tells.
            asked.world.faults.add(Fault(self.name, "get_balance", EMPTY_BALANCE))
        return {
            "number_taken": error(400, 21422, f"{number} is not available."),
            "no_balance": error(403, 20005, "Account is not active"),
            "invalid_credentials": unauthenticated(),
            "rate_limited": error(429, 20429, "Too Many Requests"),
            "server_error": error(500, 20500, "An internal server error has occurred"),
            "address_required": error(
                400,
                21631,
                "Phone Number Requires an Address but the 'AddressSid' parameter was empty.",
            ),
        }[fault]
