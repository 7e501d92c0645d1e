"""The one exception tree: what went wrong, the HTTP status it means, and a stable code.

SwitchboardError
├── InvalidRequest 400 ── InvalidNumber, UnknownProvider, CarrierNotConnected, CallNotActive,
│   │                     InvalidSettings 422, NotConfigurable 422,
│   │                     CredentialsRefused 422
│   └── InvalidTemplate 422 ── MissingVariables, TemplateLimit
├── Unauthorized 401
├── Forbidden 403 ── NotOwned
├── SignatureInvalid 403 ── SignatureUnauthorized 401
├── DestinationNotAllowed 403 ── RecipientOptedOut
├── FuseTripped 403
├── NotFound 404 ── AssistantNotFound, NoAssistant, CallNotFound, NumberNotFound, FlowNotFound,
│                   EventNotFound, WebhookNotFound, MessageNotFound
├── RequestTooLarge 413
├── Conflict 409 ── NumberUnavailable, IdempotencyKeyReused, PurchaseInProgress, CallInProgress,
│                   CallNotPlaced, NumberAssigned, NumberNotReady, ReleaseInProgress,
│                   MessageInProgress, AccountInUse
├── LimitExceeded 429
├── TooManyRequests 429
├── ServiceUnavailable 503        one of our own dependencies does not answer
└── CarrierError 502 ── InvalidCredentials, CarrierPermissionDenied, CarrierMisconfigured,
    │                   InsufficientBalance 402, AddressRequired 422, NumberNotHeld 409,
    │                   NothingThere
    ├── CarrierUnavailable 503 ── RateLimited        the carrier certainly did nothing
    └── OutcomeUnknown 202                           it may or may not have taken effect
ConfigError                      the deployment is wrong: never turned into an answer
"""

from collections.abc import Iterable
from typing import ClassVar


class SwitchboardError(Exception):
    """Something a caller can be told: `str(error)` is the text that the person reads."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"


class InvalidRequest(SwitchboardError):
    """The request cannot be carried out as it stands."""

    status = 400
    code = "invalid_request"


class InvalidNumber(InvalidRequest):
    """A phone number that is not E.164, or not one that can be bought."""

    code = "invalid_number"


class UnknownProvider(InvalidRequest):
    """A provider that this API does not know."""

    code = "invalid_provider"


class CallNotActive(InvalidRequest):
    """The call is not in a state in which this can be done."""

    code = "call_not_active"


class CarrierNotConnected(InvalidRequest):
    """The organization has not stored credentials for this carrier."""

    code = "carrier_not_connected"


class CredentialsRefused(InvalidRequest):
    """The carrier does not accept the credentials that were sent just now."""

    status = 422
    code = "credentials_refused"


class InvalidSettings(InvalidRequest):
    """Settings that lack something, or do not fit together."""

    status = 422
    code = "invalid_settings"


class NotConfigurable(InvalidRequest):
    """A setting that the carrier does not have for a single number."""

    status = 422
    code = "not_configurable"


class InvalidTemplate(InvalidRequest):
    """A sentence whose `{{ … }}` cannot be read, or whose value is no text."""

    status = 422
    code = "invalid_template"


class MissingVariables(InvalidTemplate):
    """Variables that the sentences of a request use and nobody gave: all of them at once."""

    code = "missing_variables"

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = tuple(sorted(set(paths)))
        super().__init__(
            f"Missing variables: {', '.join(self.paths)}. Give each a value in `variables`, or a "
            'default where it is used: {{ name | default: "there" }}.'
        )


class TemplateLimit(InvalidTemplate):
    """More variables, or longer ones, than a call may carry."""

    code = "variables_too_large"


class Unauthorized(SwitchboardError):
    """No valid credential came with the request."""

    status = 401
    code = "unauthorized"


class Forbidden(SwitchboardError):
    """The credential is valid, but not for this."""

    status = 403
    code = "insufficient_scope"


class SignatureInvalid(SwitchboardError):
    """A webhook that its carrier did not sign, or not for this URL, body and time."""

    status = 403
    code = "invalid_signature"


class SignatureUnauthorized(SignatureInvalid):
    """The same, for a carrier whose webhooks the contract refuses with 401."""

    status = 401


class SignatureMissing(SignatureInvalid):
    """The same, for a carrier that signs when it is asked again: after a 5xx and nothing else."""

    status = 503


class NotOwned(Forbidden):
    """A number or an assistant that belongs to another organization."""

    code = "not_owned"


class DestinationNotAllowed(SwitchboardError):
    """The organization's limits do not let a call go there; the message names the limit."""

    status = 403
    code = "destination_not_allowed"


class RecipientOptedOut(DestinationNotAllowed):
    """Whoever has the number does not want text messages from ours."""

    code = "recipient_opted_out"


class FuseTripped(SwitchboardError):
    """All of the organization's outbound calls are stopped until somebody resets its fuse."""

    status = 403
    code = "fuse_tripped"

    def __init__(self, reason: str, since: str) -> None:
        super().__init__(
            f"Outbound calls are stopped since {since}, and those in progress are being ended: "
            f"{reason}. When you know who placed the calls, an admin key resets the fuse: "
            "POST /api/v1/organization/fuse/reset, or `switchboard organizations fuse ID --reset`."
        )


class NotFound(SwitchboardError):
    """No such thing in the caller's organization."""

    status = 404
    code = "not_found"


class AssistantNotFound(NotFound):
    """No such assistant in the caller's organization."""

    code = "assistant_not_found"


class CallNotFound(NotFound):
    """No such call in the caller's organization."""

    code = "call_not_found"


class NumberNotFound(NotFound):
    """No such phone number in the caller's organization."""

    code = "number_not_found"


class FlowNotFound(NotFound):
    """No such flow in the caller's organization."""

    code = "flow_not_found"


class EventNotFound(NotFound):
    """No such event in the caller's organization, or none that is kept any more."""

    code = "event_not_found"


class WebhookNotFound(NotFound):
    """No such receiver of events in the caller's organization."""

    code = "webhook_not_found"


class MessageNotFound(NotFound):
    """No such text message in the caller's organization."""

    code = "message_not_found"


class RequestTooLarge(SwitchboardError):
    """The request is larger than anything this API has a use for."""

    status = 413
    code = "request_too_large"


class NoAssistant(NotFound):
    """Nothing says which assistant shall speak."""

    code = "no_assistant"


class Conflict(SwitchboardError):
    """The request collides with something that is already so."""

    status = 409
    code = "conflict"


class NumberUnavailable(Conflict):
    """The number cannot be bought: it is taken, or being bought."""

    code = "number_unavailable"


class IdempotencyKeyReused(Conflict):
    """The Idempotency-Key came before with another body."""

    code = "idempotency_key_reused"


class PurchaseInProgress(Conflict):
    """The same purchase is still being carried out."""

    code = "purchase_in_progress"


class NumberAssigned(Conflict):
    """Another assistant or flow has the number."""

    code = "number_assigned"


class NumberNotReady(Conflict):
    """The number is being bought or released, and cannot be changed meanwhile."""

    code = "number_not_ready"


class ReleaseInProgress(Conflict):
    """The number is just being released."""

    code = "release_in_progress"


class TrunkInUse(Conflict):
    """Numbers use the SIP trunk, so that it cannot be deleted."""

    code = "trunk_in_use"


class AccountInUse(Conflict):
    """Another carrier account is connected, and something of ours is in it."""

    code = "account_in_use"


class CallInProgress(Conflict):
    """The same request to dial is still being carried out."""

    code = "call_in_progress"


class MessageInProgress(Conflict):
    """The same request to send a text message is still being carried out."""

    code = "message_in_progress"


class CallNotPlaced(Conflict):
    """The carrier has not told its id of the call, so that nothing can be asked of it yet."""

    code = "call_not_placed"


class LimitExceeded(SwitchboardError):
    """The organization's calls have reached a limit; `retry_after` is in seconds."""

    status = 429
    code = "limit_exceeded"

    def __init__(self, limit: str, value: int, retry_after: int) -> None:
        self.limit = limit
        self.value = value
        self.retry_after = retry_after
        super().__init__(
            f"{limit} is {value}, and that is reached. "
            f"Try again in {retry_after} s, or have the limit raised."
        )


class TooManyRequests(SwitchboardError):
    """An API key sends more requests than it may; `retry_after` is in seconds."""

    status = 429
    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"This API key has sent too many requests in this minute. Wait {retry_after} s."
        )


class ServiceUnavailable(SwitchboardError):
    """One of our own dependencies does not answer; trying again later is safe."""

    status = 503
    code = "service_unavailable"


class CarrierError(SwitchboardError):
    """The carrier refused; the message holds its own words and code."""

    status = 502
    code = "carrier_error"


class InvalidCredentials(CarrierError):
    """The carrier does not accept the stored credentials."""

    code = "invalid_credentials"


class CarrierPermissionDenied(CarrierError):
    """The carrier account is not allowed to do this."""

    code = "permission_denied"


class CarrierMisconfigured(CarrierError):
    """Something at the carrier account is not set up as this needs it."""

    code = "carrier_misconfigured"


class InsufficientBalance(CarrierError):
    """The carrier account has not enough money."""

    status = 402
    code = "insufficient_balance"


class AddressRequired(CarrierError):
    """The carrier wants an address or documents before it sells this number."""

    status = 422
    code = "address_required"


class NothingThere(CarrierError):
    """The carrier has nothing by the name or the id that it was asked for."""


class NumberNotHeld(CarrierError):
    """The carrier account does not hold the number, though our table says that it does."""

    status = 409
    code = "number_not_held"


class CarrierUnavailable(CarrierError):
    """The carrier certainly did nothing; trying again later is safe."""

    status = 503
    code = "carrier_unavailable"


class RateLimited(CarrierUnavailable):
    """The carrier refused because of its rate limit."""

    code = "rate_limited"


class OutcomeUnknown(CarrierError):
    """No answer came: only the carrier's own records can say whether it happened."""

    status = 202
    code = "outcome_unknown"


class ConfigError(Exception):
    """The deployment lacks something; the message names all of it."""
