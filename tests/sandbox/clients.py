"""The carriers' REST APIs as a customer's program uses them."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass
class TwilioClient:
    """Twilio's REST API as one account sees it."""

    http: httpx.Client
    sid: str
    token: str

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request below the account's path."""
        url = f"/twilio/2010-04-01/Accounts/{self.sid}{path}"
        return self.http.request(method, url, auth=(self.sid, self.token), **options)

    def buy(self, number: str, **fields: str) -> httpx.Response:
        """Buy and configure a number."""
        return self("POST", "/IncomingPhoneNumbers.json", data={"PhoneNumber": number, **fields})


@dataclass
class TelnyxClient:
    """Telnyx's REST API as one account sees it."""

    http: httpx.Client
    key: str
    public_key: str

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with the account's key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.http.request(method, f"/telnyx{path}", headers=headers, **options)

    def order(self, number: str, **fields: str) -> httpx.Response:
        """Order a number."""
        body = {"phone_numbers": [{"phone_number": number}], **fields}
        return self("POST", "/number_orders", json=body)

    def search(self, number: str) -> None:
        """Search for one very number, so that it can be ordered."""
        params = {"filter[country_code]": "US", "filter[phone_number][contains]": number[1:]}
        self("GET", "/available_phone_numbers", params=params).raise_for_status()


def account(client: httpx.Client, carrier: str) -> dict[str, str]:
    """Return the credentials of a carrier's default account."""
    accounts = client.get("/_/accounts", params={"carrier": carrier}).json()["accounts"]
    credentials: dict[str, str] = accounts[0]["credentials"]
    return credentials


def program_far_end(client: httpx.Client, number: str, behaviour: str, **more: Any) -> None:
    """Say what the phone at a number does when it rings."""
    wanted = {"number": number, "behaviour": behaviour, **more}
    answer = client.post("/_/far-ends", json=wanted)
    assert answer.status_code == 201, answer.text


def program_fault(
    client: httpx.Client, carrier: str, operation: str, fault: str, **more: Any
) -> None:
    """Say what shall go wrong."""
    wanted = {"carrier": carrier, "operation": operation, "fault": fault, **more}
    answer = client.post("/_/faults", json=wanted)
    assert answer.status_code == 201, answer.text


def transcript(client: httpx.Client, call_id: str) -> dict[str, Any]:
    """Wait until a call is over and everything about it is told, and return its transcript."""
    answer = client.get(f"/_/calls/{call_id}", params={"wait": "true"})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def confirm_caller_id(client: httpx.Client, carrier: str, number: str, **more: Any) -> None:
    """Key in the code with which a carrier verifies a number, or fail to."""
    wanted = {"carrier": carrier, **more}
    answer = client.post(f"/_/caller-ids/{number}/complete", json=wanted)
    assert answer.status_code == 200, answer.text


def enter_numbers(
    client: httpx.Client, carrier: str, first: str, count: int, **config: Any
) -> list[dict[str, Any]]:
    """Put numbers into the default account as if they had been bought in the portal."""
    wanted = {"carrier": carrier, "from": first, "count": count, "config": config}
    answer = client.post("/_/numbers", json=wanted)
    assert answer.status_code == 201, answer.text
    entered: list[dict[str, Any]] = answer.json()["numbers"]
    return entered
