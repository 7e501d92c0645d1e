"""A carrier that does not answer, or not yet: nothing is bought twice or stays unknown."""

import time
from typing import Any

import pytest

from tests.e2e.calling import fresh_number
from tests.e2e.conftest import LocalStack


@pytest.mark.parametrize("carrier", ["twilio", "telnyx"])
@pytest.mark.parametrize("fault", ["error_after_success", "lost_answer"])
def test_a_purchase_whose_answer_was_lost_is_found_and_not_repeated(
    local_stack: LocalStack, carrier: str, fault: str
) -> None:
    number = fresh_number()
    program(local_stack, carrier, number, fault)

    unknown = local_stack.purchase(number, carrier, key=f"lost-{number}")
    found = local_stack.purchase(number, carrier, key=f"lost-{number}")

    assert (unknown.status_code, unknown.json()["status"]) == (202, "unknown")
    assert (found.status_code, found.json()["status"]) == (200, "active")
    assert found.headers["Idempotent-Replayed"] == "true"
    assert local_stack.times_bought(number) == 1


def test_a_pending_order_is_settled_by_telnyxs_own_announcement(local_stack: LocalStack) -> None:
    number = fresh_number()
    http, sandbox = local_stack.http, local_stack.env["SANDBOX_URL"]
    org = local_stack.env["ORGANIZATION_ID"]
    http.patch(
        f"{sandbox}/_/accounts/telnyx-default",
        json={"notification_url": f"{local_stack.url}/telnyx-webhook?org={org}"},
    ).raise_for_status()
    program(local_stack, "telnyx", number, "pending_order", polls=99)

    ordered = local_stack.purchase(number, "telnyx", key=f"pending-{number}")
    order_id = ordered.json()["purchase_details"]["id"]
    http.post(
        f"{sandbox}/_/orders/{order_id}/complete", json={"status": "success"}
    ).raise_for_status()
    wait_for_webhook(local_stack, "number_order.complete")
    asked = len(requests(local_stack))
    settled = local_stack.purchase(number, "telnyx", key=f"pending-{number}")

    assert len(requests(local_stack)) == asked, "the announcement settled it, nobody had to look"
    assert (ordered.status_code, ordered.json()["status"]) == (200, "pending")
    assert (settled.status_code, settled.json()["status"]) == (200, "active")
    assert local_stack.times_bought(number) == 1


def wait_for_webhook(local_stack: LocalStack, event: str) -> None:
    """Return once the sandbox has had an answer to a webhook."""
    url = f"{local_stack.env['SANDBOX_URL']}/_/webhooks"
    for _ in range(100):
        sent = local_stack.http.get(url).json()["webhooks"]
        if any(hook["event"] == event and hook["status"] == 200 for hook in sent):
            return
        time.sleep(0.2)
    pytest.fail(f"{event} was not answered within 20 s: {sent}")


def requests(local_stack: LocalStack) -> list[Any]:
    """Return every request that Telnyx has received."""
    reply = local_stack.http.get(
        f"{local_stack.env['SANDBOX_URL']}/_/requests", params={"carrier": "telnyx"}
    ).json()
    found: list[Any] = reply["requests"]
    return found


def program(
    local_stack: LocalStack, carrier: str, number: str, fault: str, **parameters: int
) -> None:
    """Let the sandbox fail once, at the purchase and not at a search before it."""
    http, sandbox = local_stack.http, local_stack.env["SANDBOX_URL"]
    if carrier == "telnyx":
        # Telnyx sells only what it has just shown.
        accounts = http.get(f"{sandbox}/_/accounts").json()["accounts"]
        api_key = next(a for a in accounts if a["id"] == "telnyx-default")["credentials"]
        http.get(
            f"{sandbox}/telnyx/available_phone_numbers",
            params={"filter[country_code]": "US", "filter[phone_number][contains]": number[1:]},
            headers={"Authorization": f"Bearer {api_key['api_key']}"},
        ).raise_for_status()
    wanted = {"carrier": carrier, "operation": "buy_number", "fault": fault, "times": 1}
    http.post(f"{sandbox}/_/faults", json=wanted | parameters).raise_for_status()
