"""The way through the whole product: find and buy a number, ring it, find everything recorded."""

import pytest
from rich.console import Console

from local import demo, evidence, trunk
from local.progress import Progress
from local.seed import CARRIERS
from tests.e2e.calling import fresh_number
from tests.e2e.conftest import LocalStack


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_bought_number_rings_and_reaches_the_assistant(
    local_stack: LocalStack, carrier: str
) -> None:
    env, http = local_stack.env, local_stack.http

    search = demo.find(http, env, carrier)
    number = demo.first_of(search)
    purchase = demo.buy(http, env, carrier, number)
    transcript = demo.ring(http, env, carrier, number)

    seen = evidence.gather(http, env, carrier, search, number, purchase, transcript)
    assert seen.missing() == []
    assert purchase.json()["purchase_details"]["provider"] == carrier


def test_a_number_of_ones_own_rings_and_calls_through_ones_own_bridge(
    local_stack: LocalStack,
) -> None:
    rung, called = trunk.ring(local_stack.http, local_stack.env, Progress(Console(quiet=True)))

    assert rung.missing() == []
    assert called.missing() == []
    assert rung.purchase["provider"] == "byo-sip-trunk"


def test_numbers_and_calls_survive_a_restart(local_stack: LocalStack) -> None:
    number = fresh_number()
    demo.buy(local_stack.http, local_stack.env, "twilio", number)
    before = demo.ring(local_stack.http, local_stack.env, "twilio", number)

    local_stack.restart()

    env, http = local_stack.env, local_stack.http
    shown = http.get(
        f"{env['SWITCHBOARD_URL']}/api/v1/calls/sid/{before['carrier_call_id']}",
        headers=demo.bearer(env),
    )
    assert shown.json()["status"] == "completed"
    assert demo.ring(http, env, "twilio", number)["status"] == "completed"
