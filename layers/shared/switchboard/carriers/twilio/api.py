"""Twilio's API: where requests are made, and its refusals become our errors."""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

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
    OutcomeUnknown,
    RateLimited,
    RecipientOptedOut,
)
from ..base import CarrierContext, Credentials
from ..problems import Problem, problem, unanswered

if TYPE_CHECKING:
    from twilio.base.exceptions import TwilioException
    from twilio.rest import Client

VOICE_PATH = "/twiml"
STATUS_PATH = "/call-status"
RECORDING_PATH = "/recording-status"
SMS_PATH = "/webhooks/sms/twilio"
OLD_SMS_PATH = "/twilio-sms-webhook"
FALLBACK_PATH = "/fallback/twilio.xml"

# Connecting and reading are timed separately: twice this, and the rest of a purchase,
# stay under API Gateway's 29 s. An answer that drips takes longer: its reading is timed by piece.
_TIMEOUT_S = 12

# The largest that Twilio allows; it gives 50 unless asked.
PAGE_SIZE = 1000

RECORDING_SID = re.compile(r"RE[0-9a-fA-F]{32}")
_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")

# https://www.twilio.com/docs/api/errors. HTTP statuses are not dependable per code: codes decide.
_PROBLEMS: dict[int, Problem] = {
    **dict.fromkeys([21422, 21452], NumberUnavailable),
    **dict.fromkeys([21421, 21401, 21451, 21457, 21458], InvalidNumber),
    **dict.fromkeys([21631, 21615, 21628, 21629, 21649, 21650, 21651], AddressRequired),
    **dict.fromkeys([20006, 20008, 20010, 20403, 10002, 21404, 22300], CarrierPermissionDenied),
    **dict.fromkeys([21205, 21502, 21218, 21420], CarrierMisconfigured),
    20003: InvalidCredentials,
    20404: NothingThere,
    21220: CallNotActive,
    **dict.fromkeys([21211, 21217, 21214, 13223, 13224, 21201, 21212, 21213], InvalidNumber),
    **dict.fromkeys(
        [21210, 21215, 13227, 21203, 21216, 13225, 21219, 21226], CarrierPermissionDenied
    ),
    # Of text messages: https://www.twilio.com/docs/api/errors/21610 and its neighbours.
    21610: RecipientOptedOut,
    21614: InvalidNumber,
    **dict.fromkeys([21408, 21612, 63038], CarrierPermissionDenied),
    **dict.fromkeys([21606, 21603, 21659, 21660, 21661, 21703], CarrierMisconfigured),
    21611: RateLimited,
    10004: RateLimited,
    20429: RateLimited,
}
# "Account not active": also what an empty balance looks like, there is no code for that.
_SUSPENDED = (20005, 10001)

# What the SDK, or we, stumble over in an answer that is not what Twilio documents. The request
# may have taken effect all the same. (requests' exceptions are ValueErrors too, in part.)
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)


class TwilioApi:
    """One Twilio account. Credentials: `account_sid` (AC…) and `auth_token`."""

    name: ClassVar[str] = "twilio"

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        self._credentials = credentials
        self._context = context

    @property
    def _account_sid(self) -> str:
        sid = str(self._credentials.get("account_sid") or "")
        if not _ACCOUNT_SID.fullmatch(sid):
            raise InvalidCredentials(
                "The Twilio account_sid is AC and 32 characters, as the Twilio Console shows it "
                "under Account Info. An API key's SID (SK…) will not do: webhooks are signed with "
                "the account's own auth_token."
            )
        return sid

    def _ask[T](
        self,
        what: str,
        request: Callable[["Client"], T],
        *,
        buys: bool = False,
        changes: bool = False,
    ) -> T:
        """Make requests; `buys` is for what must not be repeated, `changes` for what may be."""
        # Imported here: answering a call needs none of it, and it costs a third of a cold start.
        from requests import RequestException
        from twilio.base.exceptions import TwilioException

        try:
            return request(self._client())
        except TwilioException as error:
            failure = self._refusal(error, what)
        except RequestException as error:
            failure = _no_answer(error, what)
        except _UNREADABLE:
            failure = unanswered("Twilio", what, "its answer could not be read")
        if isinstance(failure, OutcomeUnknown) and changes:
            failure = unanswered("Twilio", what, repeatable=True)
        elif isinstance(failure, OutcomeUnknown) and not buys:
            failure = problem(CarrierUnavailable, "Twilio", what, said="no usable answer came")
        raise failure

    def _client(self) -> "Client":
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        client = Client(
            self._credentials["account_sid"],
            self._credentials["auth_token"],
            # Never repeats a request by itself: a purchase must not be.
            http_client=TwilioHttpClient(timeout=_TIMEOUT_S),
        )
        client.api.base_url = self._context.api_url
        return client

    def _refusal(self, error: "TwilioException", what: str) -> Exception:
        status, code, said = _error_parts(error)
        # Without them the SDK could not read the answer, and whether it was a yes is not known.
        if status is None:
            return unanswered("Twilio", what, said)
        if code in _SUSPENDED:
            kind: Problem = (
                InsufficientBalance if self._is_out_of_funds() else CarrierPermissionDenied
            )
        elif code in _PROBLEMS:
            kind = _PROBLEMS[code]
        elif status == 429:
            kind = RateLimited
        elif status >= 500:
            return unanswered("Twilio", what, f"error {code}")
        elif status == 401:
            kind = InvalidCredentials
        else:
            kind = CarrierError
        return problem(kind, "Twilio", what, said=said, code=str(code))

    def _is_out_of_funds(self) -> bool:
        try:
            balance = self._client().api.account.balance.fetch()
            return float(balance.balance) <= 0
        except Exception:
            # A suspended account often cannot read its balance either, which says the same.
            return True


def _error_parts(error: "TwilioException") -> tuple[int | None, int, str]:
    """Return HTTP status, Twilio's code (the status if it sent none) and Twilio's words."""
    match error.args:
        case [str(), response] if hasattr(response, "status_code"):
            # A list that was refused keeps the answer, unread.
            body = _json_object(response.text)
            status, code = response.status_code, body.get("code")
            said = body.get("message")
        case _:
            # Two unrelated classes carry the other errors, with the same fields.
            status, code = getattr(error, "status", None), getattr(error, "code", None)
            said = getattr(error, "msg", None) or getattr(error, "detail", None) or error
    said = re.sub(r"^Unable to \w+ record: ", "", str(said or ""))
    return status, int(code or status or 0), said


def _json_object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _no_answer(error: Exception, what: str) -> Exception:
    from requests import ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError):
        return problem(CarrierUnavailable, "Twilio", what, said="it cannot be reached")
    return unanswered("Twilio", what)
