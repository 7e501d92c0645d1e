"""Bringing what the table and a carrier account hold to judgement. Changes nothing."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial

from .. import rates
from ..app import App
from ..carriers.base import Carrier, Trace
from ..carriers.stock import HeldNumber, NumberSearch
from ..errors import (
    CarrierNotConnected,
    InvalidCredentials,
    NotConfigurable,
    SwitchboardError,
)
from ..model import BYO, E164, Call, Number, NumberStatus, Organization
from . import judging
from .findings import Finding, Kind
from .judging import Scope

logger = logging.getLogger(__name__)

# So long a turn may wait in vain: a carrier that is down must not take the others' time.
_PATIENCE = timedelta(seconds=60)

type Seen = tuple[str, Finding | None]
"""How far it was looked, as text by which to go on, and what was found there."""

_NUMBERS, _CALLS, _PLACES, _HOLDINGS, _ACCOUNT = "1", "2", "3", "4", "5"


class _Closed(Exception):
    """The account cannot be asked any more in this turn, and that has been said."""


class Account:
    """One organization's account at one carrier; its SIP trunks together are one, too."""

    def __init__(self, app: App, organization: Organization, name: str) -> None:
        self.app = app
        self.organization = organization
        self.name = name
        self._waited = timedelta()
        self._closed: Exception | None = None

    @cached_property
    def carrier(self) -> Carrier | None:
        """The carrier, asked for only when something has to be looked at; None if not connected."""
        try:
            return self.app.carrier(self.name, self.organization.id)
        except CarrierNotConnected:
            return None

    @property
    def scope(self) -> Scope:
        """What it is judged as, now."""
        return Scope(self.organization.id, self.name, self.app.clock())

    def unreadable(self, error: Exception, target: str = "account") -> Finding:
        """Return what is said of what could not be looked at; an unforeseen error is logged."""
        says = str(error)
        if not isinstance(error, SwitchboardError):
            logger.error("not looked at", exc_info=error, extra={"carrier": self.name})
            says = f"could not be looked at, by a defect of ours that the log names: {error!r}"
        return self.scope.finding(Kind.UNREADABLE, target, says)

    def _looked(self, target: str, look: Callable[[], Finding | None]) -> Finding | None:
        """Look at one thing; what goes wrong with it keeps nothing behind it from its turn.

        Once the account itself cannot be asked, that is said once, and not asked again.
        """
        begun = self.app.clock()
        try:
            return look()
        except _Closed:
            return None
        except Exception as error:
            self._waited += self.app.clock() - begun
            # Not for a limit on requests: it passes in seconds, and the next may be let through.
            if isinstance(error, InvalidCredentials) or self._waited >= _PATIENCE:
                self._closed = error
                return self.unreadable(error)
            return self.unreadable(error, target)

    def _asked(self) -> Carrier | None:
        """Return the carrier to ask it something; raise _Closed when that is in vain."""
        if self._closed:
            raise _Closed from self._closed
        return self.carrier

    # --- what nobody settled ---

    def unsettled(self, after: str = "") -> Iterator[Seen]:
        """Look at purchases, releases and calls that are not settled, and at taken places."""
        step, _, key = after.partition(":")
        if step <= _NUMBERS:
            yield from self._numbers(key if step == _NUMBERS else "")
        if step <= _CALLS:
            yield from self._calls(int(key) if step == _CALLS and key else 0)
        # A place is the organization's, whoever carries the call: they are looked at once.
        if step <= _PLACES and self.name == BYO:
            yield from self._places()

    def _numbers(self, after: str) -> Iterator[Seen]:
        for number in self.app.store.unsettled_numbers(self.organization.id, after):
            if number.carrier == self.name:
                look = partial(self._unsettled, number)
                yield f"{_NUMBERS}:{number.phone_number}", self._looked(number.phone_number, look)

    def _unsettled(self, number: Number) -> Finding | None:
        carrier = self._asked()
        if carrier is None:
            says = f"waits to be settled, and {self.name} is not connected any more"
            return self.scope.finding(Kind.UNREADABLE, number.phone_number, says)
        order = None
        if number.status is NumberStatus.PENDING:
            order = self.app.store.order(number.organization_id, number.order_key)
        held = carrier.find_held(number.phone_number)
        return judging.unsettled(self.scope, number, order, held)

    def _calls(self, after: int) -> Iterator[Seen]:
        for call in self.app.store.open_calls(self.organization.id, after):
            if call.carried_by == self.name:
                asks = judging.is_to_be_asked_about(call, self.app.clock())
                look = partial(self._call, call)
                yield f"{_CALLS}:{call.id}", self._looked(str(call.id), look) if asks else None

    def _call(self, call: Call) -> Finding | None:
        traces = None if call.waits_for_another_trunk else self._traces(call)
        # In this order: whatever the carrier shows has its row by now, and a call that learns its
        # carrier's id meanwhile counts as both.
        rivals = self._rivals(call, traces or [])
        taken = self._taken(call, traces or [])
        return judging.going_on(self.scope, call, traces, taken, rivals)

    def _traces(self, call: Call) -> list[Trace] | None:
        try:
            carrier = self._asked()
            return carrier.traces(call) if carrier else None
        except NotConfigurable:
            return None
        except Exception:
            # Its end would be told more exactly by the carrier; without it, it has ended too. One
            # that may not have been placed is money: only the carrier's records decide that.
            if judging.must_be_over(call, self.app.clock()):
                return None
            raise

    def _rivals(self, call: Call, traces: list[Trace]) -> int:
        if all(trace.is_certain for trace in traces):
            return 0
        others = self.app.store.open_calls(self.organization.id)
        return sum(judging.may_be_taken_for(call, it) for it in others)

    def _taken(self, call: Call, traces: list[Trace]) -> set[str]:
        known = {
            trace.call_sid: self.app.store.call_by_sid(self.organization.id, trace.call_sid)
            for trace in traces
            if not trace.is_certain
        }
        return {sid for sid, other in known.items() if other and other.id != call.id}

    def _places(self) -> Iterator[Seen]:
        rows = [f"LIMIT#{self.organization.id}#concurrent_calls"]
        if self.organization.limits.number_concurrent_calls is not None:
            numbers = self.app.store.numbers(self.organization.id)
            limit = f"LIMIT#{self.organization.id}#number_concurrent_calls"
            rows += [f"{limit}#{number.phone_number}" for number in numbers]
        # Who holds a place is read before the calls: one that ends meanwhile returns its own.
        holders = self.app.store.holders(rows)
        ids = sorted({judging.call_of(it) for held in holders.values() for it in held})
        known = {call.id: call for call in self.app.store.calls_by_id(ids)}
        for row, held in sorted(holders.items()):
            yield f"{_PLACES}:{row}", judging.leaked(self.scope, row, held, known)

    # --- all that it holds ---

    def holdings(self, after: str = "") -> Iterator[Seen]:
        """Look at every number that the account or the table has."""
        if self.name == BYO or self.carrier is None:
            return
        step, _, key = after.partition(":")
        held = {it.phone_number: it for it in self.carrier.held_numbers()}
        numbers = self.app.store.numbers(self.organization.id)
        rows = {it.phone_number: it for it in numbers if it.carrier == self.name}
        if step <= _HOLDINGS:
            for finding in self._judged(rows, held):
                if finding.target > key:
                    yield f"{_HOLDINGS}:{finding.target}", finding
        yield f"{_ACCOUNT}:", self._webhooks(self.carrier, rows, held)

    def _judged(self, rows: dict[E164, Number], held: dict[E164, HeldNumber]) -> Iterator[Finding]:
        unknown = [number for number in held if number not in rows]
        # Read after the carrier was: whatever is bought meanwhile had its row before.
        others = self.app.store.numbers_by_number(unknown)
        ours = [it for it in unknown if it not in others and held[it].points_here]
        last = {it: self.app.store.last_release(self.organization.id, it) for it in ours}
        released = {number: gone for number, gone in last.items() if gone}
        held = {it: self._as_ordered(rows.get(it), found) for it, found in held.items()}
        return judging.holdings(self.scope, rows, held, {*map(E164, others)}, released)

    def _as_ordered(self, row: Number | None, held: HeldNumber) -> HeldNumber:
        """Leave out where a number's messages go if its buyer has named that."""
        elsewhere = any(it.is_of_texts and it.shown is not None for it in held.drifts)
        if row is None or not row.order_key or not elsewhere:
            return held
        order = self.app.store.order(row.organization_id, row.order_key)
        meant = order.messaging_profile_id if order else None
        wrong = tuple(it for it in held.drifts if meant is None or it.shown != meant)
        return replace(held, drifts=wrong)

    def _webhooks(
        self, carrier: Carrier, rows: dict[E164, Number], held: dict[E164, HeldNumber]
    ) -> Finding | None:
        """Look whether what numbers are tied to points here, if any are tied to it."""
        is_used = any(number in held and held[number].points_here for number in rows)
        found = carrier.account_drifts() if is_used else ()
        if not found:
            return None
        says = f"its numbers are tied to webhooks elsewhere: {'; '.join(map(str, found))}"
        does = f"connect {self.name} again, which renews its URLs"
        finding = self.scope.finding(Kind.ACCOUNT, "account", says, does)
        # Connecting makes what is missing, and stores it: the sweep may not write secrets.
        return replace(finding, is_for_a_person=True)

    # --- what an orphan costs ---

    def price_of(self, held: HeldNumber) -> str | None:
        """Return what such a number costs a month; None where nobody knows.

        By the carrier's own search where that shows prices, in the account's currency; else
        about what its price list says.
        """
        if self.carrier is None:
            return None
        country, kind = _described(held)
        try:
            found = self.carrier.search(NumberSearch(country, kind, limit=1))
        except SwitchboardError:
            found = []  # its price is not worth a failure
        price = found[0].monthly_cost if found else None
        listed = rates.MONTHLY.get((self.name, country, kind))
        return price or (f"about {listed}" if listed else None)


def _described(held: HeldNumber) -> tuple[str, str]:
    """Return a number's country and kind, as searches name them."""
    # Imported here: only a person who looks at orphans needs it.
    import phonenumbers

    parsed = phonenumbers.parse(held.phone_number)
    kinds = {
        phonenumbers.PhoneNumberType.TOLL_FREE: "toll_free",
        phonenumbers.PhoneNumberType.MOBILE: "mobile",
    }
    country = held.country_code or phonenumbers.region_code_for_number(parsed) or "US"
    return country, kinds.get(phonenumbers.number_type(parsed), "local")
