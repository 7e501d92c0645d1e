"""Vonage's APIs: where requests are made, and its refusals become our errors.

Plain HTTP, and no SDK: see decision 25.
"""

import uuid
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import urllib3

from ...errors import (
    AddressRequired,
    CarrierError,
    CarrierMisconfigured,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    InvalidNumber,
    NothingThere,
    RateLimited,
    RecipientOptedOut,
    SwitchboardError,
)
from ..base import CarrierContext, Credentials
from ..problems import Problem, problem, unanswered

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

WEBHOOK_PATH = "/vonage-webhook"
SMS_PATH = "/webhooks/sms/vonage"
FALLBACK_PATH = "/fallback/vonage.json"

# For what spends money: a second try is not allowed, so this one is given time. Two requests and
# looking after them stay under API Gateway's 29 s.
_TIMEOUT_S = 10
_LOOK_TIMEOUT_S = 5
_TOKEN_LIFE = timedelta(minutes=5)
# The most that one page of any list holds.
PAGE_SIZE = 100

# https://developer.vonage.com/en/concepts/guides/regions. A call lives in one of them only.
_REST_HOST = "rest.nexmo.com"
_API_HOST = "api.nexmo.com"
_REGION_HOSTS = {
    "api": _API_HOST,
    "api-us": "api-us-3.vonage.com",
    "api-eu": "api-eu-3.vonage.com",
    "api-ap": "api-ap-3.vonage.com",
}
DEFAULT_REGION = "api"

_STATUS_PROBLEMS: dict[int, Problem] = {
    401: InvalidCredentials,
    402: InsufficientBalance,
    403: CarrierPermissionDenied,
    404: NothingThere,
    429: RateLimited,
}
# Of text messages: https://developer.vonage.com/en/api-errors/messages. 1240 is who has said STOP.
MESSAGE_PROBLEMS: dict[str, Problem] = {
    "1000": RateLimited,
    **dict.fromkeys(["1040", "1170", "1430"], InvalidNumber),
    "1070": InsufficientBalance,
    **dict.fromkeys(["1060", "1080", "1140", "1160", "1470"], CarrierPermissionDenied),
    **dict.fromkeys(["1120", "1420"], CarrierMisconfigured),
    "1240": RecipientOptedOut,
}
# How a refusal by a newer API (RFC 7807) names an empty account, whatever its status.
_NO_CREDIT = ("low-balance", "out-of-credit")
_FAILED = 420


class VonageApi:
    """One Vonage account.

    Credentials: `api_key` and `api_secret` for numbers and the account, `application_id` and
    `private_key` for calls, `signature_secret` for webhooks, and `api_region`, where calls are
    placed.
    """

    name: ClassVar[str] = "vonage"

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        self._credentials = credentials
        self._context = context

    # --- numbers and the account: HTTP Basic ---

    def _look(self, what: str, path: str, **query: Any) -> dict[str, Any]:
        """Read something of the account; raise CarrierError."""
        fields = {name: value for name, value in query.items() if value is not None}
        url = self._url(_REST_HOST, path)
        return self._ask(what, "GET", url, fields=fields, headers=self._basic)

    def _order(self, what: str, path: str, fields: dict[str, Any], *, buys: bool = False) -> None:
        """Have something done to a number; raise MethodFailed where Vonage says no more."""
        body = self._ask(
            what,
            "POST",
            self._url(_REST_HOST, path),
            fields=fields,
            encode_multipart=False,
            headers=self._basic,
            buys=buys,
            changes=True,
        )
        # Failures come with 200 too, and their own code in the body.
        code = str(body.get("error-code") or "")
        if not code:
            raise unanswered("Vonage", what, "its answer could not be read", repeatable=not buys)
        if code != "200":
            raise _refusal(what, int(code) if code.isdecimal() else 0, body)

    def _applications(
        self, what: str, method: str, path: str = "", **options: Any
    ) -> dict[str, Any]:
        """Ask for an application, or change it."""
        url = self._url(_API_HOST, f"/v2/applications{path}")
        return self._ask(what, method, url, headers=self._basic, changes=method != "GET", **options)

    @cached_property
    def _basic(self) -> dict[str, str]:
        pair = f"{self._credentials.get('api_key')}:{self._credentials.get('api_secret')}"
        return dict(urllib3.make_headers(basic_auth=pair))

    # --- calls and messages: a token signed with the application's key ---

    def _call_api(
        self, what: str, method: str, path: str = "", *, host: str | None = None, **options: Any
    ) -> Any:
        """Ask for a call, or change it; raise CarrierError."""
        url = self._url(host or self._voice_host, f"/v1/calls{path}")
        return self._ask(what, method, url, headers=self._bearer(what), **options)

    def _message_api(self, what: str, message: dict[str, Any]) -> dict[str, Any]:
        """Have a message sent; raise CarrierError."""
        url = self._url(_API_HOST, "/v1/messages")
        return self._ask(what, "POST", url, headers=self._bearer(what), json=message, buys=True)

    @property
    def _voice_host(self) -> str:
        region = str(self._credentials.get("api_region") or DEFAULT_REGION)
        if region not in _REGION_HOSTS:
            known = ", ".join(_REGION_HOSTS)
            raise InvalidCredentials(f"The Vonage region must be one of {known}, or left out.")
        return _REGION_HOSTS[region]

    @property
    def _other_voice_hosts(self) -> list[str]:
        """Where else a call may be; nowhere when one address stands for all of Vonage."""
        if "{host}" not in self._context.api_url:
            return []
        return [host for host in _REGION_HOSTS.values() if host != self._voice_host]

    def _bearer(self, what: str) -> dict[str, str]:
        # Imported here: answering a call must not pay for it.
        import jwt

        now = self._context.clock()
        application_id = self._credentials.get("application_id")
        if not application_id:
            said = "the account's application is not known"
            raise problem(CarrierMisconfigured, "Vonage", what, said=said)
        claims = {
            "application_id": application_id,
            "iat": int(now.timestamp()),
            "exp": int((now + _TOKEN_LIFE).timestamp()),
            "jti": str(uuid.uuid4()),
        }
        token = jwt.encode(claims, self._private_key, algorithm="RS256")  # type: ignore[arg-type]
        return {"Authorization": f"Bearer {token}"}

    @cached_property
    def _private_key(self) -> "PrivateKeyTypes":
        return read_private_key(str(self._credentials.get("private_key") or ""))

    # --- both ---

    def _url(self, host: str, path: str) -> str:
        # Vonage has one host for each API and region; a sandbox has one for all of them.
        return self._context.api_url.replace("{host}", host) + path

    def _ask(
        self,
        what: str,
        method: str,
        url: str,
        *,
        buys: bool = False,
        changes: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Make one request, and never a second; return the answer's JSON object.

        `buys` is for what must not be done twice, `changes` for what may be.
        """
        unsure = buys or changes
        seconds = _TIMEOUT_S if buys else min(_LOOK_TIMEOUT_S, _TIMEOUT_S)
        try:
            answer = self._context.http.request(
                method, url, timeout=urllib3.Timeout(total=seconds), retries=False, **options
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as e:
            raise problem(CarrierUnavailable, "Vonage", what, said="it cannot be reached") from e
        except urllib3.exceptions.HTTPError as error:
            raise _silence(what, unsure, repeatable=not buys) from error
        body = _json_object(answer)
        if answer.status >= 500:
            said = f"error {answer.status}"
            raise _silence(what, unsure, said, repeatable=not buys)
        if answer.status >= 400:
            raise _refusal(what, answer.status, body or {})
        if answer.status == 204:
            return {}
        if body is None:
            said = "its answer could not be read"
            raise _silence(what, unsure, said, repeatable=not buys)
        return body


class MethodFailed(CarrierError):
    """Vonage's 420 "method failed": a number is taken, or not held, or there is no credit."""


def read_private_key(text: str) -> "PrivateKeyTypes":
    """Read the key that requests about calls are signed with; raise InvalidCredentials."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        # Checking that the factors are prime takes longer than all the rest, and we made the key.
        return load_pem_private_key(text.encode(), None, unsafe_skip_rsa_key_validation=True)
    except ValueError as error:
        raise problem(
            InvalidCredentials, "Vonage", "take a call", said="no private_key can be read"
        ) from error


def _silence(what: str, unsure: bool, said: str = "", *, repeatable: bool) -> SwitchboardError:
    if unsure:
        return unanswered("Vonage", what, said, repeatable=repeatable)
    return problem(CarrierUnavailable, "Vonage", what, said=said or "no usable answer came")


def _refusal(what: str, status: int, body: dict[str, Any]) -> SwitchboardError:
    said, code = _words(body), error_code(body)
    if status == _FAILED and "address" not in said:
        return MethodFailed(said)
    code = code if code in MESSAGE_PROBLEMS else str(status)
    return problem(_kind(status, body, said), "Vonage", what, said=said, code=code)


def error_code(body: dict[str, Any]) -> str:
    """Return the number by which the Messages API names an error, or whatever stands there."""
    return str(body.get("type") or "").rpartition("#")[2]


def _kind(status: int, body: dict[str, Any], said: str) -> Problem:
    # A text in some answers, the status as a number in others.
    if any(name in str(body.get("type")) for name in _NO_CREDIT):
        return InsufficientBalance
    if status == _FAILED:
        return AddressRequired
    if status == 400:
        names = {str(it.get("name")) for it in _invalid_parameters(body)}
        return InvalidNumber if names & {"to", "from"} else CarrierMisconfigured
    return _STATUS_PROBLEMS.get(status) or MESSAGE_PROBLEMS.get(error_code(body), CarrierError)


def _words(body: dict[str, Any]) -> str:
    for name in ("error-code-label", "detail", "error_title", "title"):
        if body.get(name):
            wrong = [f"{it.get('name')}: {it.get('reason')}" for it in _invalid_parameters(body)]
            return "; ".join([str(body[name]), *wrong])
    # What is missing of a number is named by a field of its own: {"country": "Is required."}.
    return "; ".join(f"{name}: {value}" for name, value in body.items() if isinstance(value, str))


def with_plus(text: object) -> str:
    """Return a number with the + that Vonage leaves out; anything else as it is."""
    found = str(text or "")
    return f"+{found}" if found.isascii() and found.isdecimal() else found


def time_of(text: object) -> datetime | None:
    """Return the time that a text means, in UTC."""
    try:
        at = datetime.fromisoformat(str(text))
        # Some come without a zone: they are in UTC like the others.
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _invalid_parameters(body: dict[str, Any]) -> list[dict[str, Any]]:
    found = body.get("invalid_parameters")
    return [it for it in found if isinstance(it, dict)] if isinstance(found, list) else []


def _json_object(answer: urllib3.BaseHTTPResponse) -> dict[str, Any] | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
