"""Lambda events that nobody would make: the samples of events/, spoilt in every way."""

import base64
import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.functions.events import ROOT

type Json = Any

_DEEP = 100_000
_LINE = 'x\r\n{"level":"ERROR","message":"forged"}\n\u2028\x85\x1b[31m'

# Put where the sample has something else.
_ODD: list[Any] = [
    None, True, False, 0, -1, 2**63, 1e308, "", " ", "\x00", "\ud800", "é" * 40, "²", "null",
    [], [None], [[]], {}, {"": ""}, {"a": {"a": {}}}, _LINE, "%00", "%ff%fe", "../../etc/passwd",
    "${jndi:ldap://x}", "' OR 1=1 --", "<script>alert(1)</script>", "9" * 5_000, "A" * 100_000,
    "2026-99-99T99:99:99Z", "+14155550100\r\nX-Injected: 1", "NaN", "-0", "1e999", "0x1F",
]  # fmt: skip

_XML = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<x>&b;&b;&b;</x>]]></Say></Response>"
)


def bodies(luck: random.Random) -> list[tuple[str, bool]]:
    """Return odd bodies, each with whether it is said to be base64."""
    junk = luck.randbytes(luck.randrange(400))
    return [
        ("", True),
        ("not base64 at all!", True),
        ("YQ", True),
        (base64.b64encode(junk).decode(), True),
        (base64.b64encode(b"\xff\xfe{\x00}\x00").decode(), True),
        (base64.b64encode("{}".encode("utf-16")).decode(), True),
        (junk.decode("latin-1"), False),
        ("[" * _DEEP, False),
        ("[" * _DEEP + "]" * _DEEP, False),
        ('{"a":' * _DEEP + "1" + "}" * _DEEP, False),
        ("1" * 50_000, False),
        ('{"a": ' + "1" * 50_000 + "}", False),
        ("null", False),
        ('"text"', False),
        ("[]", False),
        ("NaN", False),
        ('{"a": Infinity, "a": -Infinity}', False),
        ('{"\ud800": "\udfff"}', False),
        ('{"\\ud800": "\\udfff"}', False),
        ("{", False),
        (_XML, False),
        ("\ufeff{}", False),
        (_LINE, False),
        (json.dumps({"text": _LINE, "body": _XML, "name": _LINE, "phone_number": _LINE}), False),
        ("&".join(f"a{n}={n}" for n in range(20_000)), False),
        ("%" * 3_000, False),
    ]


def huge() -> str:
    """Return a body as large as Lambda takes one: 6 MB."""
    return '{"name": "' + "x" * (6 * 1024 * 1024 - 20) + '"}'


def samples(folder: str) -> list[Json]:
    """Return all events of a folder."""
    return [json.loads(path.read_text()) for path in sorted((ROOT / folder).glob("*.json"))]


def spoilt(folder: str, events: list[Json], times: int) -> Iterator[Json]:
    """Yield so many spoilt events."""
    luck = random.Random(f"fuzz {folder}")
    for n in range(times):
        event = deepcopy(luck.choice(events))
        if n % 3 == 0 and isinstance(event, dict) and "body" in event:
            body, is_base64 = luck.choice(bodies(luck))
            event |= {"body": body, "isBase64Encoded": is_base64}
        for _ in range(luck.choice([0, 1, 1, 2, 5]) if n % 3 == 0 else luck.choice([1, 1, 2, 4])):
            event = _spoil(event, luck)
        # Now and then one that has no form at all.
        yield deepcopy(luck.choice(_ODD)) if n % 25 == 24 else event


def _spoil(event: Json, luck: random.Random) -> Json:
    """Replace or remove something at a random place, or put JSON into what is JSON in a text."""
    if not isinstance(event, dict | list) or not event:
        return deepcopy(luck.choice(_ODD))
    place = luck.choice(list(event)) if isinstance(event, dict) else luck.randrange(len(event))
    value = event[place]
    if place == "body" and isinstance(value, str) and value[:1] in "{[" and luck.random() < 0.8:
        try:
            event[place] = json.dumps(_spoil(json.loads(value), luck))
        except (ValueError, RecursionError):
            event[place] = luck.choice(_ODD)
    elif isinstance(value, dict | list) and value and luck.random() < 0.7:
        event[place] = _spoil(value, luck)
    elif luck.random() < 0.3:
        del event[place]
    else:
        event[place] = deepcopy(luck.choice(_ODD))
    return event
