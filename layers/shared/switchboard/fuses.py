"""The fuse: what stops all of an organization's outbound calls when there are too many, too dear.

A limit refuses what is more and lets the rest go on; a fuse takes "more" for a sign that somebody
else is calling, and stays tripped until a person has looked. Decision 47.
"""

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from .app import App
from .destinations import estimated_cents, is_abroad
from .errors import FuseTripped, ServiceUnavailable
from .model import E164, Call, Fuse, Limits, is_e164, parse_e164
from .store import Draw, Taken

logger = logging.getLogger(__name__)

SPAN = timedelta(minutes=10)
# As much as is put aside for a call without a maximum of its own.
_TYPICAL_SECONDS = 10 * 60
_WRITE_TRIES = 4
BY_HAND = "by_hand"


def check(fuse: Fuse) -> None:
    """Raise FuseTripped while an organization may place no calls."""
    if fuse.tripped_at is not None:
        raise FuseTripped(_because(fuse), fuse.tripped_at.isoformat(timespec="seconds"))


def drawn(fuse: Fuse, call: Call, limits: Limits, now: datetime) -> Draw:
    """Return what a call that is about to be placed puts on the fuse."""
    abroad = is_abroad(call.phone_number, parse_e164(call.customer_number))
    cents = call.spending.cents if call.spending else 0
    return Draw(fuse, _span(fuse, now), int(abroad), cents, limits)


def drawn_again(draw: Draw, fuse: Fuse, now: datetime) -> Draw:
    """Return what a call puts on the fuse as it is by now."""
    return replace(draw, seen=fuse, span=_span(fuse, now))


def count(app: App, call: Call, target: str, limits: Limits) -> None:
    """Put on the fuse that somebody is put through to a number or a SIP address.

    Nothing else reserves that. Raises FuseTripped, and ServiceUnavailable while too many others
    are placed; two requests, or more while others are.
    """
    is_number = is_e164(target)
    abroad = is_number and is_abroad(call.phone_number, E164(target))
    cents = estimated_cents(E164(target), _TYPICAL_SECONDS) if is_number else 0
    for _ in range(_WRITE_TRIES):
        fuse = app.store.fuse(call.organization_id)
        draw = Draw(fuse, _span(fuse, app.clock()), int(abroad), cents, limits)
        check_draw(app, draw)
        try:
            app.store.draw_fuse(draw)
            return
        except Taken:
            continue  # others have drawn meanwhile, or it has tripped
    raise ServiceUnavailable("Too many calls are being placed at once. Try again in a moment.")


def check_draw(app: App, draw: Draw) -> None:
    """Raise FuseTripped while it is tripped, and trip it if this is what passes a bound."""
    check(draw.seen)
    if bound := exceeded(draw):
        check(trip(app, draw.seen.organization_id, bound))


def exceeded(draw: Draw) -> str | None:
    """Return the bound that a call would pass on the fuse as it was read, if there is one."""
    fuse, bounds = draw.seen, draw.bounds
    same = fuse.span == draw.span
    calls, abroad, cents = (fuse.calls, fuse.calls_abroad, fuse.spend_cents) if same else (0, 0, 0)
    if cents + draw.spend_cents > bounds.fuse_spend_cents:
        return "fuse_spend_cents"
    if draw.calls_abroad and abroad + draw.calls_abroad > bounds.fuse_calls_abroad:
        return "fuse_calls_abroad"
    return "fuse_calls" if calls + 1 > bounds.fuse_calls else None


def trip(app: App, organization_id: int, reason: str) -> Fuse:
    """Stop an organization's outbound calls, and have those in progress ended; again is harmless.

    Whoever ends them is told by the row itself: nothing that happens after this can lose it.
    """
    fuse = app.store.fuse(organization_id)
    if fuse.tripped_at is not None:
        return fuse
    now = app.clock()
    tripped = replace(fuse, tripped_at=now, due=now, reason=reason)
    try:
        app.store.trip_fuse(tripped)
    except Taken:
        return app.store.fuse(organization_id)
    logger.error("fuse tripped", extra={"organization_id": organization_id, "reason": reason})
    return tripped


def reset(app: App, organization_id: int) -> Fuse:
    """Let an organization call again, and return its fuse; one that is not tripped stays as it is.

    Calls that were placed before it tripped are ended all the same.
    """
    fuse = app.store.fuse(organization_id)
    if fuse.tripped_at is None:
        return fuse
    # Somebody else may have reset it a moment ago: that is what was wanted.
    with suppress(Taken):
        app.store.reset_fuse(fuse, app.clock())
    return app.store.fuse(organization_id)


def _span(fuse: Fuse, now: datetime) -> int:
    # Containers' clocks differ: who is behind counts in the ten minutes that another has begun.
    return max(fuse.span, int(now.timestamp() // SPAN.total_seconds()))


def _because(fuse: Fuse) -> str:
    counted = (
        f"{fuse.calls} calls in ten minutes, {fuse.calls_abroad} of them abroad, for about "
        f"{fuse.spend_cents / 100:.2f} USD"
    )
    return (
        f"stopped by hand after {counted}"
        if fuse.reason == BY_HAND
        else (f"{counted} is as much as {fuse.reason} allows")
    )
