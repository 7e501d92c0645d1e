"""Taking over numbers that the carrier accounts hold already. Decision 17."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched

from ..app import App
from ..carriers.base import Carrier
from ..carriers.stock import HeldNumber
from ..errors import CarrierError, CarrierNotConnected, SwitchboardError
from ..model import E164, Number, NumberStatus, masked
from ..store import NumberChange, Taken

logger = logging.getLogger(__name__)

# API Gateway waits 29 s; what is not reached is left to the next run.
_TIME = timedelta(seconds=20)
# Rows of one transaction, each with its audit record.
_TOGETHER = 30
_ELSEWHERE = "Its calls go to another application. Assign it here to bring them."
_UNCONFIGURED = "Its calls go nowhere yet. Assign it, or sync with configure=true."
_GONE = "The account does not hold it any more."
_NOT_IN_SERVICE = "The carrier has not put it into service."


@dataclass
class CarrierSync:
    """What was done with the numbers of one carrier account."""

    carrier: str
    synced: list[E164] = field(default_factory=list)
    """Those that are in the table as the organization's own."""
    imported: int = 0
    """How many of these were not there before."""
    held_elsewhere: int = 0
    """Those that another organization's row holds: not looked at."""
    not_wired: dict[E164, str] = field(default_factory=dict)
    """Those whose calls do not come to us, and why."""
    error: SwitchboardError | None = None
    """What stopped it."""
    is_complete: bool = True
    """Whether every number was reached in time."""


def sync(app: App, organization_id: int, configure: bool = True) -> list[CarrierSync]:
    """Take over every number of every connected account, and say what became of each account.

    A number that points nowhere is pointed at us if `configure`, one that points elsewhere is
    left alone. Running it again is safe, and goes on where the last run ended. Raises
    CarrierNotConnected when there is no account at all, and the first account's error when none
    could be read.
    """
    accounts = list(_accounts(app, organization_id))
    if not accounts:
        raise CarrierNotConnected(
            "This organization has no carrier account. Connect one: "
            f"switchboard carriers connect CARRIER --organization {organization_id}"
        )
    until = app.clock() + _TIME
    done = [_synced(app, organization_id, it, configure, until) for it in accounts]
    errors = [it.error for it in done if it.error and not it.synced]
    if errors and len(errors) == len(done):
        raise errors[0]
    return done


def fetch(app: App, organization_id: int, phone_number: E164) -> Number | None:
    """Take over one number, from whichever account holds it, and return it.

    None when no account does, or another organization's row has it. Raises CarrierError.
    """
    errors: list[CarrierError] = []
    for carrier in _accounts(app, organization_id):
        try:
            held = carrier.find_held(phone_number)
        except CarrierError as error:
            errors.append(error)  # another account may hold it all the same
            continue
        if held:
            return adopt(app, organization_id, carrier.name, held)
    if errors:
        raise errors[0]
    return None


def adopt(app: App, organization_id: int, carrier: str, held: HeldNumber) -> Number | None:
    """Write a number that an account holds as the organization's own, and return it.

    None when another organization's row has it.
    """
    number = _found(app, organization_id, carrier, held)
    try:
        app.store.import_numbers([number])
    except Taken:
        # Somebody was faster: another organization, or a second request of this one.
        there = app.store.number(held.phone_number)
        return there if there and there.organization_id == organization_id else None
    return number


def bring_up_to_date(
    app: App, carrier: Carrier, number: Number, held: HeldNumber | None, *, elsewhere: bool = False
) -> str | None:
    """Write how one number stands in its account; return why its calls do not come, if so.

    One that points nowhere is pointed at us, and with `elsewhere` one that points at somebody
    else's URL, too.
    """
    if held is None:
        problem: str | None = _GONE
        after = replace(number, status=NumberStatus.INACTIVE)
    else:
        problem = _problem(carrier, number, held, configure=True, elsewhere=elsewhere)
        status = NumberStatus.INACTIVE if problem else NumberStatus.ACTIVE
        after = _refreshed(number, held, status)
    if after != number:
        _write(app, [_change(app, number, after)])
    return problem


def _accounts(app: App, organization_id: int) -> Iterable[Carrier]:
    for name in app.carrier_names:
        try:
            yield app.carrier(name, organization_id)
        except CarrierNotConnected:
            continue


def _synced(
    app: App, organization_id: int, carrier: Carrier, configure: bool, until: datetime
) -> CarrierSync:
    done = CarrierSync(carrier.name)
    try:
        for batch in batched(carrier.held_numbers(), _TOGETHER, strict=False):
            if app.clock() >= until:
                done.is_complete = False
                break
            ours = _own_rows(app, organization_id, carrier.name, batch, done)
            _bring_up_to_date(app, carrier, ours, configure, done)
    except SwitchboardError as error:
        logger.warning("sync stopped", extra={"carrier": carrier.name, "detail": str(error)})
        done.error = error
        done.is_complete = False
    return done


def _own_rows(
    app: App, organization_id: int, carrier: str, batch: Sequence[HeldNumber], done: CarrierSync
) -> list[tuple[Number, HeldNumber]]:
    """Import what nobody has; return the rows that are the organization's own."""
    # The row comes first, and the carrier's settings after it: nobody else's number is re-pointed.
    known = app.store.numbers_by_number([held.phone_number for held in batch])
    fresh = [
        _found(app, organization_id, carrier, held)
        for held in batch
        if held.phone_number not in known
    ]
    known |= {number.phone_number: number for number in _imported(app, fresh, done)}
    ours = []
    for held in batch:
        number = known.get(held.phone_number)
        if number is None or number.organization_id != organization_id:
            done.held_elsewhere += 1
        elif number.carrier == carrier:
            ours.append((number, held))
    return ours


def _imported(app: App, fresh: list[Number], done: CarrierSync) -> list[Number]:
    if not fresh:
        return []
    try:
        app.store.import_numbers(fresh)
    except Taken:
        if len(fresh) == 1:
            # Claimed by somebody since the table was read.
            there = app.store.number(fresh[0].phone_number)
            return [there] if there else []
        return [it for one in fresh for it in _imported(app, [one], done)]
    done.imported += len(fresh)
    return fresh


def _found(app: App, organization_id: int, carrier: str, held: HeldNumber) -> Number:
    serves = held.is_active and held.points_here
    now = app.clock()
    return Number(
        organization_id=organization_id,
        phone_number=held.phone_number,
        carrier=carrier,
        status=NumberStatus.ACTIVE if serves else NumberStatus.INACTIVE,
        order_key="",
        created_at=now,
        updated_at=now,
        country_code=held.country_code,
        carrier_number_id=held.carrier_number_id,
        friendly_name=held.friendly_name or held.phone_number,
        capabilities=held.capabilities,
    )


def _bring_up_to_date(
    app: App,
    carrier: Carrier,
    rows: list[tuple[Number, HeldNumber]],
    configure: bool,
    done: CarrierSync,
) -> None:
    changes = []
    for number, held in rows:
        done.synced.append(number.phone_number)
        if number.status in (NumberStatus.PENDING, NumberStatus.RELEASING):
            continue  # its order or its release says how it stands
        problem = _problem(carrier, number, held, configure)
        if problem:
            done.not_wired[number.phone_number] = problem
        after = _refreshed(number, held, NumberStatus.INACTIVE if problem else NumberStatus.ACTIVE)
        if after != number:
            changes.append(_change(app, number, after))
    _write(app, changes)


def _change(app: App, number: Number, after: Number) -> NumberChange:
    after = replace(after, updated_at=app.clock())
    return NumberChange(number, after, "number.updated", {"status": after.status.value})


def _problem(
    carrier: Carrier,
    number: Number,
    held: HeldNumber,
    configure: bool,
    *,
    elsewhere: bool = False,
) -> str | None:
    """Point a number at us if that is wanted; return why its calls do not come."""
    if not held.is_active:
        return _NOT_IN_SERVICE
    if held.points_here:
        return None
    if not held.points_nowhere and not elsewhere:
        return _ELSEWHERE
    if not configure:
        return _UNCONFIGURED
    try:
        carrier.wire(replace(number, carrier_number_id=held.carrier_number_id))
    except CarrierError as error:
        logger.info("number not wired", extra={"phone_number": masked(number.phone_number)})
        return str(error)
    return None


def _refreshed(number: Number, held: HeldNumber, status: NumberStatus) -> Number:
    return replace(
        number,
        status=status,
        carrier_number_id=held.carrier_number_id,
        capabilities=held.capabilities,
        country_code=number.country_code or held.country_code,
    )


def _write(app: App, changes: list[NumberChange]) -> None:
    if not changes:
        return
    try:
        app.store.change_numbers(changes)
    except Taken:
        if len(changes) == 1:
            return  # changed meanwhile by somebody who knows better; the next sync looks again
        for change in changes:
            _write(app, [change])
