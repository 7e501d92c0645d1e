"""Somebody trips the fuse while people talk: their calls end, and nobody is called any more."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local import outbound
from local.seed import CARRIERS
from tests.e2e.calling import WIDE, bought, eventually, far_end, limits, shown
from tests.e2e.conftest import LocalStack

TALKER = "+14155550135"
# Longer than the test waits: nobody but us ends these calls.
_TALKS_S = 600


@contextmanager
def tripped(local_stack: LocalStack) -> Iterator[None]:
    organization = local_stack.env["ORGANIZATION_ID"]
    local_stack.tool.tool("organizations", "fuse", organization, "--trip")
    try:
        yield
    finally:
        local_stack.tool.tool("organizations", "fuse", organization, "--reset")


@pytest.mark.parametrize("carrier", CARRIERS)
def test_calls_end_when_the_fuse_trips_and_no_other_is_placed(
    local_stack: LocalStack, carrier: str
) -> None:
    env, http = local_stack.env, local_stack.http
    number = bought(local_stack, carrier)
    with limits(local_stack, WIDE), far_end(local_stack, TALKER, "answer", hangup_after_s=_TALKS_S):
        placed = outbound.place(http, env, number, TALKER).json()
        call_id = placed["call_id"]
        assert eventually(lambda: shown(local_stack, call_id)["state"] == "in_progress")

        with tripped(local_stack):
            refused = outbound.place(http, env, number, "+14155550136")
            assert eventually(lambda: shown(local_stack, call_id)["status"] == "completed")

        sandbox = f"{env['SANDBOX_URL']}/_/calls/{placed['call_sid']}"
        assert http.get(sandbox, params={"wait": "true"}).json()["status"] == "completed"
    assert (refused.status_code, refused.json()["code"]) == (403, "fuse_tripped")
