"""A Telnyx account: connect it, and ask which numbers it may show."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from ...model import E164
from ..base import Check, Connection
from ..stock import Verification
from .api import PAGE_SIZE, WEBHOOK_PATH, TelnyxApi, public_key

if TYPE_CHECKING:
    from telnyx import Telnyx as Client

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
        balance = self._ask("read the balance", lambda client: client.balance.retrieve().data)
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
                Check("balance", f"{balance.balance} {balance.currency}" if balance else "unknown"),
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

    def account_name(self) -> str:
        """Read the balance, which any valid key may: Telnyx names no account; one request."""
        public_key(self._credentials["public_key"])
        self._ask("read the balance", lambda client: client.balance.retrieve().data)
        return "Telnyx"

    @property
    def _mark(self) -> str:
        return f"switchboard-{self._context.stage}-{self._context.organization_id}"

    def _outbound_voice_profile(self) -> tuple[str, str]:
        return self._adopt(
            "outbound voice profile",
            "name",
            find=lambda client, mark: client.outbound_voice_profiles.list(
                filter={"name": {"contains": mark}}, page_size=PAGE_SIZE
            ),
            make=lambda client, mark: client.outbound_voice_profiles.create(name=mark),
        )

    def _application(self, profile_id: str) -> tuple[str, str]:
        url = self._context.webhook_url(WEBHOOK_PATH)
        wanted: dict[str, Any] = {
            "application_name": self._mark,
            "webhook_event_url": url,
            # Replies are not heard on Telnyx, so no static document can stand in for us:
            # the second URL is for three more attempts.
            "webhook_event_failover_url": url,
            "webhook_api_version": "2",
            "webhook_timeout_secs": WEBHOOK_TIMEOUT_S,
            "first_command_timeout": True,
            "first_command_timeout_secs": _FIRST_COMMAND_TIMEOUT_S,
            "active": True,
            # An event more per call, with what it cost.
            "call_cost_in_webhooks": True,
            # Without a profile the first dial fails with D38.
            "outbound": {"outbound_voice_profile_id": profile_id},
        }
        return self._adopt(
            "call control application",
            "application_name",
            find=lambda client, mark: client.call_control_applications.list(
                filter={"application_name": {"contains": mark}}, page_size=PAGE_SIZE
            ),
            make=lambda client, _: client.call_control_applications.create(**wanted),
            renew=lambda client, found: client.call_control_applications.update(found, **wanted),
        )

    def _messaging_profile(self) -> tuple[str, str]:
        wanted: dict[str, Any] = {
            "webhook_url": self._context.webhook_url(WEBHOOK_PATH),
            "webhook_api_version": "2",
        }
        return self._adopt(
            "messaging profile",
            "name",
            find=lambda client, mark: client.messaging_profiles.list(
                filter_name_contains=mark, page_size=PAGE_SIZE
            ),
            make=lambda client, mark: client.messaging_profiles.create(
                name=mark, whitelisted_destinations=["*"], **wanted
            ),
            renew=lambda client, found: client.messaging_profiles.update(found, **wanted),
        )

    def _adopt(
        self,
        what: str,
        attribute: str,
        *,
        find: Callable[["Client", str], Iterable[Any]],
        make: Callable[["Client", str], Any],
        renew: Callable[["Client", str], Any] | None = None,
    ) -> tuple[str, str]:
        """Return the id of the one that carries our mark, made if there is none, and a report."""
        mark = self._mark
        # The filters match parts of names; the SDK follows the pages to the end.
        found = self._ask(
            f"list each {what}",
            lambda client: [it for it in find(client, mark) if getattr(it, attribute) == mark],
        )
        if not found:
            made = self._ask(f"make a {what}", lambda client: make(client, mark).data, buys=True)
            return str(made.id), f"made {made.id}"
        found_id = str(found[0].id)
        if renew is None:
            return found_id, f"found {found_id}"
        # Whatever was changed by hand meanwhile is put right again.
        self._ask(f"update the {what}", lambda client: renew(client, found_id))
        return found_id, f"found {found_id}, its URLs and limits renewed"

    def has_verified(self, phone_number: E164) -> bool:
        """Look for the number among the account's verified numbers."""
        return any(number == phone_number for number, _ in self.verified_caller_ids())

    def verified_caller_ids(self) -> list[tuple[E164, str]]:
        """List them, one request for each 250. Telnyx gives them no names."""
        return self._ask(
            "list the verified numbers",
            lambda client: [
                (E164(it.phone_number), it.phone_number)
                for it in client.verified_numbers.list(page_size=PAGE_SIZE)
                if it.verified_at and it.phone_number
            ],
        )

    def verify_caller_id(
        self, phone_number: E164, friendly_name: str, code: str | None = None
    ) -> Verification:
        """Let Telnyx call it and tell a code; the code is given in a second round.

        A list and one request each time.
        """
        if self.has_verified(phone_number):
            return Verification(phone_number, is_verified=True)
        if code is None:
            self._ask(
                f"call {phone_number} to verify it",
                lambda client: client.verified_numbers.create(
                    phone_number=phone_number,
                    # A text would not reach a number of the fixed network.
                    verification_method="call",
                ),
                changes=True,
            )
            return Verification(phone_number)
        self._ask(
            f"take the code for {phone_number}",
            lambda client: client.verified_numbers.actions.submit_verification_code(
                phone_number, verification_code=code
            ),
            changes=True,
        )
        return Verification(phone_number, is_verified=True)
