"""Many phones ring at once, at every carrier: each call is answered once and known once.

How many a second says how fast the emulator is, not Lambda: it starts a process for each request
that comes at the same time. The figures are printed beside those of one call at a time.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import httpx
import pytest

from switchboard.carriers import CARRIERS
from switchboard.model import CallStatus
from tests.e2e.calling import WIDE, bought, dynamodb, limits, setting, store
from tests.e2e.conftest import LocalStack

# Nobody hangs up, and no carrier gives up, because this machine starts processes slowly.
_PATIENCE = 60
_LIMIT_S = 600
_SETTLED_S = 120


@dataclass(frozen=True)
class Ring:
    """One call, as it is made."""

    carrier: str
    caller: str
    to: str


@pytest.fixture(autouse=True)
def patient_carriers(local_stack: LocalStack) -> Iterator[None]:
    """Let the carriers and the callers wait."""
    with ExitStack() as stack:
        stack.enter_context(limits(local_stack, WIDE))
        wanted = {"patience": _PATIENCE, "call_limit_s": _LIMIT_S}
        # Telnyx ends a call that gets no command.
        wanted["first_command_timeout_s"] = _LIMIT_S
        stack.enter_context(setting(local_stack, **wanted))
        yield


@pytest.mark.long
@pytest.mark.parametrize(("calls", "at_once"), [(60, 6), (1000, 16)])
def test_no_ringing_phone_is_lost_and_none_is_counted_twice(
    local_stack: LocalStack, calls: int, at_once: int
) -> None:
    numbers = {carrier: bought(local_stack, carrier) for carrier in CARRIERS}
    rings = [
        Ring(carrier, f"+1212{n:07d}", numbers[carrier])
        for n, carrier in enumerate(islice(cycle(CARRIERS), calls), 5550000)
    ]

    alone, seconds_alone = _ring(local_stack, rings[: calls // 10], 1)
    together, seconds = _ring(local_stack, rings[calls // 10 :], at_once)

    print(f"\n1 at once: {len(alone) / seconds_alone:.1f} calls a second")
    print(f"{at_once} at once: {len(together) / seconds:.1f} calls a second")
    transcripts = alone + together
    lost = [it["steps"] for it in transcripts if it["outcome"] != "streamed"]
    assert not lost, lost
    _assert_recorded(local_stack, transcripts, set(numbers.values()))


def _ring(
    local_stack: LocalStack, rings: list[Ring], at_once: int
) -> tuple[list[dict[str, Any]], float]:
    """Make the calls; return what became of each, and how long all of them took."""
    url = f"{local_stack.env['SANDBOX_URL']}/_/calls"
    with (
        httpx.Client(timeout=_LIMIT_S, trust_env=False) as http,
        ThreadPoolExecutor(at_once) as pool,
    ):

        def ring(it: Ring) -> dict[str, Any]:
            wanted = {"carrier": it.carrier, "from": it.caller, "to": it.to, "hangup_after_s": 0.1}
            transcript: dict[str, Any] = http.post(url, json=wanted).raise_for_status().json()
            return transcript

        began = time.monotonic()
        return list(pool.map(ring, rings)), time.monotonic() - began


def _assert_recorded(
    local_stack: LocalStack, transcripts: list[dict[str, Any]], numbers: set[str]
) -> None:
    table, organization = store(local_stack), int(local_stack.env["ORGANIZATION_ID"])
    sids = {it["carrier_call_id"] for it in transcripts}
    deadline = time.monotonic() + _SETTLED_S
    while True:
        rows = [table.call_by_sid(organization, sid) for sid in sids]
        if all(row and row.status.is_final for row in rows) or time.monotonic() > deadline:
            break
        time.sleep(1)  # the last events are still on their way

    assert len(sids) == len(transcripts)
    assert {row.status for row in rows if row} == {CallStatus.COMPLETED}
    assert len({row.id for row in rows if row}) == len(transcripts)
    # And no other row: nothing was recorded twice under another id.
    assert _rows_of(local_stack, numbers) == len(transcripts)


def _rows_of(local_stack: LocalStack, numbers: set[str]) -> int:
    pages = (
        dynamodb(local_stack)
        .get_paginator("scan")
        .paginate(
            TableName=local_stack.env["TABLE_NAME"],
            FilterExpression="sk = :call",
            ExpressionAttributeValues={":call": {"S": "CALL"}},
        )
    )
    return sum(row["phone_number"]["S"] in numbers for page in pages for row in page["Items"])
