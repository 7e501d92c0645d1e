"""The round trips that the design allows, counted on the functions' own code.

`make bench` prints the same counts.
"""

import pytest

from bench import round_trips, telling
from bench.deployment import deployment

pytestmark = [
    pytest.mark.enable_socket,
    # moto copies the request's headers with a method that botocore has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:moto"),
]


@pytest.mark.parametrize(("carrier", "requests"), [("twilio", 1), ("telnyx", 1), ("vonage", 2)])
def test_a_purchase_asks_the_carrier_seldom_and_the_table_four_times(
    carrier: str, requests: int
) -> None:
    with deployment(carrier) as deployed:
        spent = round_trips.purchase(deployed)

    assert spent.carrier == requests
    assert spent.dynamodb == 4  # the API token, the assistant, the claim, the settlement


def test_a_number_that_telnyx_wants_searched_first_takes_two_requests_more() -> None:
    with deployment("telnyx") as deployed:
        spent = round_trips.purchase(deployed, search_first=True)

    assert spent.carrier == 3  # the refused order, the search, the order
    assert spent.dynamodb == 4


def test_the_first_use_of_a_key_in_a_minute_takes_one_request_more() -> None:
    with deployment("twilio") as deployed:
        asked = [round_trips.authorization(deployed).dynamodb for _ in range(3)]

    assert asked == [2, 1, 1]


@pytest.mark.parametrize(("carrier", "requests"), [("twilio", 0), ("telnyx", 1), ("vonage", 0)])
def test_an_inbound_call_takes_one_read_and_one_write(carrier: str, requests: int) -> None:
    with deployment(carrier) as deployed:
        round_trips.purchase(deployed)
        spent = round_trips.inbound_call(deployed)

    assert spent.carrier == requests
    assert spent.dynamodb == 2
    assert spent.secrets == 2  # only a cold function: the carrier's credentials, the session key


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "vonage"])
def test_a_call_that_we_place_takes_one_read_and_two_writes_and_is_dialled_once(
    carrier: str,
) -> None:
    with deployment(carrier) as deployed:
        round_trips.purchase(deployed)
        asked = round_trips.authorization(deployed)
        spent = round_trips.outbound_call(deployed)

    assert spent.carrier == 1
    assert spent.dynamodb == 3  # what it depends on, the reservation, how it went
    assert spent.secrets == 2  # only a cold function: the carrier's credentials, the session key
    assert asked.dynamodb == 1  # the API key, once for any request


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "vonage"])
def test_a_text_message_takes_four_requests_and_is_sent_once(carrier: str) -> None:
    with deployment(carrier) as deployed:
        round_trips.purchase(deployed)
        spent = telling.text(deployed)

    assert spent.carrier == 1
    assert spent.dynamodb == 4  # the API key is not among them


def test_an_event_that_follows_another_is_delivered_in_seven_requests() -> None:
    with deployment("twilio") as deployed:
        round_trips.purchase(deployed)
        spent = telling.delivery(deployed)

    assert spent.dynamodb == 7
