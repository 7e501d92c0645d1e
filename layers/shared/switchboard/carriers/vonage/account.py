"""A Vonage account: connect it, with the application that its numbers and calls belong to."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

from ...errors import InvalidCredentials, NotConfigurable, NothingThere
from ...model import E164
from ..base import Check, Connection, Credentials
from ..problems import unanswered
from ..stock import Drift, Verification, drifts
from .api import (
    DEFAULT_REGION,
    FALLBACK_PATH,
    PAGE_SIZE,
    SMS_PATH,
    WEBHOOK_PATH,
    VonageApi,
    read_private_key,
)

_KEY_BITS = 2048
# The longest that Vonage allows, in milliseconds: a cold start may take some of it.
CONNECTION_TIMEOUT_MS = 1000
ANSWER_TIMEOUT_MS = 5000
EVENT_TIMEOUT_MS = 10_000

type Json = dict[str, Any]


class VonageAccount(VonageApi):
    """One Vonage account, as it is connected: with what its numbers and calls are tied to."""

    credential_fields: ClassVar[tuple[str, ...]] = ("api_key", "api_secret", "signature_secret")
    credential_options: ClassVar[tuple[str, ...]] = ("api_region",)

    def connect(self) -> Connection:
        """Read the balance; find the application by our mark, or make it.

        Its key pair is made here, so that the private half never travels. One that is stored
        already stays as long as the application has the other half.
        """
        region = self._credentials.get("api_region") or DEFAULT_REGION
        host = self._voice_host
        balance = self._look("read the balance", "/account/get-balance")
        application_id, private_key, application = self._application()
        known = ("api_key", "api_secret", "signature_secret")
        return Connection(
            credentials={name: self._credentials[name] for name in known}
            | {"api_region": region, "application_id": application_id, "private_key": private_key},
            checks=[
                Check("balance", f"{balance.get('value')} EUR"),
                Check("application", application),
                Check("region", f"{region}: calls are placed at {host}"),
                # No request tells whether it is the account's.
                Check("signature secret", "stored; the first call's webhooks prove it"),
            ],
        )

    def is_account_of(self, earlier: Credentials) -> bool:
        """Compare the API key, which is the account's name: what is rotated is its secret."""
        return bool(self._credentials["api_key"] == earlier.get("api_key"))

    def account_name(self) -> str:
        """Read the balance, which any valid key may: Vonage names no account; one request."""
        self._look("read the balance", "/account/get-balance")
        return "Vonage"

    def account_drifts(self) -> tuple[Drift, ...]:
        """Look at the application: one request."""
        known = self._credentials.get("application_id")
        try:
            found = self._applications("show the application", "GET", f"/{known}")
        except NothingThere:
            return (Drift("application_id", "gone", known),)
        shown = SimpleNamespace(**hooks(found.get("capabilities") or {}))
        return drifts(hooks(self.capabilities()), shown)

    @property
    def _mark(self) -> str:
        return f"switchboard-{self._context.stage}-{self._context.organization_id}"

    def _application(self) -> tuple[str, str, str]:
        """Return the application's id, its private key, and a report."""
        found = self._stored() or self._marked()
        private_key = self._known_key(found) or _new_key()
        wanted = {
            "name": self._mark,
            "capabilities": self.capabilities(),
            "keys": {"public_key": public_key(private_key)},
        }
        if found is None:
            what = "make an application"
            made = self._applications(what, "POST", json=wanted).get("id")
            if not made:
                raise unanswered("Vonage", what, "its answer could not be read", repeatable=True)
            return str(made), private_key, f"made {made}"
        found_id = str(found["id"])
        # Whatever was changed by hand meanwhile is put right again.
        self._applications("update the application", "PUT", f"/{found_id}", json=wanted)
        return found_id, private_key, f"found {found_id}, its URLs renewed"

    def capabilities(self) -> Json:
        """Return what an application can do whose calls and messages are ours."""
        context = self._context
        url = context.webhook_url(WEBHOOK_PATH)

        def hook(address: str, method: str, socket_timeout: int) -> Json:
            return {
                "address": address,
                "http_method": method,
                "connection_timeout": CONNECTION_TIMEOUT_MS,
                "socket_timeout": socket_timeout,
            }

        fallback = context.public_base_url + FALLBACK_PATH
        messages = {"address": context.webhook_url(SMS_PATH), "http_method": "POST"}
        return {
            "voice": {
                "signed_callbacks": True,
                "webhooks": {
                    "answer_url": hook(url, "POST", ANSWER_TIMEOUT_MS),
                    "fallback_answer_url": hook(fallback, "GET", ANSWER_TIMEOUT_MS),
                    "event_url": hook(url, "POST", EVENT_TIMEOUT_MS),
                },
            },
            "messages": {"webhooks": {"inbound_url": messages, "status_url": messages}},
        }

    def _stored(self) -> Json | None:
        """Return the application that was connected before, if it is this account's and ours."""
        known = self._credentials.get("application_id")
        if not known:
            return None
        try:
            found = self._applications("show the application", "GET", f"/{known}")
        except NothingThere:
            return None
        return found if found.get("name") == self._mark else None

    def _marked(self) -> Json | None:
        return next((it for it in self._pages() if it.get("name") == self._mark), None)

    def _pages(self) -> Iterator[Json]:
        page, last = 1, 1
        while page <= last:
            query = {"page_size": PAGE_SIZE, "page": page}
            found = self._applications("list the applications", "GET", fields=query)
            yield from (found.get("_embedded") or {}).get("applications") or []
            page, last = page + 1, int(found.get("total_pages") or 1)

    def _known_key(self, application: Json | None) -> str | None:
        """Return the stored private key, if it is the application's."""
        stored = str(self._credentials.get("private_key") or "")
        if not stored or application is None:
            return None
        try:
            mine = public_key(stored)
        except InvalidCredentials:
            return None
        return stored if same_key(application, mine) else None

    def has_verified(self, phone_number: E164) -> bool:
        """Say no: Vonage lets an account show the numbers that it holds, and none besides."""
        return False

    def verified_caller_ids(self) -> list[tuple[E164, str]]:
        """Return none: Vonage has no such thing."""
        return []

    def verify_caller_id(
        self, phone_number: E164, friendly_name: str, code: str | None = None
    ) -> Verification:
        """Raise NotConfigurable: there is nothing to verify a number for."""
        raise NotConfigurable(
            f"Vonage has no verified caller ids: calls show a number that the account holds. Buy "
            f"one, or verify {phone_number} at another carrier and call from there."
        )


def hooks(capabilities: Json) -> Json:
    """Return an application's addresses and methods, each under a name of its own."""
    voice = capabilities.get("voice") or {}
    found = {
        **(voice.get("webhooks") or {}),
        **((capabilities.get("messages") or {}).get("webhooks") or {}),
    }
    shown: Json = {"signed_callbacks": voice.get("signed_callbacks")}
    for name, hook in found.items():
        shown[name] = hook.get("address")
        shown[f"{name.removesuffix('_url')}_method"] = hook.get("http_method")
    return shown


def public_key(private_key: str) -> str:
    """Return the public half of a key, in PEM; raise InvalidCredentials if it is none."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    half = read_private_key(private_key).public_key()
    return half.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def same_key(application: Json, mine: str) -> bool:
    """Tell whether an application has this public key, however its lines are broken."""
    theirs = str((application.get("keys") or {}).get("public_key") or "")
    return "".join(theirs.split()) == "".join(mine.split())


def _new_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    made = rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
