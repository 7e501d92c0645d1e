"""A Telnyx account: connect it, and ask which numbers it may show."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ...errors import CarrierPermissionDenied, NothingThere
from ...model import E164
from ..base import Check, Connection, Credentials
from ..stock import Drift, Verification, drifts
from .api import PAGE_SIZE, WEBHOOK_PATH, TelnyxApi, path_of, public_key

# Telnyx gives a webhook 2 s unless the application says otherwise (0 to 30).
WEBHOOK_TIMEOUT_S = 10
# A call that gets no command ends after this: the caller hears the end, not ringing forever.
_FIRST_COMMAND_TIMEOUT_S = 15


class TelnyxAccount(TelnyxApi):
    """One Telnyx account, as it is connected: with what its numbers and calls are tied to."""

    credential_fields: ClassVar[tuple[str, ...]] = ("api_key", "public_key")
    credential_options: ClassVar[tuple[str, ...]] = ()

    def connect(self) -> Connection:
        """Read the balance; find or make the voice profile, the application, the messaging profile.

        They carry our mark in their name, by which the next run finds them.
        """
        public_key(self._credentials["public_key"])
        balance = self._look("read the balance", "/balance")
        profile_id, profile = self._outbound_voice_profile()
        connection_id, application = self._application(profile_id)
        messaging_id, messaging = self._messaging_profile()
        return Connection(
            credentials={
                "api_key": self._credentials["api_key"],
                "public_key": self._credentials["public_key"],
                "connection_id": connection_id,
                "outbound_voice_profile_id": profile_id,
                "messaging_profile_id": messaging_id,
            },
            checks=[
                Check("balance", f"{balance.balance} {balance.currency}"),
                Check("outbound voice profile", profile),
                Check("call control application", application),
                Check("messaging profile", messaging),
                # An account setting without an API of its own that we know.
                Check(
                    "order notifications",
                    "send number orders' events in the Telnyx portal to "
                    f"{self._context.webhook_url(WEBHOOK_PATH)}, so that pending orders settle",
                ),
            ],
        )

    def is_account_of(self, earlier: Credentials) -> bool:
        """Look whether the application of then is in it: Telnyx names no account. One request.

        None for the same key, nor where nothing was made yet. Whoever has deleted the application
        cannot be told from another account.
        """
        made, key = earlier.get("connection_id"), earlier.get("api_key")
        if not made or self._credentials["api_key"] == key:
            return True
        try:
            path = path_of("call_control_applications", made)
            self._look("show the call control application", path)
        except (NothingThere, CarrierPermissionDenied):
            return False
        return True

    def account_name(self) -> str:
        """Read the balance, which any valid key may: Telnyx names no account; one request."""
        public_key(self._credentials["public_key"])
        self._look("read the balance", "/balance")
        return "Telnyx"

    def account_drifts(self) -> tuple[Drift, ...]:
        """Look at the application and the messaging profile: two requests."""
        return (
            *self._drifts("connection_id", "call_control_applications", self.application_webhooks),
            *self._drifts("messaging_profile_id", "messaging_profiles", self.messaging_webhooks),
        )

    def _drifts(self, field: str, kind: str, wanted: dict[str, Any]) -> tuple[Drift, ...]:
        known = self._credentials.get(field)
        of_texts = field == "messaging_profile_id"
        try:
            found = self._look("show where webhooks go", path_of(kind, str(known)))
        except NothingThere:
            return (Drift(field, "gone", known, of_texts),)
        return drifts(wanted, found, of_texts=of_texts)

    @property
    def application_webhooks(self) -> dict[str, Any]:
        """How the application must point at us."""
        url = self._context.webhook_url(WEBHOOK_PATH)
        return {
            "active": True,
            "webhook_event_url": url,
            # Replies are not heard on Telnyx, so no static document can stand in for us:
            # the second URL is for three more attempts.
            "webhook_event_failover_url": url,
            "webhook_api_version": "2",
        }

    @property
    def messaging_webhooks(self) -> dict[str, Any]:
        """How the messaging profile must point at us."""
        return {
            "webhook_url": self._context.webhook_url(WEBHOOK_PATH),
            "webhook_api_version": "2",
        }

    @property
    def _mark(self) -> str:
        return f"switchboard-{self._context.stage}-{self._context.organization_id}"

    def _outbound_voice_profile(self) -> tuple[str, str]:
        return self._adopt("outbound voice profile", "/outbound_voice_profiles", "name", {})

    def _application(self, profile_id: str) -> tuple[str, str]:
        wanted = self.application_webhooks | {
            "webhook_timeout_secs": WEBHOOK_TIMEOUT_S,
            "first_command_timeout": True,
            "first_command_timeout_secs": _FIRST_COMMAND_TIMEOUT_S,
            # An event more per call, with what it cost.
            "call_cost_in_webhooks": True,
            # Without a profile the first dial fails with D38.
            "outbound": {"outbound_voice_profile_id": profile_id},
        }
        return self._adopt(
            "call control application", "/call_control_applications", "application_name", wanted
        )

    def _messaging_profile(self) -> tuple[str, str]:
        return self._adopt(
            "messaging profile",
            "/messaging_profiles",
            "name",
            self.messaging_webhooks,
            # Only when it is made: whom it may write to is the account owner's to narrow.
            at_first={"whitelisted_destinations": ["*"]},
        )

    def _adopt(
        self,
        what: str,
        path: str,
        attribute: str,
        wanted: Mapping[str, Any],
        *,
        at_first: Mapping[str, Any] | None = None,
    ) -> tuple[str, str]:
        """Return the id of the one that carries our mark, made if there is none, and a report."""
        named = {attribute: self._mark}
        # The filters match parts of names.
        filters = {f"filter[{attribute}][contains]": self._mark, "page[size]": PAGE_SIZE}
        listed = self._list(f"list each {what}", path, filters)
        found = next((it for it in listed if it[attribute] == self._mark), None)
        if found is None:
            made = self._ask(
                f"make a {what}",
                "POST",
                path,
                lambda answer: str(answer.data["id"]),
                body={**named, **wanted, **(at_first or {})},
                buys=True,
            )
            return made, f"made {made}"
        found_id = str(found.id)
        if not wanted:
            return found_id, f"found {found_id}"
        # Whatever was changed by hand meanwhile is put right again.
        self._send(f"update the {what}", "PATCH", f"{path}{path_of(found_id)}", {**named, **wanted})
        return found_id, f"found {found_id}, its URLs and limits renewed"

    def has_verified(self, phone_number: E164) -> bool:
        """Look for the number among the account's verified numbers."""
        return any(number == phone_number for number, _ in self.verified_caller_ids())

    def verified_caller_ids(self) -> list[tuple[E164, str]]:
        """List them, one request for each 250. Telnyx gives them no names."""
        listed = self._list(
            "list the verified numbers", "/verified_numbers", {"page[size]": PAGE_SIZE}
        )
        return [
            (E164(it.phone_number), it.phone_number)
            for it in listed
            if it.verified_at and it.phone_number
        ]

    def verify_caller_id(
        self, phone_number: E164, friendly_name: str, code: str | None = None
    ) -> Verification:
        """Let Telnyx call it and tell a code; the code is given in a second round.

        A list and one request each time.
        """
        if self.has_verified(phone_number):
            return Verification(phone_number, is_verified=True)
        if code is None:
            # A text would not reach a number of the fixed network.
            wanted = {"phone_number": phone_number, "verification_method": "call"}
            self._send(f"call {phone_number} to verify it", "POST", "/verified_numbers", wanted)
            return Verification(phone_number)
        path = path_of("verified_numbers", phone_number, "actions", "verify")
        self._send(f"take the code for {phone_number}", "POST", path, {"verification_code": code})
        return Verification(phone_number, is_verified=True)
