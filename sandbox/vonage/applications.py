"""Vonage's applications: the webhooks of calls, and the key pair that the Voice API wants."""

import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from sandbox import ids
from sandbox.books import Resource
from sandbox.vonage.rest import figure, not_found, problem
from sandbox.wire import Asked, Refused, Reply

APPLICATIONS = "applications"
_USUAL_PAGE = 10
_METHODS = ("GET", "POST")
# https://developer.vonage.com/en/api/application.v2: milliseconds.
_TIMEOUTS = {
    "answer_url": {"connection_timeout": (300, 1000), "socket_timeout": (1000, 5000)},
    "fallback_answer_url": {"connection_timeout": (300, 1000), "socket_timeout": (1000, 5000)},
    "event_url": {"connection_timeout": (300, 1000), "socket_timeout": (1000, 10_000)},
}


def list_all(asked: Asked) -> Reply:
    """List the account's applications, a page at a time."""
    size = max(1, figure(asked, "page_size", _USUAL_PAGE))
    number = max(1, figure(asked, "page", 1))
    rows = [_shown(r) for r in asked.world.books.resources_of(asked.account, APPLICATIONS)]
    body = {
        "page_size": size,
        "page": number,
        "total_items": len(rows),
        "total_pages": max(1, -(-len(rows) // size)),
        "_embedded": {"applications": rows[(number - 1) * size : number * size]},
        "_links": {"self": {"href": f"/v2/applications?page_size={size}&page={number}"}},
    }
    return Reply(200, body)


def create(asked: Asked) -> Reply:
    """Make one; without a public key Vonage makes the pair, and shows the private one only now."""
    body = _checked(asked.body)
    private = None
    if "public_key" not in body["keys"]:
        private, body["keys"]["public_key"] = _key_pair()
    made = Resource("vonage", asked.account.id, APPLICATIONS, ids.uuid(), body)
    asked.world.books.resources.append(made)
    shown = _shown(made)
    if private is not None:
        shown["keys"] = shown["keys"] | {"private_key": private}
    return Reply(201, shown)


def get(asked: Asked) -> Reply:
    """Show one."""
    return Reply(200, _shown(_found(asked)))


def update(asked: Asked) -> Reply:
    """Replace one: a capability that is not sent is gone; the key stays unless another is sent."""
    found = _found(asked)
    body = _checked(asked.body)
    found.body = body | {"keys": found.body["keys"] | body["keys"]}
    return Reply(200, _shown(found))


def delete(asked: Asked) -> Reply:
    """Delete one; its numbers lead nowhere then."""
    found = _found(asked)
    asked.world.books.resources.remove(found)
    for number in asked.world.books.numbers_of(asked.account):
        if number.config.get("app_id") == found.id:
            del number.config["app_id"]
    return Reply(204)


def voice(application: Resource) -> dict[str, Any]:
    """Return an application's voice capability, empty when it has none."""
    found: dict[str, Any] = application.body["capabilities"].get("voice") or {}
    return found


def messages(application: Resource) -> dict[str, Any]:
    """Return an application's messages capability, empty when it has none."""
    found: dict[str, Any] = application.body["capabilities"].get("messages") or {}
    return found


def _shown(application: Resource) -> dict[str, Any]:
    link = {"self": {"href": f"/v2/applications/{application.id}"}}
    return {"id": application.id} | application.body | {"_links": link}


def _found(asked: Asked) -> Resource:
    found = asked.world.books.resource(asked.account, APPLICATIONS, asked.path["id"])
    if found is None:
        raise Refused(not_found())
    return found


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    name, capabilities = body.get("name"), body.get("capabilities", {})
    if not isinstance(name, str) or not name:
        raise _wrong("name", "must be at least 1 character long")
    if not isinstance(capabilities, dict):
        raise _wrong("capabilities", "must be an object")
    if "voice" in capabilities:
        capabilities = capabilities | {"voice": _checked_voice(capabilities["voice"])}
    key = (body.get("keys") or {}).get("public_key")
    if key is not None:
        _check_key(key)
    privacy = {"improve_ai": False} | (body.get("privacy") or {})
    keys = {"public_key": key} if key is not None else {}
    return {"name": name, "keys": keys, "privacy": privacy, "capabilities": capabilities}


def _checked_voice(capability: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"signed_callbacks": True}
    webhooks = capability.get("webhooks", {}) if isinstance(capability, dict) else None
    if not isinstance(webhooks, dict):
        raise _wrong("capabilities.voice", "must be an object with webhooks")
    for name, webhook in webhooks.items():
        if name not in _TIMEOUTS:
            raise _wrong(f"capabilities.voice.webhooks.{name}", "is not a webhook of voice")
        _check_webhook(f"capabilities.voice.webhooks.{name}", webhook, _TIMEOUTS[name])
    # New applications sign their webhooks unless they say otherwise.
    return usual | dict(capability)


def _check_webhook(name: str, webhook: Any, limits: dict[str, tuple[int, int]]) -> None:
    address = webhook.get("address") if isinstance(webhook, dict) else None
    if not re.match(r"https?://[^/?#\s]+([/?#]\S*)?$", str(address)):
        raise _wrong(f"{name}.address", "must be a valid URL")
    if webhook.get("http_method", "GET") not in _METHODS:
        raise _wrong(f"{name}.http_method", "must be GET or POST")
    for field, (least, most) in limits.items():
        if not least <= webhook.get(field, most) <= most:
            raise _wrong(f"{name}.{field}", f"must be between {least} and {most}")


def _check_key(pem: Any) -> None:
    try:
        load_pem_public_key(str(pem).encode())
    except ValueError as error:
        raise _wrong("keys.public_key", "must be a public key in PEM format") from error


def _wrong(name: str, reason: str) -> Refused:
    detail = "The request failed due to validation errors"
    parameters = [{"name": name, "reason": reason}]
    reply = problem(400, "payload-validation", "Bad Request", detail, invalid_parameters=parameters)
    return Refused(reply)


def _key_pair() -> tuple[str, str]:
    """Make a private and a public key in PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
