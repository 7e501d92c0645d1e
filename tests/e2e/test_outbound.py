"""Calls that we place, over HTTP: how they end, and that no mishap dials anybody twice."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from local import demo, outbound
from local.seed import CARRIERS
from tests.e2e.calling import (
    WIDE,
    bought,
    called,
    dials,
    far_end,
    fault,
    fresh_number,
    limits,
    shown,
)
from tests.e2e.conftest import LocalStack

NOBODY = "+14155550133"


@pytest.fixture(autouse=True)
def wide_limits(local_stack: LocalStack) -> Iterator[None]:
    """Let a test place its calls as fast as it likes."""
    with limits(local_stack, WIDE):
        yield


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_placed_call_reaches_the_assistant_with_its_texts(
    local_stack: LocalStack, carrier: str
) -> None:
    env, http = local_stack.env, local_stack.http
    number = bought(local_stack, carrier)

    placed = outbound.place(http, env, number)
    transcript = outbound.transcript_of(http, env, placed)

    seen = outbound.gather(http, env, carrier, number, placed, transcript)
    assert seen.missing() == [], transcript


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize(
    ("behaviour", "more", "state"),
    [
        ("busy", {}, "busy"),
        ("no_answer", {"after_s": 0.3}, "no_answer"),
        ("reject", {}, "failed"),
    ],
)
def test_a_call_that_nobody_takes_says_why(
    local_stack: LocalStack, carrier: str, behaviour: str, more: dict[str, float], state: str
) -> None:
    number = bought(local_stack, carrier)

    with far_end(local_stack, NOBODY, behaviour, **more):
        _, call = called(local_stack, number, NOBODY)

    assert (call["state"], call["status"]) == (state, "failed")
    assert not call["duration"]


def test_one_intent_sent_again_is_answered_and_not_dialled(local_stack: LocalStack) -> None:
    env, http = local_stack.env, local_stack.http
    number = bought(local_stack, "twilio")

    first, again = (outbound.place(http, env, number) for _ in range(2))
    other = outbound.place(http, env, number, agenda="Something else.")

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["call_id"] == first.json()["call_id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert [dial["count"] for dial in dials(local_stack, number)] == [1]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_call_whose_answer_was_lost_is_not_dialled_again_and_tells_how_it_went(
    local_stack: LocalStack, carrier: str
) -> None:
    env, http = local_stack.env, local_stack.http
    number = bought(local_stack, carrier)

    with fault(local_stack, carrier=carrier, operation="dial", fault="lost_answer"):
        placed = outbound.place(http, env, number)
    again = outbound.place(http, env, number)

    # 200 if the call's first event has told by then that it rings.
    told = placed.json()["status"] != "unknown"
    assert placed.status_code == (200 if told else 202)
    assert again.json()["call_id"] == placed.json()["call_id"]
    assert [dial["count"] for dial in dials(local_stack, number)] == [1]
    assert shown(local_stack, placed.json()["call_id"])["status"] == "completed"


def test_a_limit_is_told_with_its_name_its_value_and_when_to_come_back(
    local_stack: LocalStack,
) -> None:
    env, http = local_stack.env, local_stack.http
    number = bought(local_stack, "twilio")

    with limits(local_stack, replace(WIDE, number_calls_per_day=1)):
        first = outbound.place(http, env, number)
        second = outbound.place(http, env, number, "+14155550134")

    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (429, "limit_exceeded")
    assert "number_calls_per_day" in second.json()["detail"]
    assert int(second.headers["Retry-After"]) >= 1
    assert len(dials(local_stack, number)) == 1


def test_both_paths_place_calls(local_stack: LocalStack) -> None:
    reply = local_stack.http.post(
        f"{local_stack.url}/calls/initiate",
        headers=demo.bearer(local_stack.env),
        json={"from_phone_number": fresh_number(), "to_phone_number": NOBODY},
    )

    assert (reply.status_code, reply.json()["code"]) == (403, "not_owned")
