"""A carrier's refusal, in words that tell the person what to do next."""

from collections.abc import Mapping

from ..errors import (
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
    NumberNotHeld,
    NumberUnavailable,
    OutcomeUnknown,
    RateLimited,
    RecipientOptedOut,
    SwitchboardError,
)

Problem = type[SwitchboardError]

_UNFORESEEN = "{carrier}'s error reference says what the code means."
_ADVICE: Mapping[Problem, str] = {
    NumberUnavailable: "Search again and choose another number.",
    InvalidNumber: "Check the number: it must be one that a search at {carrier} returned.",
    InvalidCredentials: "Store valid ones: switchboard carriers connect {name}.",
    CarrierPermissionDenied: "Ask {carrier} to allow it for your account, or upgrade the account.",
    CarrierMisconfigured: "Run 'switchboard carriers connect {name}' to set the account up again.",
    InsufficientBalance: "Add funds at {carrier}, then try again.",
    AddressRequired: "Register the address or documents in {carrier}'s console, then buy again.",
    NumberNotHeld: "Was it released at {carrier}, or is another account connected than it was?",
    CallNotActive: "Look at the call's state: GET /api/v1/calls/sid/….",
    CarrierUnavailable: "Nothing was bought or changed; try again in a minute.",
    RecipientOptedOut: "Nothing was sent, and nothing will be until they write START.",
    RateLimited: "Nothing was bought or changed; try again in a few seconds.",
    CarrierError: _UNFORESEEN,
    NothingThere: _UNFORESEEN,
    OutcomeUnknown: "It may or may not have taken effect: do not repeat it under a new key.",
}


_REPEATABLE = "It may or may not have taken effect: ask again, it is safe to repeat."


def problem(
    kind: Problem, carrier: str, what: str, *, said: str = "", code: str = ""
) -> SwitchboardError:
    """Return the error of `kind`: what failed, the carrier's own words and code, the next step."""
    quoted = f": {said.strip().rstrip('.')}" if said else ""
    reference = f" (error {code})" if code else ""
    return kind(f"{carrier} did not {what}{quoted}{reference}. {advice(kind, carrier)}")


def advice(kind: Problem, carrier: str) -> str:
    """Return what to do about an error of `kind`."""
    return _ADVICE[kind].format(carrier=carrier, name=carrier.lower())


def unanswered(
    carrier: str, what: str, said: str = "", *, repeatable: bool = False
) -> SwitchboardError:
    """Return OutcomeUnknown: the request went out and no usable answer came back."""
    quoted = f" ({said})" if said else ""
    next_step = _REPEATABLE if repeatable else advice(OutcomeUnknown, carrier)
    return OutcomeUnknown(f"{carrier} did not answer whether it could {what}{quoted}. {next_step}")
