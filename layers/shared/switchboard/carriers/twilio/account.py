"""A Twilio account: connect it, and ask which numbers it may show."""

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ...errors import CarrierPermissionDenied
from ...model import E164, is_e164
from ..base import Check, Connection, Credentials
from ..problems import problem
from ..stock import Drift, Verification
from .api import PAGE_SIZE, TwilioApi

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account import AccountInstance


class TwilioAccount(TwilioApi):
    """One Twilio account, as it is connected."""

    credential_fields: ClassVar[tuple[str, ...]] = ("account_sid", "auth_token")
    credential_options: ClassVar[tuple[str, ...]] = ()

    def connect(self) -> Connection:
        """Read the account and its balance. Twilio wants nothing else: URLs go with each number."""
        account = self._account
        balance = self._ask("read the balance", lambda client: client.api.account.balance.fetch())
        if account.status != "active":
            raise problem(
                CarrierPermissionDenied, "Twilio", "accept the account", said=str(account.status)
            )
        return Connection(
            credentials={key: self._credentials[key] for key in ("account_sid", "auth_token")},
            checks=[
                Check("account", f"{account.friendly_name} is active"),
                Check("balance", f"{balance.balance} {balance.currency}"),
            ],
        )

    def is_account_of(self, earlier: Credentials) -> bool:
        """Compare the account's SID, which no other has and no rotation changes."""
        return bool(self._credentials["account_sid"] == earlier.get("account_sid"))

    def account_name(self) -> str:
        """Read the account; one request."""
        return str(self._account.friendly_name)

    def account_drifts(self) -> tuple[Drift, ...]:
        """Return nothing: every URL is a number's own. No request."""
        return ()

    @cached_property
    def _account(self) -> "AccountInstance":
        sid = self._account_sid
        return self._ask("read the account", lambda client: client.api.accounts(sid).fetch())

    def has_verified(self, phone_number: E164) -> bool:
        """Look for the number among the account's verified caller ids."""
        found = self._ask(
            f"show the caller id {phone_number}",
            lambda client: [
                it.phone_number
                for it in client.outgoing_caller_ids.list(phone_number=phone_number, limit=50)
            ],
        )
        return phone_number in found

    def verified_caller_ids(self) -> list[tuple[E164, str]]:
        """List them, one request for each 1,000."""
        return self._ask(
            "list the verified caller ids",
            lambda client: [
                (E164(it.phone_number), it.friendly_name or it.phone_number)
                for it in client.outgoing_caller_ids.list(page_size=PAGE_SIZE)
                # A SIP address can be verified too.
                if it.phone_number and is_e164(it.phone_number)
            ],
        )

    def verify_caller_id(
        self, phone_number: E164, friendly_name: str, code: str | None = None
    ) -> Verification:
        """Let Twilio call it; whoever answers keys in the code that is returned here.

        Two requests: one that is verified already would be refused (21450).
        """
        if self.has_verified(phone_number):
            return Verification(phone_number, is_verified=True)
        begun = self._ask(
            f"call {phone_number} to verify it",
            lambda client: client.validation_requests.create(
                phone_number=phone_number, friendly_name=friendly_name[:64]
            ),
            changes=True,
        )
        return Verification(phone_number, code=str(begun.validation_code))
