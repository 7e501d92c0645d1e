"""Standard Webhooks: the signature by which a receiver knows that an event is ours.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

No secret is kept: each is made from the deployment's key, the receiver and its version, so that
nothing has to be guarded, backed up or paid for beside the one key.
"""

import base64
import hmac
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from ..model import Endpoint

# So long both secrets verify after a rotation.
OVERLAP = timedelta(hours=24)


def secret(master: str, endpoint: Endpoint, version: int | None = None) -> str:
    """Return a receiver's signing secret (`whsec_…`), that of now unless a version is named."""
    return f"whsec_{_base64(_key(master, endpoint, 'hmac', version))}"


def public_key(master: str, endpoint: Endpoint) -> str:
    """Return the key (`whpk_…`) with which a receiver verifies without a shared secret."""
    key = _private(master, endpoint, endpoint.key_version).public_key()
    return f"whpk_{_base64(key.public_bytes_raw())}"


def headers(
    master: str, endpoint: Endpoint, event_id: str, body: str, now: datetime
) -> dict[str, str]:
    """Return the headers of one attempt: its signatures hold for five minutes."""
    versions = [endpoint.key_version]
    if endpoint.previous_until and now < endpoint.previous_until:
        versions.append(endpoint.key_version - 1)
    signatures = [
        signature
        for version in versions
        for signature in _signatures(master, endpoint, version, event_id, body, now)
    ]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _signatures(
    master: str, endpoint: Endpoint, version: int, event_id: str, body: str, now: datetime
) -> list[str]:
    signed = [Webhook(_key(master, endpoint, "hmac", version)).sign(event_id, now, body)]
    if endpoint.uses_ed25519:
        text = f"{event_id}.{int(now.timestamp())}.{body}".encode()
        signature = _private(master, endpoint, version).sign(text)
        signed.append(f"v1a,{_base64(signature)}")
    return signed


def _private(master: str, endpoint: Endpoint, version: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_key(master, endpoint, "ed25519", version))


def _key(master: str, endpoint: Endpoint, kind: str, version: int | None) -> bytes:
    # The same key signs session tokens: what it signs there never begins so.
    number = version or endpoint.key_version
    label = f"switchboard webhook {kind} {endpoint.organization_id} {endpoint.id} {number}"
    return hmac.digest(master.encode(), label.encode(), "sha256")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
