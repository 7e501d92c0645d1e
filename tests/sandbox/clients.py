"""The carriers' REST APIs as a customer's program uses them."""

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key


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


@dataclass
class VonageClient:
    """Vonage's REST APIs as one account sees them, and the Voice API as its applications do."""

    http: httpx.Client
    key: str
    secret: str
    signature_secret: str

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with the account's key and secret."""
        auth = (self.key, self.secret)
        return self.http.request(method, f"/vonage{path}", auth=auth, **options)

    def buy(self, number: str, country: str = "US") -> httpx.Response:
        """Buy a number."""
        return self("POST", "/number/buy", data={"country": country, "msisdn": number[1:]})

    def link(self, number: str, application: str, country: str = "US") -> httpx.Response:
        """Link a number to an application."""
        form = {"country": country, "msisdn": number[1:], "app_id": application}
        return self("POST", "/number/update", data=form)

    def application(self, url: str, messages: str = "", **voice: Any) -> "VonageApplication":
        """Make an application whose webhooks come below a URL, those of messages to another."""
        webhooks = {
            "answer_url": {"address": f"{url}/answer?org=1", "http_method": "POST"},
            "fallback_answer_url": {"address": f"{url}/fallback", "http_method": "POST"},
            "event_url": {"address": f"{url}/event?org=1", "http_method": "POST"},
        }
        able: dict[str, Any] = {"voice": {"webhooks": webhooks} | voice}
        if messages:
            hook = {"address": messages, "http_method": "POST"}
            able["messages"] = {"webhooks": {"inbound_url": hook, "status_url": hook}}
        wanted = {"name": "test", "capabilities": able}
        made = self("POST", "/v2/applications", json=wanted)
        assert made.status_code == 201, made.text
        body = made.json()
        return VonageApplication(self.http, body["id"], body["keys"]["private_key"])


@dataclass
class VonageApplication:
    """Vonage's Voice API, and what else takes its tokens, as one application sees it."""

    http: httpx.Client
    id: str
    private_key: str

    def token(self, **claims: Any) -> str:
        """Sign a token with the application's key."""
        now = int(time.time())
        usual = {"application_id": self.id, "iat": now, "exp": now + 60, "jti": str(uuid4())}
        return jwt.encode(usual | claims, self._key, algorithm="RS256")

    @cached_property
    def _key(self) -> Any:
        # To check a key at each of its uses takes longer than the requests.
        text = self.private_key.encode()
        return load_pem_private_key(text, None, unsafe_skip_rsa_key_validation=True)

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with a fresh token."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        return self.http.request(method, f"/vonage/v1/calls{path}", headers=headers, **options)

    def message(self, message: dict[str, Any]) -> httpx.Response:
        """Send a message."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        return self.http.post("/vonage/v1/messages", headers=headers, json=message)

    def file(self, url: str) -> httpx.Response:
        """Fetch a file."""
        return self.http.get(url, headers={"Authorization": f"Bearer {self.token()}"})


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
