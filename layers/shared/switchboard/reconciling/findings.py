"""What can be wrong between the table and a carrier account."""

from dataclasses import dataclass
from enum import StrEnum

from ..carriers.base import Trace
from ..carriers.stock import HeldNumber
from ..model import Call, Number


class Kind(StrEnum):
    """Which difference it is."""

    ORDER = "order"
    """A purchase that nobody settled."""
    RELEASE = "release"
    """A release that nobody settled."""
    DIAL = "dial"
    """A call that may or may not have been placed."""
    CALL = "call"
    """A call whose last event did not come."""
    PLACE = "place"
    """A place among the calls at once that nobody returned."""
    VANISHED = "vanished"
    """A number of the table that the account does not hold."""
    ELSEWHERE = "elsewhere"
    """A number of the table whose calls do not come to us."""
    DRIFTED = "drifted"
    """A number whose calls come to us, and of whose other webhooks some do not."""
    BACK = "back"
    """A number that was inactive, and whose calls come to us again."""
    UNRECORDED = "unrecorded"
    """A number that the account holds and that points at us, without a row."""
    ORPHAN = "orphan"
    """A number that the account holds without a row and without our mark."""
    ACCOUNT = "account"
    """The account's own webhooks, which all of its numbers share, do not come to us."""
    UNREADABLE = "unreadable"
    """The account could not be looked at."""

    @property
    def is_left_alone(self) -> bool:
        """Whether it is only ever reported."""
        return self in (Kind.ORPHAN, Kind.UNREADABLE)


@dataclass(frozen=True)
class Places:
    """Places of one limit that nobody needs any more."""

    row: str
    holders: frozenset[str]


@dataclass(frozen=True)
class CallFinding:
    """A call, and what its carrier's records say of it; None when they say nothing."""

    call: Call
    trace: Trace | None = None
    cause: str = ""
    """Why it is ended without the carrier's word."""


type Subject = Number | HeldNumber | CallFinding | Places | None


@dataclass(frozen=True)
class Finding:
    """One difference: what it is about, how it stands, and what mending it does."""

    kind: Kind
    organization_id: int
    carrier: str
    target: str
    """A number (E.164), a call's id, a limit, or `account`."""
    says: str
    does: str = ""
    """Empty when nothing is done about it but to report it."""
    subject: Subject = None
    monthly_price: str | None = None
    """Of an orphan: what such a number costs a month, with its currency."""
    is_for_a_person: bool = False
    """Somebody may mean it so: it is mended only when a person asks for it."""
