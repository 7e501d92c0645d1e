"""Telnyx's API: where requests are made, and its refusals become our errors.

Plain HTTP, and no SDK: see decision 51.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ...errors import (
    AddressRequired,
    CallNotActive,
    CarrierError,
    CarrierMisconfigured,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    InvalidNumber,
    NothingThere,
    NumberUnavailable,
    RateLimited,
    RecipientOptedOut,
    SwitchboardError,
)
from ..base import CarrierContext, Credentials
from ..problems import Problem, problem, unanswered

Query = dict[str, Any]
"""Parameters under their full names, as `filter[phone_number][contains]`."""

WEBHOOK_PATH = "/telnyx-webhook"
SMS_PATH = "/webhooks/sms/telnyx"

_TIMEOUT_S = 12
# The largest that Telnyx allows; it gives 20 unless asked.
PAGE_SIZE = 250
# "If there is no reply in 500 ms or a 5xx, send the same command again": the command_id
# makes the second a no-op. https://developers.telnyx.com/docs/voice/programmable-voice
_COMMAND_RETRY = urllib3.Retry(
    total=1,
    allowed_methods=None,
    status_forcelist=(500, 502, 503, 504),
    raise_on_status=False,
    # Somebody hears it ring: Telnyx sends its event again, and sooner than it asks us to wait.
    respect_retry_after_header=False,
)
_COMMAND_TIMEOUT = urllib3.Timeout(connect=0.5, read=1.0)
# The call is over, or is already past what the command asks for.
_TOO_LATE = {"90018", "90034"}

OPTED_OUT = "40300"
"""Blocked due to STOP message."""
_PROBLEMS: dict[str, Problem] = {
    **dict.fromkeys(["85000", "85001", "85006"], NumberUnavailable),
    **dict.fromkeys(["10016", "10002"], InvalidNumber),
    **dict.fromkeys(["20100", "20012"], InsufficientBalance),
    **dict.fromkeys(["10009", "20001", "20002", "20003", "20006", "20008"], InvalidCredentials),
    **dict.fromkeys(
        ["10010", "10038", "10039", "20013", "20014", "20015", "20016", "20017"],
        CarrierPermissionDenied,
    ),
    **dict.fromkeys(["10015", "85004", "85005"], CarrierMisconfigured),
    **dict.fromkeys([str(code) for code in range(20200, 20210)], AddressRequired),
    # Of text messages: https://developers.telnyx.com/docs/messaging/messages/error-codes
    OPTED_OUT: RecipientOptedOut,
    **dict.fromkeys(["40310", "40012"], InvalidNumber),
    **dict.fromkeys(["40305", "40100", "40312", "40013"], CarrierMisconfigured),
    **dict.fromkeys(["40309", "40314", "40010", "40329"], CarrierPermissionDenied),
    **dict.fromkeys(["40011", "40318"], RateLimited),
    **dict.fromkeys(["85007", "85008", "90041", "90042", "90043"], RateLimited),
    **dict.fromkeys(["10021", "10035", "10036"], CarrierUnavailable),
    "10005": NothingThere,
}
# For codes that are not listed. 10011 must not be: it comes with 429 and, meaning something
# else, with 422.
_STATUS_PROBLEMS: dict[int, Problem] = {
    401: InvalidCredentials,
    402: InsufficientBalance,
    403: CarrierPermissionDenied,
    404: NothingThere,
    429: RateLimited,
}
# Of a number that the account's own search has not returned lately.
SEARCH_FIRST = "85000"
# What we stumble over in an answer that is not what Telnyx documents. The request may have
# taken effect all the same.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)


class Record(dict[str, Any]):
    """An object of an answer. A field that Telnyx leaves out is None, as one that it sets to null.

    Its fields are read as attributes, also those of an event: `record.phone_number`.
    """

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


class TelnyxApi:
    """One Telnyx account. Credentials: `api_key`, `public_key`, and what connect() finds."""

    name: ClassVar[str] = "telnyx"

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        self._credentials = credentials
        self._context = context

    def _command(
        self, call_sid: str, action: str, body: dict[str, Any], *, strict: bool = False
    ) -> None:
        url = self._context.api_url + path_of("calls", call_sid, "actions", action)
        # Repeats of one command within 60 s are ignored.
        body = {"command_id": f"{action}-{call_sid[-40:]}"} | body
        what = f"{action} the call"
        try:
            answer = self._context.http.request(
                "POST",
                url,
                json=body,
                headers=self._authorization,
                retries=_COMMAND_RETRY,
                timeout=_COMMAND_TIMEOUT,
            )
        except urllib3.exceptions.HTTPError as error:
            raise unanswered("Telnyx", what) from error
        if answer.status >= 400:
            self._refuse_command(answer, what, strict)

    def _refuse_command(self, answer: urllib3.BaseHTTPResponse, what: str, strict: bool) -> None:
        code, said = _first_error(_json(answer))
        if code in _TOO_LATE and strict:
            raise problem(CallNotActive, "Telnyx", what, said=said, code=code)
        if code not in _TOO_LATE:
            raise problem(_kind(answer.status, code), "Telnyx", what, said=said, code=code)

    def _look(self, what: str, path: str, query: Query | None = None) -> Record:
        """Read one object; raise CarrierError."""
        return self._ask(what, "GET", path, lambda answer: _record(answer.data), query=query)

    def _list(self, what: str, path: str, query: Query | None = None) -> list[Record]:
        """Read a whole list, one request for each page of it; raise CarrierError."""
        return [row for page in self._pages(what, path, query or {}) for row in page]

    def _pages(self, what: str, path: str, query: Query) -> Iterator[list[Record]]:
        """Read a list page by page: whoever has enough asks for no more."""
        number, pages = 1, 1
        while number <= pages:
            wanted = query if number == 1 else query | {"page[number]": number}
            page, pages = self._ask(what, "GET", path, _page, query=wanted)
            yield page
            number += 1

    def _send(
        self, what: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> None:
        """Have something changed that may be changed twice; raise CarrierError."""
        self._answer(what, method, path, None, body, unsure=True, repeatable=True)

    def _ask[T](
        self,
        what: str,
        method: str,
        path: str,
        read: Callable[[Any], T],
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        buys: bool = False,
        changes: bool = False,
    ) -> T:
        """Make one request, and never a second; return what `read` finds in the answer.

        `buys` is for what must not be done twice, `changes` for what may be.
        """
        unsure = buys or changes
        answer = self._answer(what, method, path, query, body, unsure=unsure, repeatable=not buys)
        try:
            return read(json.loads(answer.data, object_hook=Record))
        except _UNREADABLE as error:
            said = "its answer could not be read"
            raise _silence(what, said, unsure=unsure, repeatable=not buys) from error

    def _answer(
        self,
        what: str,
        method: str,
        path: str,
        query: Query | None,
        body: Mapping[str, Any] | None,
        *,
        unsure: bool,
        repeatable: bool,
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer to a request that Telnyx took; raise what its refusal means."""
        options: dict[str, Any] = {"json": body} if body is not None else {"fields": query}
        try:
            answer = self._context.http.request(
                method,
                self._context.api_url + path,
                headers=self._authorization,
                retries=False,
                timeout=urllib3.Timeout(total=_TIMEOUT_S),
                **options,
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as e:
            said = "it cannot be reached"
            raise problem(CarrierUnavailable, "Telnyx", what, said=said) from e
        except urllib3.exceptions.HTTPError as error:
            raise _silence(what, "", unsure=unsure, repeatable=repeatable) from error
        if answer.status >= 400:
            raise _refusal(answer, what, unsure=unsure, repeatable=repeatable)
        return answer

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._credentials['api_key']}"}


class SearchFirst(CarrierError):
    """Telnyx has not shown this number to the account lately."""


def public_key(text: str) -> Ed25519PublicKey:
    """Read the key that webhooks are signed with; raise InvalidCredentials if it is none."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise InvalidCredentials(
            "The Telnyx public_key must be the base64 text of 32 bytes that the Telnyx portal "
            "shows under Keys & Credentials, Public Key."
        ) from error


def _kind(status: int, code: str) -> Problem:
    # The statuses that come with a code are documented for few of them: the code decides.
    listed = _PROBLEMS.get(code) or _STATUS_PROBLEMS.get(status)
    return listed or (CarrierUnavailable if status >= 500 else CarrierError)


def _first_error(body: object) -> tuple[str, str]:
    match body:
        case {"errors": [{**error}, *_]}:
            return str(error.get("code", "")), str(error.get("detail") or error.get("title") or "")
    return "", ""


def path_of(*parts: object) -> str:
    """Return a path made of names and ids, whatever characters an id has."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def _record(value: object) -> Record:
    if not isinstance(value, Record):
        raise ValueError("an answer without an object")
    return value


def _page(answer: Any) -> tuple[list[Record], int]:
    """Return the rows of one page, and how many pages there are."""
    rows = [_record(row) for row in answer.data or []]
    return rows, int(answer.meta.total_pages or 1) if answer.meta else 1


def _refusal(
    answer: urllib3.BaseHTTPResponse, what: str, *, unsure: bool, repeatable: bool
) -> SwitchboardError:
    code, said = _first_error(_json(answer))
    if code == SEARCH_FIRST:
        return SearchFirst(said)
    if answer.status >= 500 and unsure:
        return unanswered("Telnyx", what, f"error {answer.status}", repeatable=repeatable)
    return problem(_kind(answer.status, code), "Telnyx", what, said=said, code=code)


def _silence(what: str, said: str, *, unsure: bool, repeatable: bool) -> SwitchboardError:
    if unsure:
        return unanswered("Telnyx", what, said, repeatable=repeatable)
    return problem(CarrierUnavailable, "Telnyx", what, said=said or "no usable answer came")


def _json(answer: urllib3.BaseHTTPResponse) -> object:
    try:
        return answer.json()
    except ValueError:
        return None
