"""Ending the calls of an organization whose fuse has tripped, however often it takes."""

import logging
from datetime import datetime, timedelta
from itertools import batched

from . import batches, control
from .app import App
from .errors import CallNotActive, SwitchboardError
from .model import Call, Direction, Fuse
from .store import Taken

logger = logging.getLogger(__name__)

# What is left then is begun at once by the next.
_TIME = timedelta(seconds=30)
# Less than the function's own time-out, with what was begun by then.
_STAY = timedelta(seconds=80)
_AT_ONCE = 8
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)
# Behind its time by so much, a fuse is taken for lost on its way, or by whoever stayed with it.
_LATE = timedelta(seconds=30)
_MOST = 500


def stay(app: App, organization_id: int) -> None:
    """End an organization's calls, and wait for those that cannot be ended yet, for 80 seconds.

    What is left then, or when this dies, is the sweep's.
    """
    until = app.clock() + _STAY
    while stop(app, organization_id):
        due = app.store.fuse(organization_id).due
        if due is None or due > until:
            return
        app.sleep(max(0.0, (due - app.clock()).total_seconds()))


def stop(app: App, organization_id: int) -> int:
    """End what an organization still has under way, and return how many calls are left.

    Safe to repeat and to die in: the row says when to look again, until no call is left that
    was placed before the fuse was last reset. A call that was just being dialled has no
    carrier's id yet; it is ended when it has one, or when its time is certainly over.
    """
    fuse = app.store.fuse(organization_id)
    if fuse.due is None:
        return 0
    _alarm(app, fuse)
    until = app.clock() + _TIME
    left = _left(app, fuse)
    for batch in batched(left, _AT_ONCE, strict=False):
        if app.clock() >= until:
            break
        # One that fails for no reason that we know is left, and tried again.
        batches.each(
            batch,
            lambda call: _end(app, call),
            named=lambda call: f"call {call.id}",
            at_once=_AT_ONCE,
        )
    still = _left(app, fuse)
    try:
        app.store.look_again(fuse, _next(app, fuse) if still else None)
    except Taken:
        logger.info("fuse tripped again", extra={"organization_id": organization_id})
    return len(still)


def sweep(app: App) -> int:
    """Look after the fuses that nobody stays with; return how many."""
    overdue = list(app.store.overdue_fuses(app.clock() - _LATE, _MOST))
    for fuse in overdue:
        stop(app, fuse.organization_id)
    return len(overdue)


def _left(app: App, fuse: Fuse) -> list[Call]:
    now = app.clock()
    row = f"LIMIT#{fuse.organization_id}#concurrent_calls"
    app.store.free_expired(row, now)
    found = map(app.store.call, app.store.calls_under_way(fuse.organization_id))
    return [call for call in found if call and _is_to_end(call, fuse)]


def _is_to_end(call: Call, fuse: Fuse) -> bool:
    if call.status.is_final or call.direction is not Direction.OUTBOUND:
        return False
    return fuse.reset_at is None or call.created_at < fuse.reset_at


def _end(app: App, call: Call) -> None:
    try:
        control.terminate(app, call.organization_id, str(call.id))
    except CallNotActive:
        pass  # it has ended by itself
    except SwitchboardError as error:
        # Not placed yet, or the carrier does not answer: it is tried again.
        logger.warning(
            "call not ended", extra={"call_id": call.id, "problem": type(error).__name__}
        )


def _next(app: App, fuse: Fuse) -> datetime:
    wait: timedelta = min(_FIRST_WAIT * 2 ** min(fuse.attempts, 10), _LONGEST_WAIT)
    return app.clock() + wait


def _alarm(app: App, fuse: Fuse) -> None:
    """Log what CloudWatch makes a metric of, for the alarm.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    logger.error(
        "ending the calls of a tripped fuse",
        extra={
            "_aws": {
                "Timestamp": int(app.clock().timestamp() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Switchboard",
                        "Dimensions": [["stage"]],
                        "Metrics": [{"Name": "TrippedFuses", "Unit": "Count"}],
                    }
                ],
            },
            "TrippedFuses": 1,
            "stage": app.settings.stage,
            "organization_id": fuse.organization_id,
            "reason": fuse.reason,
        },
    )
