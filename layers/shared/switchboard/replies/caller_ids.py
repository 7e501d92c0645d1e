"""Verified caller ids as the API shows them."""

from collections.abc import Iterable
from typing import Annotated, NotRequired, TypedDict

from pydantic import Field

from ..caller_ids import CallerIdSync
from ..carriers.stock import Verification
from ..model import CallerId

_Success = Annotated[bool, Field(examples=[True])]
_E164 = Annotated[str, Field(description="E.164.", examples=["+12125550199"])]
_Provider = Annotated[str, Field(examples=["twilio"])]
_Message = Annotated[str, Field(description="Says so to a person.")]


class CallerIdReply(TypedDict):
    """A number of another company that calls may show."""

    phone_number: _E164
    provider: _Provider


class CallerIdSynced(TypedDict):
    """Caller ids of the carrier accounts were taken over."""

    success: _Success
    message: _Message
    synced_count: Annotated[int, Field(description="All that the accounts list.")]
    added_count: Annotated[int, Field(description="Those that were new here.")]
    errors: Annotated[dict[str, str], Field(description="By carrier: why it was not read.")]


class CallerIdAdded(TypedDict):
    """A caller id that is verified, or that is being called now to be."""

    success: _Success
    phone_number: _E164
    provider: _Provider
    status: Annotated[str, Field(description="verified or pending.", examples=["pending"])]
    message: _Message
    validation_code: NotRequired[
        Annotated[str, Field(description="To key in when the phone rings.", examples=["111111"])]
    ]


def caller_id_reply(caller_id: CallerId) -> CallerIdReply:
    """Return a caller id."""
    return {"phone_number": caller_id.phone_number, "provider": caller_id.carrier}


def synced_reply(done: Iterable[CallerIdSync]) -> CallerIdSynced:
    """Return what each account listed."""
    done = list(done)
    count = sum(len(it.listed) for it in done)
    each = ", ".join(f"{it.carrier.title()}: {len(it.listed)}" for it in done if not it.error)
    failed = {it.carrier: str(it.error) for it in done if it.error}
    not_read = f". Not read: {', '.join(name.title() for name in failed)}" if failed else ""
    return {
        "success": not failed,
        "message": f"Successfully synced {count} verified caller IDs: {each}{not_read}",
        "synced_count": count,
        "added_count": sum(it.added for it in done),
        "errors": failed,
    }


def added_reply(carrier: str, found: Verification) -> CallerIdAdded:
    """Return how far a caller id has come."""
    reply: CallerIdAdded = {
        "success": True,
        "phone_number": found.phone_number,
        "provider": carrier,
        "status": "verified" if found.is_verified else "pending",
        "message": _message(carrier.title(), found),
    }
    if found.code is not None:
        reply["validation_code"] = found.code
    return reply


def _message(carrier: str, found: Verification) -> str:
    number = found.phone_number
    if found.is_verified:
        return f"{number} is verified, and calls may show it"
    if found.code is None:
        return (
            f"{carrier} calls {number} now and tells a code. Send this request again with it as "
            "verification_code."
        )
    return (
        f"{carrier} calls {number} now: key in the validation_code. Then send this request again."
    )
