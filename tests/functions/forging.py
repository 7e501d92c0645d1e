"""Forged webhooks: every way to tamper with a genuine one, the same ones on every run."""

import base64
import binascii
import hashlib
import hmac
import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from tests.builders import OTHER_ORGANIZATION
from tests.carriers.signing import signed_text, vonage_token

type Event = dict[str, Any]
type Forged = tuple[str, Event]
"""How it was tampered with, and what came of it."""

CARRIERS = ("twilio", "telnyx", "vonage", "byo-sip-trunk")
SIGNED = {
    "twilio": ("X-Twilio-Signature",),
    "telnyx": ("telnyx-signature-ed25519", "telnyx-timestamp"),
    "vonage": ("Authorization",),
    "byo-sip-trunk": ("X-Switchboard-Signature", "X-Switchboard-Timestamp"),
}
"""The headers that prove a webhook genuine."""
_ROUTES = {
    "twilio": ("/twiml", "/call-status", "/recording-status", "/webhooks/sms/twilio"),
    "telnyx": (),
    "vonage": (),
    "byo-sip-trunk": (),
}
"""Where else it might be sent, at the carriers that sign the URL."""
_OTHER_TRUNK = "11111111-2222-4333-8444-555555555555"
_MORE = [b"&To=%2B19005550100", b"&CallSid=", b"&=", b"%", b"&", b'"', b"}", b"\x00", b" ", b"\n"]


def forgeries(carrier: str, genuine: list[Event], times: int) -> Iterator[Forged]:
    """Yield so many forgeries of a carrier's genuine events, of every kind."""
    luck = random.Random(f"forgery of {carrier}")
    kinds = _KINDS + _OWN_KINDS[carrier]
    made = 0
    while made < times:
        # One kind after the other, so that a short run has all of them.
        kind = kinds[made % len(kinds)]
        event = luck.choice(genuine)
        forged = kind(carrier, deepcopy(event), luck)
        if forged is None or _says_the_same(carrier, event, forged):
            kind, forged = _cut_signature, _cut_signature(carrier, deepcopy(event), luck)
        yield kind.__name__.strip("_"), forged
        made += 1


def _byte_of_body(carrier: str, event: Event, luck: random.Random) -> Event | None:
    if not event["body"]:
        return None
    return _with_body(event, _flipped(_body(event), luck))


def _piece_of_body(carrier: str, event: Event, luck: random.Random) -> Event | None:
    if not event["body"]:
        return None
    body, place = _body(event), luck.randrange(len(_body(event)))
    more, length = luck.choice([*_MORE, luck.randbytes(4)]), luck.choice([0, 0, 1, 7, 200])
    return _with_body(event, body[:place] + more + body[place + length :])


def _other_body(carrier: str, event: Event, luck: random.Random) -> Event | None:
    if not event["body"]:
        return None
    body = luck.choice([b"", b"{}", b"[]", b"null", b"a=b", luck.randbytes(40)])
    return _with_body(event, body)


def _byte_of_header(carrier: str, event: Event, luck: random.Random) -> Event:
    name = luck.choice(SIGNED[carrier])
    changed = _flipped(event["headers"][name].encode(), luck).decode("latin-1")
    return _with_header(event, name, changed)


def _odd_header(carrier: str, event: Event, luck: random.Random) -> Event:
    name = luck.choice(SIGNED[carrier])
    right = event["headers"][name]
    odd = ["", " ", right * 2, f"{right},{right}", right[:-1], "é", "\ud800", "0", "-1", "9" * 400]
    odd += ["Bearer", "Bearer ", "Bearer ..", "v1=", "=" * 28, "A" * 28, f"{right}\r\nX: y", "²"]
    return _with_header(event, name, luck.choice(odd))


def _no_header(carrier: str, event: Event, luck: random.Random) -> Event:
    del event["headers"][luck.choice(SIGNED[carrier])]
    return event


def _cut_signature(carrier: str, event: Event, luck: random.Random) -> Event:
    name = SIGNED[carrier][0]
    return _with_header(event, name, event["headers"][name][: luck.randrange(20)])


def _other_organization(carrier: str, event: Event, luck: random.Random) -> Event:
    [(name, [value])] = _ours(event)
    organization = luck.choice([str(OTHER_ORGANIZATION), "1002", "7", "9007199254740991"])
    _, _, rest = value.partition("-")
    return _addressed(event, name, f"{organization}-{rest}" if rest else organization)


def _no_address(carrier: str, event: Event, luck: random.Random) -> Event:
    [(name, [value])] = _ours(event)
    odd = ["", "0", "-1", "1001 ", f"{value}'", "1001-", "01001", f"{value}\n", "²", "1" * 400]
    wrong = luck.choice([*odd, f"{value}-{value}", "%31%30%30%31"])
    return _addressed(event, luck.choice([name, "id", name.upper()]), wrong)


def _two_addresses(carrier: str, event: Event, luck: random.Random) -> Event:
    [(name, values)] = _ours(event)
    query = event["multiValueQueryStringParameters"]
    if luck.random() < 0.5:
        query[name] = [*values, str(OTHER_ORGANIZATION)]
    else:
        query["call" if name == "org" else "org"] = [str(OTHER_ORGANIZATION)]
    return event


def _other_endpoint(carrier: str, event: Event, luck: random.Random) -> Event | None:
    others = [it for it in _ROUTES[carrier] if it != event["resource"]]
    return event | {"resource": luck.choice(others)} if others else None


_KINDS: list[Callable[[str, Event, random.Random], Event | None]] = [
    _byte_of_body,
    _piece_of_body,
    _other_body,
    _byte_of_header,
    _odd_header,
    _no_header,
    _cut_signature,
    _other_organization,
    _no_address,
    _two_addresses,
    _other_endpoint,
]


# --- what one carrier's signatures could be mistaken in ---


def _byte_of_url(carrier: str, event: Event, luck: random.Random) -> Event:
    [(name, [value])] = _ours(event)
    return _addressed(event, name, _flipped(value.encode(), luck).decode("latin-1"))


def _other_call(carrier: str, event: Event, luck: random.Random) -> Event:
    return _addressed(event, "call", f"1001-{luck.choice([9002, 1, 2**53 - 1])}")


def _end_of_url(carrier: str, event: Event, luck: random.Random) -> Event:
    # The last digits of the id are moved to where the form begins: what is signed is the same.
    [(name, [value])] = _ours(event)
    length = luck.randint(1, 3)
    kept, moved = value[:-length], value[-length:]
    # As a field's value, or before the name of the one that is signed first.
    beginning = luck.choice([moved, f"={moved}&"]).encode()
    form = beginning + b"&".join(sorted(_body(event).split(b"&")))
    return _addressed(_with_body(event, form), name, kept)


def _other_token(carrier: str, event: Event, luck: random.Random) -> Event:
    url = f"https://hooks.example.com/v1{event['resource']}"
    [(name, [value])] = _ours(event)
    text = f"{url}?{name}={value}{signed_text(carrier, _body(event))}"
    token = luck.choice(["", "f" * 32, "AC" + "0" * 31 + "1", "0123456789ABCDEF" * 2])
    digest = hmac.digest(token.encode(), text.encode(), luck.choice(["sha1", "sha256"]))
    return _with_header(event, "X-Twilio-Signature", base64.b64encode(digest).decode())


def _other_url_signed(carrier: str, event: Event, luck: random.Random) -> Event:
    # Our own key, over another URL than this: of another stage, another host, another scheme.
    token = "0123456789abcdef0123456789abcdef"
    [(name, [value])] = _ours(event)
    base = luck.choice(
        ["http://hooks.example.com/v1", "https://hooks.example.com", "https://evil.example/v1"]
    )
    text = f"{base}{event['resource']}?{name}={value}{signed_text(carrier, _body(event))}"
    digest = hmac.digest(token.encode(), text.encode(), "sha1")
    return _with_header(event, "X-Twilio-Signature", base64.b64encode(digest).decode())


def _other_time(carrier: str, event: Event, luck: random.Random) -> Event:
    name = SIGNED[carrier][1]
    moved = int(event["headers"][name]) + luck.choice([-1, 1, -299, 299, 10**9])
    return _with_header(event, name, str(moved))


def _other_telnyx_key(carrier: str, event: Event, luck: random.Random) -> Event:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(luck.randbytes(32))
    signed = f"{event['headers']['telnyx-timestamp']}|{event['body']}".encode()
    return _with_header(
        event, "telnyx-signature-ed25519", base64.b64encode(key.sign(signed)).decode()
    )


def _weak_ed25519(carrier: str, event: Event, luck: random.Random) -> Event:
    # Points of small order, and a scalar that is not reduced: lax verifiers accept some.
    points = [bytes(32), b"\x01" + bytes(31), b"\xed" + b"\xff" * 30 + b"\x7f", b"\xff" * 32]
    scalars = [bytes(32), b"\x01" + bytes(31), b"\xff" * 32]
    weak = luck.choice(points) + luck.choice(scalars)
    return _with_header(event, "telnyx-signature-ed25519", base64.b64encode(weak).decode())


_SECRET = "vonage-signature-secret-0123456789abcdef"


def _other_algorithm(carrier: str, event: Event, luck: random.Random) -> Event:
    claims, algorithm = _claims(event), luck.choice(["none", "None", "NONE", "", None, "RS256"])
    token = vonage_token({"typ": "JWT", "alg": algorithm}, claims, luck.choice(["", "x"]))
    signature = luck.choice(["", token.rpartition(".")[2], "AAAA"])
    return _bearer(event, f"{token.rpartition('.')[0]}.{signature}")


def _mistaken_key(carrier: str, event: Event, luck: random.Random) -> Event:
    # HMAC with what everybody may know: the account's key, the application, a public key.
    known = ["a1b2c3d4", "aaaaaaaa-bbbb-cccc-dddd-0123456789ab", "", _SECRET[:-1], "None"]
    known.append("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n")
    header = {"typ": "JWT", "alg": luck.choice(["HS256", "RS256"])}
    return _bearer(event, vonage_token(header, _claims(event), luck.choice(known)))


def _signed_with_another_algorithm(carrier: str, event: Event, luck: random.Random) -> Event:
    # The right secret, but a header that names another way to sign.
    algorithm = luck.choice(["HS512", "HS384", "RS256", "none", None, "hs256"])
    return _bearer(event, vonage_token({"alg": algorithm}, _claims(event), _SECRET))


def _other_claims(carrier: str, event: Event, luck: random.Random) -> Event:
    stamp = _claims(event)["iat"]
    odd: list[dict[str, Any]] = [
        {"payload_hash": hashlib.sha256(b"another").hexdigest()},
        {"payload_hash": None},
        {"payload_hash": []},
        {"api_key": "b1b2c3d4"},
        {"api_key": None},
        {"application_id": "bbbbbbbb-bbbb-cccc-dddd-0123456789ab"},
        {"iat": stamp - 301},
        {"iat": stamp + 301},
        {"iat": str(stamp)},
        {"iat": None},
        {"iat": True},
        {"iat": 1e308},
        {"iat": [stamp]},
    ]
    claims = _claims(event) | luck.choice(odd)
    return _bearer(event, vonage_token({"typ": "JWT", "alg": "HS256"}, claims, _SECRET))


def _other_bridge_key(carrier: str, event: Event, luck: random.Random) -> Event:
    key = luck.choice(["", "None", "swbr_", "a-trunk-password"]).encode()
    text = f"{event['headers']['X-Switchboard-Timestamp']}.{event['body']}".encode()
    digest = hmac.digest(key, text, luck.choice(["sha256", "sha1"])).hex()
    prefix = luck.choice(["v1=", "v0=", "", "sha256="])
    return _with_header(event, "X-Switchboard-Signature", f"{prefix}{digest}")


def _other_trunk(carrier: str, event: Event, luck: random.Random) -> Event:
    return _addressed(event, "trunk", f"1001-{_OTHER_TRUNK}")


def _no_trunk(carrier: str, event: Event, luck: random.Random) -> Event:
    name, value = luck.choice([("org", "1001"), ("call", "1001-9001")])
    return _addressed(event, name, value)


_OWN_KINDS: dict[str, list[Callable[[str, Event, random.Random], Event | None]]] = {
    "twilio": [_byte_of_url, _other_call, _end_of_url, _other_token, _other_url_signed],
    "telnyx": [_other_time, _other_telnyx_key, _weak_ed25519],
    "vonage": [
        _other_algorithm,
        _mistaken_key,
        _signed_with_another_algorithm,
        _other_claims,
    ],
    "byo-sip-trunk": [_byte_of_url, _other_time, _other_bridge_key, _other_trunk, _no_trunk],
}


# --- the parts of an event ---


def _body(event: Event) -> bytes:
    body: bytes = event["body"].encode()
    return base64.b64decode(body) if event["isBase64Encoded"] else body


def _with_body(event: Event, body: bytes) -> Event:
    # As API Gateway passes on what is not text.
    encoded = base64.b64encode(body).decode()
    return event | {"body": encoded, "isBase64Encoded": True}


def _with_header(event: Event, name: str, value: str) -> Event:
    return event | {"headers": event["headers"] | {name: value}}


def _bearer(event: Event, token: str) -> Event:
    return _with_header(event, "Authorization", f"Bearer {token}")


def _addressed(event: Event, name: str, value: str) -> Event:
    others = {
        key: it
        for key, it in event["multiValueQueryStringParameters"].items()
        if key not in ("org", "call", "trunk", "message")
    }
    return event | {"multiValueQueryStringParameters": {name: [value]} | others}


def _ours(event: Event) -> list[tuple[str, list[str]]]:
    query = event["multiValueQueryStringParameters"]
    return [(name, query[name]) for name in ("org", "call", "trunk", "message") if name in query]


def _claims(event: Event) -> dict[str, Any]:
    text = event["headers"]["Authorization"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return claims


def _flipped(text: bytes, luck: random.Random) -> bytes:
    changed = bytearray(text)
    changed[luck.randrange(len(text))] ^= 1 << luck.randrange(8)
    return bytes(changed)


def _says_the_same(carrier: str, event: Event, forged: Event) -> bool:
    """Tell whether nothing was changed that anybody signs, or that anybody could."""
    return _meaning(carrier, event) == _meaning(carrier, forged)


def _meaning(carrier: str, event: Event) -> Any:
    headers = [_header(name, event["headers"].get(name)) for name in SIGNED[carrier]]
    body = signed_text(carrier, _body(event) if event["body"] else b"")
    return event["resource"], event["multiValueQueryStringParameters"], headers, body


def _header(name: str, value: str | None) -> Any:
    if name != "telnyx-signature-ed25519":
        return value
    try:
        # Read before it is verified: of base64's last character, some bits say nothing.
        return base64.b64decode(value or "", validate=True)
    except (binascii.Error, ValueError):
        return value
