"""Searching, ordering and releasing numbers at the sandbox's Telnyx."""

from typing import Any

import httpx

from tests.sandbox.clients import TelnyxClient
from tests.sandbox.servers import Customer, wait_until

NUMBER = "+14155550100"


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def fault(sandbox: httpx.Client, name: str, **more: Any) -> None:
    wanted = {"carrier": "telnyx", "operation": "buy_number", "fault": name, **more}
    sandbox.post("/_/faults", json=wanted).raise_for_status()


def test_only_a_number_that_was_searched_for_can_be_ordered(telnyx: TelnyxClient) -> None:
    assert refused(telnyx.order(NUMBER)) == (400, "85000")

    telnyx.search(NUMBER)
    ordered = telnyx.order(NUMBER, customer_reference="ours").json()["data"]

    assert ordered["status"] == "success"
    assert ordered["customer_reference"] == "ours"


def test_the_number_has_another_id_than_in_the_order(telnyx: TelnyxClient) -> None:
    telnyx.search(NUMBER)
    ordered = telnyx.order(NUMBER).json()["data"]["phone_numbers"][0]

    found = telnyx("GET", "/phone_numbers", params={"filter[phone_number]": NUMBER[1:]}).json()

    assert [number["phone_number"] for number in found["data"]] == [NUMBER]
    assert found["data"][0]["id"] != ordered["id"]


def test_a_number_that_somebody_owns_is_no_longer_available(
    sandbox: httpx.Client, telnyx: TelnyxClient
) -> None:
    made = sandbox.post("/_/accounts", json={"carrier": "telnyx"}).json()["credentials"]
    other = TelnyxClient(sandbox, made["api_key"], made["public_key"])
    telnyx.search(NUMBER)
    other.search(NUMBER)
    other.order(NUMBER).raise_for_status()

    assert refused(telnyx.order(NUMBER)) == (400, "85001")


def test_an_order_is_found_by_our_reference(telnyx: TelnyxClient) -> None:
    telnyx.search(NUMBER)
    order_id = telnyx.order(NUMBER, customer_reference="ours").json()["data"]["id"]

    def found(reference: str) -> list[str]:
        params = {"filter[customer_reference]": reference}
        rows = telnyx("GET", "/number_orders", params=params).json()["data"]
        return [row["id"] for row in rows]

    assert found("ours") == [order_id]
    assert found("theirs") == []


def test_a_pending_order_succeeds_after_so_many_looks(
    sandbox: httpx.Client, telnyx: TelnyxClient
) -> None:
    fault(sandbox, "pending_order", polls=2)
    telnyx.search(NUMBER)
    order = telnyx.order(NUMBER).json()["data"]

    looks = [
        telnyx("GET", f"/number_orders/{order['id']}").json()["data"]["status"] for _ in range(3)
    ]

    assert order["status"] == "pending"
    assert looks == ["pending", "pending", "success"]


def test_a_pending_order_keeps_the_number_from_others(
    sandbox: httpx.Client, telnyx: TelnyxClient
) -> None:
    fault(sandbox, "pending_order")
    telnyx.search(NUMBER)
    telnyx.order(NUMBER).raise_for_status()

    assert refused(telnyx.order(NUMBER)) == (400, "85001")


def test_the_completion_of_an_order_is_told_to_the_notification_url(
    sandbox: httpx.Client, telnyx: TelnyxClient, customer: Customer
) -> None:
    sandbox.patch(
        "/_/accounts/telnyx-default", json={"notification_url": f"{customer.url}/orders"}
    ).raise_for_status()
    fault(sandbox, "pending_order")
    telnyx.search(NUMBER)
    order_id = telnyx.order(NUMBER).json()["data"]["id"]

    sandbox.post(f"/_/orders/{order_id}/complete", json={"status": "failure"}).raise_for_status()

    wait_until(lambda: bool(customer.at("/orders")))
    event = customer.at("/orders")[0].event
    assert event["event_type"] == "number_order.complete"
    assert event["payload"]["status"] == "failure"
    assert event["payload"]["id"] == order_id
    assert sandbox.get("/_/numbers").json()["numbers"] == []


def test_an_order_may_fail_or_want_documents(sandbox: httpx.Client, telnyx: TelnyxClient) -> None:
    telnyx.search(NUMBER)
    fault(sandbox, "order_failure")
    failed = telnyx.order(NUMBER).json()["data"]
    fault(sandbox, "documents_required")
    waiting = telnyx.order(NUMBER).json()["data"]

    assert failed["status"] == "failure"
    assert waiting["status"] == "pending"
    assert waiting["requirements_met"] is False
    assert waiting["phone_numbers"][0]["requirements_status"] == "requirement-info-pending"


def test_an_unknown_connection_is_refused(telnyx: TelnyxClient) -> None:
    telnyx.search(NUMBER)

    answer = telnyx.order(NUMBER, connection_id="1")

    assert refused(answer) == (422, "10015")
    assert answer.json()["errors"][0]["source"]["pointer"] == "/connection_id"


def test_an_application_is_made_found_by_name_and_changed(telnyx: TelnyxClient) -> None:
    wanted = {"application_name": "switchboard one", "webhook_event_url": "https://a.example/x"}
    made = telnyx("POST", "/call_control_applications", json=wanted)
    path = f"/call_control_applications/{made.json()['data']['id']}"

    changed = telnyx("PATCH", path, json={"webhook_api_version": "2"}).json()["data"]
    params = {"filter[application_name][contains]": "switchboard"}
    listed = telnyx("GET", "/call_control_applications", params=params).json()

    assert made.status_code == 201
    assert made.json()["data"]["webhook_api_version"] == "1"
    assert changed["webhook_api_version"] == "2"
    assert [row["id"] for row in listed["data"]] == [changed["id"]]
    assert listed["meta"]["total_results"] == 1


def test_lists_come_in_pages(telnyx: TelnyxClient) -> None:
    for name in ("one", "two", "three"):
        telnyx("POST", "/outbound_voice_profiles", json={"name": name}).raise_for_status()

    params = {"page[size]": "2", "page[number]": "2"}
    second = telnyx("GET", "/outbound_voice_profiles", params=params).json()

    assert [row["name"] for row in second["data"]] == ["three"]
    assert second["meta"]["total_pages"] == 2


def test_a_number_is_released_once(telnyx: TelnyxClient) -> None:
    telnyx.search(NUMBER)
    telnyx.order(NUMBER).raise_for_status()
    number_id = telnyx("GET", "/phone_numbers").json()["data"][0]["id"]

    released = [telnyx("DELETE", f"/phone_numbers/{number_id}") for _ in range(2)]

    assert released[0].json()["data"]["status"] == "deleted"
    assert refused(released[1]) == (404, "10005")


def test_a_wrong_key_is_refused(sandbox: httpx.Client) -> None:
    wrong = TelnyxClient(sandbox, "KEYwrong", "")

    assert refused(wrong("GET", "/balance")) == (401, "10009")
