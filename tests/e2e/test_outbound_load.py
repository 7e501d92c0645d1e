"""Many calls at once while the carrier's answers get lost: none is forgotten, none dialled twice.

The full run is `make prove`; `make test` has a smaller one, for the emulator starts a process for
each request that comes at the same time, and manages some dozen a second.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from local.outbound import place
from switchboard.model import CallStatus
from tests.e2e.calling import WIDE, bought, dials, far_end, fault, limits, setting, store
from tests.e2e.conftest import LocalStack

LOST = 0.05
UNTOLD = 0.03
# The emulator unpacks the layer for each process, one after the other: some two seconds for each
# request that is the first of so many at once.
_PATIENCE_S = 300


@pytest.fixture(autouse=True)
def failing_carrier(local_stack: LocalStack) -> Iterator[None]:
    """Lose some answers to dials, and some of the news that a call has ended."""
    with ExitStack() as stack:
        stack.enter_context(limits(local_stack, WIDE))
        # A webhook that the sandbox gave up keeps its process all the same, and is sent again.
        stack.enter_context(setting(local_stack, twilio_webhook_limit_s=_PATIENCE_S))
        stack.enter_context(far_end(local_stack, "*", "busy"))
        stack.enter_context(
            fault(
                local_stack,
                carrier="twilio",
                operation="dial",
                fault="lost_answer",
                probability=LOST,
            )
        )
        stack.enter_context(
            fault(
                local_stack,
                carrier="twilio",
                operation="webhook",
                event="busy",
                fault="drop",
                probability=UNTOLD,
            )
        )
        yield


@pytest.mark.parametrize(
    ("calls", "at_once"), [(60, 6), pytest.param(500, 16, marks=pytest.mark.long)]
)
def test_a_lost_answer_loses_no_call_no_slot_and_dials_nobody_twice(
    local_stack: LocalStack, calls: int, at_once: int
) -> None:
    number = bought(local_stack, "twilio")
    callees = [f"+1212555{n:04d}" for n in range(calls)]

    replies = _all_placed(local_stack, number, callees, at_once)
    again = _all_placed(local_stack, number, callees[: calls // 10], at_once)

    # An answer that was lost is 202, or 200 if an event of the call has come before.
    assert {r.status_code for r in replies} <= {200, 202}, Counter(r.text for r in replies)
    assert [r.json()["call_id"] for r in again] == [
        r.json()["call_id"] for r in replies[: len(again)]
    ]
    dialled = dials(local_stack, number)
    assert {dial["count"] for dial in dialled} == {1}
    assert sorted(dial["to"] for dial in dialled) == callees
    _assert_recorded(local_stack, replies)


def _all_placed(
    local_stack: LocalStack, number: str, callees: list[str], at_once: int
) -> list[httpx.Response]:
    with (
        httpx.Client(timeout=_PATIENCE_S, trust_env=False) as http,
        ThreadPoolExecutor(at_once) as pool,
    ):
        return list(pool.map(lambda to: place(http, local_stack.env, number, to), callees))


def _assert_recorded(local_stack: LocalStack, replies: list[httpx.Response]) -> None:
    table, row = store(local_stack), f"LIMIT#{local_stack.env['ORGANIZATION_ID']}#concurrent_calls"
    calls = [table.call(reply.json()["call_id"]) for reply in replies]
    rows = [call for call in calls if call]
    holding = [call for call in rows if call.leases]

    assert len(rows) == len(replies)
    # Only a call whose end nobody told still holds a place, and gives it back when its time is up.
    assert {call.status for call in rows if not call.leases} == {CallStatus.BUSY}
    assert all(not call.status.is_final for call in holding)
    freed = table.free_expired(row, datetime.now(UTC) + timedelta(hours=5))
    assert freed == len(holding)
    assert table.free_expired(row, datetime.now(UTC) + timedelta(days=999)) == 0
