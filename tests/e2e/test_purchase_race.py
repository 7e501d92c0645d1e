"""Fifty people buy the same number at once: it is sold once, and everybody gets a clear answer."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.e2e.calling import fresh_number
from tests.e2e.conftest import LocalStack

REQUESTS = 50
AT_ONCE = 10


def test_one_intent_sent_fifty_times_buys_once(local_stack: LocalStack) -> None:
    number = fresh_number()

    replies = _race(local_stack, number, [f"race-{number}"] * REQUESTS)

    first = [r for r in replies if r.status_code == 200 and not _is_replay(r)]
    replays = [r for r in replies if r.status_code == 200 and _is_replay(r)]
    refusals = [r for r in replies if r.status_code == 409]
    assert len(first) == 1
    assert len(replays) + len(refusals) == REQUESTS - 1, Counter(r.status_code for r in replies)
    assert all(r.json() == first[0].json() for r in replays)
    assert all(r.json()["code"] and r.json()["detail"] for r in refusals)
    assert local_stack.times_bought(number) == 1


def test_fifty_intents_for_one_number_buy_it_once(local_stack: LocalStack) -> None:
    number = fresh_number()

    replies = _race(local_stack, number, [f"race-{number}-{n}" for n in range(REQUESTS)])

    assert Counter(r.status_code for r in replies) == {200: 1, 409: REQUESTS - 1}
    assert {r.json()["code"] for r in replies if r.status_code == 409} == {"number_unavailable"}
    assert local_stack.times_bought(number) == 1


def _race(local_stack: LocalStack, number: str, keys: list[str]) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda key: local_stack.purchase(number, key=key), keys))


def _is_replay(reply: httpx.Response) -> bool:
    return reply.headers.get("Idempotent-Replayed") == "true"
