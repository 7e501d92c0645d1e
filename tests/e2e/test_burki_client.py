"""The published Python client `burki`: what its user changes is the base URL.

docs/clients.md says where the client itself is at fault; the last tests hold it to that.
"""

from collections.abc import Callable, Iterator

import burki
import pytest
from burki import BurkiClient
from pydantic import ValidationError

from local.outbound import CALLEE
from local.seed import CARRIERS
from tests.e2e.calling import WIDE, limits
from tests.e2e.conftest import LocalStack

FIRST_ANSWER_S = 60.0


@pytest.fixture
def client(local_stack: LocalStack) -> Iterator[BurkiClient]:
    """Return the client as its documentation makes one, with our URL and key."""
    with BurkiClient(
        api_key=local_stack.env["SWITCHBOARD_TOKEN"],
        base_url=local_stack.url,
        timeout=FIRST_ANSWER_S,
    ) as client:
        yield client


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_client_of_burki_finds_buys_calls_and_releases(
    local_stack: LocalStack, client: BurkiClient, carrier: str
) -> None:
    assistant_id = int(local_stack.env["ASSISTANT_ID"])

    found = client.phone_numbers.search(provider=carrier, country_code="US", area_code="212")
    number = found.numbers[0].phone_number
    bought = client.phone_numbers.purchase(
        number, carrier, friendly_name="Support", assistant_id=assistant_id
    )
    answering = client.assistants.get_by_phone(number)
    shown = client.phone_numbers.get_webhooks(number)
    with limits(local_stack, WIDE):
        placed = client.calls.initiate(from_phone_number=number, to_phone_number=CALLEE)
    assert placed.call_id is not None
    assert placed.call_sid is not None
    by_id, by_sid = client.calls.get(placed.call_id), client.calls.get_by_sid(placed.call_sid)
    noted = client.calls.update_metadata(placed.call_id, {"order": 7})
    released = client.phone_numbers.release(number)

    assert found.success
    assert found.total_found == len(found.numbers)
    assert bought.success
    assert answering.id == assistant_id
    assert shown.voice_webhook_url is not None
    assert shown.voice_webhook_url.startswith(local_stack.url)
    assert placed.success
    assert by_id.id == by_sid.id == noted.id == placed.call_id
    # The client reads names that the API never had; the number is in `customer_phone_number`.
    assert by_id.customer_phone is None
    assert placed.call_id in [call.id for call in client.calls.list(limit=10)]
    assert released.success
    with pytest.raises(burki.NotFoundError, match="released"):
        client.phone_numbers.release(number)
    assert local_stack.times_bought(number) == 1


def test_a_number_is_given_to_an_assistant_that_the_client_made(
    local_stack: LocalStack, client: BurkiClient
) -> None:
    media = {"stream_url": "wss://media.example.com/stream"}
    assistant = client.assistants.create(
        name="Front desk", llm_settings={"welcome_message": "Hello!", "model": "any"}, **media
    )
    number = client.phone_numbers.search(provider="twilio").numbers[0].phone_number
    client.phone_numbers.purchase(number, "twilio")

    # The client has no call for it: this is what its http client sends.
    assigned = client._http_client.post(
        f"/api/v1/assistants/{assistant.id}/phone-numbers/assign-by-number",
        json={"phone_number": number},
    )
    renamed = client.assistants.update(assistant.id, name="Night desk")

    assert assigned["success"] is True
    assert client.assistants.get_by_phone(number).name == renamed.name == "Night desk"
    assert renamed.llm_settings is not None
    assert renamed.llm_settings.welcome_message == "Hello!"
    assert client.assistants.update_status(assistant.id, is_active=False).is_active is False
    assert client.assistants.delete(assistant.id)
    with pytest.raises(burki.NotFoundError):
        client.assistants.get_by_phone(number)
    client.phone_numbers.release(number)


def test_the_client_tells_its_user_what_was_refused(client: BurkiClient) -> None:
    refusals: list[tuple[Callable[[], object], type[Exception], str]] = [
        (
            lambda: client.phone_numbers.search(provider="nobody"),
            burki.ValidationError,
            "Provider must be",
        ),
        (
            lambda: client.phone_numbers.purchase("212", "twilio"),
            burki.ValidationError,
            "E.164",
        ),
        (lambda: client.phone_numbers.release("+12125550000"), burki.NotFoundError, "not found"),
        (lambda: client.assistants.get(1), burki.NotFoundError, "not found"),
        (lambda: client.calls.get(1), burki.NotFoundError, "not found"),
    ]

    for ask, kind, words in refusals:
        with pytest.raises(kind, match=words):
            ask()


def test_a_wrong_key_is_the_clients_authentication_error(local_stack: LocalStack) -> None:
    with (
        BurkiClient(api_key="burki_nobody", base_url=local_stack.url, timeout=60) as stranger,
        pytest.raises(burki.AuthenticationError, match="Provide a valid API key"),
    ):
        stranger.calls.list()


# --- where the client is at fault ---


def test_the_client_takes_no_country_for_an_answer(client: BurkiClient) -> None:
    """It wants objects where the API, as documented, lists codes."""
    with pytest.raises(ValidationError, match="country_codes"):
        client.phone_numbers.get_countries("twilio")


def test_the_client_asks_for_a_search_of_calls_that_the_api_no_longer_has(
    client: BurkiClient,
) -> None:
    with pytest.raises(burki.ValidationError):
        client.calls.search("+1212")
