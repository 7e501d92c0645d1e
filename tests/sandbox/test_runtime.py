"""The demo runtime speaks both carriers' dialects."""

import json
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

START = {"event": "start", "start": {}}


def said(sandbox: httpx.Client, start: dict[str, Any]) -> list[dict[str, Any]]:
    url = str(sandbox.base_url).replace("http://", "ws://").rstrip("/") + "/runtime/echo/7?x=1"
    with connect(url, proxy=None) as socket:
        for frame in (start, {"event": "media", "media": {"payload": "AAAA"}}, {"event": "stop"}):
            socket.send(json.dumps(frame))
        return [json.loads(message) for message in socket]


@pytest.mark.parametrize(
    ("start", "address"), [(START | {"streamSid": "MZ1"}, {"streamSid": "MZ1"}), (START, {})]
)
def test_it_echoes_and_sets_a_mark_after_the_first_sound(
    sandbox: httpx.Client, start: dict[str, Any], address: dict[str, str]
) -> None:
    assert said(sandbox, start) == [
        {"event": "media", "media": {"payload": "AAAA"}} | address,
        {"event": "mark", "mark": {"name": "first-audio"}} | address,
    ]
