"""What an organization's calls may take up: places, counts and money, reserved before dialling."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from .destinations import estimated_cents
from .model import Call, Direction, Lease, Limits, Spending, parse_e164
from .store import Place, Quota

# A call whose end nobody told gives its place back this long after it must have ended.
_LEASE_MARGIN = timedelta(minutes=2)
DEFAULT_RING_TIMEOUT = 60
DEFAULT_MAX_DURATION = 4 * 60 * 60
# What is put aside for a call without a maximum of its own, until its end tells better.
_TYPICAL_SECONDS = 10 * 60


def reserved(call: Call, limits: Limits, now: datetime) -> tuple[Call, list[Place], list[Quota]]:
    """Return a call that holds its places, and the conditions under which it may be dialled."""
    places = [_place(call, "concurrent_calls", limits.concurrent_calls, "", now)]
    quotas = [
        _quota(call, "calls_per_second", limits.calls_per_second, _second(now)),
        _quota(call, "calls_per_day", limits.calls_per_day, _day(now)),
    ]
    if limits.number_concurrent_calls is not None:
        most, number = limits.number_concurrent_calls, call.phone_number
        places.append(_place(call, "number_concurrent_calls", most, number, now))
    if limits.number_calls_per_day is not None:
        span = _day(now, call.phone_number)
        quotas.append(_quota(call, "number_calls_per_day", limits.number_calls_per_day, span))
    cents = estimated_cents(parse_e164(call.customer_number), _reserved_seconds(call))
    spend = _quota(call, "daily_spend_cents", limits.daily_spend_cents, _day(now), cents)
    holding = replace(
        call, leases=tuple(place.lease for place in places), spending=Spending(spend.row, cents)
    )
    return holding, places, [*quotas, spend]


def spent_cents(call: Call) -> int:
    """Return what a call that has ended is estimated to have cost; 0 when nobody took it."""
    if call.direction is Direction.INBOUND or not call.duration:
        return 0
    return estimated_cents(parse_e164(call.customer_number), call.duration)


def lasts_until(call: Call, now: datetime) -> datetime:
    """Return the moment by which a call has certainly ended."""
    ring = call.options.ring_timeout or DEFAULT_RING_TIMEOUT
    talk = call.options.max_duration or DEFAULT_MAX_DURATION
    return now + timedelta(seconds=ring + talk) + _LEASE_MARGIN


def _reserved_seconds(call: Call) -> int:
    return min(call.options.max_duration or _TYPICAL_SECONDS, _TYPICAL_SECONDS)


def _place(call: Call, limit: str, most: int, part: str, now: datetime) -> Place:
    holder = f"{int(lasts_until(call, now).timestamp())}#{call.id}"
    return Place(limit, Lease(_row(call, limit, part), holder), most)


def _quota(call: Call, limit: str, most: int, span: tuple[str, datetime], amount: int = 1) -> Quota:
    name, until = span
    return Quota(limit, _row(call, limit, name), amount, most, until)


def _row(call: Call, limit: str, part: str) -> str:
    return f"LIMIT#{call.organization_id}#{limit}" + (f"#{part}" if part else "")


def _second(now: datetime) -> tuple[str, datetime]:
    return str(int(now.timestamp())), now.replace(microsecond=0) + timedelta(seconds=1)


def _day(now: datetime, number: str = "") -> tuple[str, datetime]:
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return f"{now:%Y-%m-%d}" + (f"#{number}" if number else ""), midnight
