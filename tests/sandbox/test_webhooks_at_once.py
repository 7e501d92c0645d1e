"""A slow listener is not flooded."""

import threading

from starlette.responses import Response

from sandbox.world import WEBHOOKS_AT_ONCE
from tests.sandbox.clients import TwilioClient
from tests.sandbox.servers import Customer, Received, wait_until


class SlowListener:
    """Takes its time, and knows how many asked it at once."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        self._never = threading.Event()
        self._now = 0
        self.most = 0

    def __call__(self, _: Received) -> Response:
        with self._counting:
            self._now += 1
            self.most = max(self.most, self._now)
        self._never.wait(0.1)
        with self._counting:
            self._now -= 1
        return Response(status_code=204)


def test_however_many_calls_there_are_only_some_webhooks_are_under_way_at_once(
    customer: Customer, twilio: TwilioClient
) -> None:
    twilio.buy("+14155550100").raise_for_status()
    listener = customer.answers["/status"] = SlowListener()
    dial = {
        "From": "+14155550100",
        "Url": f"{customer.url}/voice",
        "StatusCallback": f"{customer.url}/status",
        "StatusCallbackEvent": ["initiated", "ringing"],
    }

    calls = [
        twilio("POST", "/Calls.json", data=dial | {"To": f"+1415555{n:04d}"}).json()["sid"]
        for n in range(100, 124)
    ]
    wait_until(lambda: {got.form["CallSid"] for got in customer.at("/status")} >= set(calls))

    assert 2 <= listener.most <= WEBHOOKS_AT_ONCE
