"""Keep the books: accounts, who owns which number, orders and the carriers' other resources."""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox import ids
from sandbox.signing import telnyx_public_key

DEFAULT_TWILIO_SID = "AC5a4db0c5000000000000000000000001"
DEFAULT_TWILIO_TOKEN = "5a4db0c5000000000000000000000002"
DEFAULT_TELNYX_KEY = "KEY5A4DB0C5000000000000000000000003_sandbox"
DEFAULT_TELNYX_SEED = bytes(range(32)).hex()


@dataclass
class Account:
    """A customer of one carrier, with everything the carrier knows about him."""

    carrier: str
    id: str
    credentials: dict[str, str]
    private: dict[str, str] = field(default_factory=dict)
    balance: float = 10_000.0
    notification_url: str | None = None
    require_search: bool = True

    def report(self) -> dict[str, Any]:
        """Show the account as the control API lists it, in the form `carriers connect` reads."""
        return {
            "carrier": self.carrier,
            "id": self.id,
            "credentials": self.credentials,
            "balance": f"{self.balance:.2f}",
            "notification_url": self.notification_url,
            "require_search": self.require_search,
        }


@dataclass
class OwnedNumber:
    """A number somebody bought; `config` holds the carrier's own fields."""

    carrier: str
    account: str
    id: str
    number: str
    country: str
    kind: str
    bought_at: str
    config: dict[str, Any]


@dataclass
class Resource:
    """Anything else a carrier keeps (order, application, profile); `body` is what it shows."""

    carrier: str
    account: str
    kind: str
    id: str
    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)


def default_accounts() -> list[Account]:
    """Make the two accounts that are always there, with credentials known to everybody."""
    return [
        Account(
            "twilio",
            DEFAULT_TWILIO_SID,
            {"account_sid": DEFAULT_TWILIO_SID, "auth_token": DEFAULT_TWILIO_TOKEN},
        ),
        telnyx_account(DEFAULT_TELNYX_KEY, DEFAULT_TELNYX_SEED, "telnyx-default"),
    ]


def telnyx_account(api_key: str, seed: str, account_id: str) -> Account:
    """Make a Telnyx account whose webhooks are signed with the key grown from a seed (hex)."""
    credentials = {"api_key": api_key, "public_key": telnyx_public_key(seed)}
    return Account("telnyx", account_id, credentials, {"signing_seed": seed})


def _entry(number: OwnedNumber, via: str) -> dict[str, Any]:
    return {
        "carrier": number.carrier,
        "account": number.account,
        "number": number.number,
        "id": number.id,
        "at": ids.iso(),
        "via": via,
    }


class UnreadableState(Exception):
    """The state file is damaged or from another version."""


class Books:
    """The sandbox's memory, written to a file after each change when one is given."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.clear()
        if file is not None and file.exists():
            self._load(file)

    def clear(self) -> None:
        """Forget everything but the default accounts."""
        self.accounts: list[Account] = default_accounts()
        self.numbers: list[OwnedNumber] = []
        self.resources: list[Resource] = []
        self.purchases: list[dict[str, Any]] = []
        self.releases: list[dict[str, Any]] = []
        # What each account's recent searches returned; a restart forgets it, as time would.
        self.searched: dict[str, set[str]] = {}

    def account(self, carrier: str, account_id: str) -> Account | None:
        """Find an account by its id."""
        return next((a for a in self.accounts if a.carrier == carrier and a.id == account_id), None)

    def owner(self, carrier: str, number: str) -> OwnedNumber | None:
        """Find who owns a number at a carrier."""
        return next((n for n in self.numbers if n.carrier == carrier and n.number == number), None)

    def numbers_of(self, account: Account) -> list[OwnedNumber]:
        """List an account's numbers, oldest first."""
        return [n for n in self.numbers if n.account == account.id]

    def number_by_id(self, account: Account, number_id: str) -> OwnedNumber | None:
        """Find an account's number by the carrier's id."""
        return next((n for n in self.numbers_of(account) if n.id == number_id), None)

    def resources_of(self, account: Account, kind: str) -> list[Resource]:
        """List an account's resources of one kind, oldest first."""
        return [r for r in self.resources if r.account == account.id and r.kind == kind]

    def resource(self, account: Account, kind: str, resource_id: str) -> Resource | None:
        """Find an account's resource."""
        return next((r for r in self.resources_of(account, kind) if r.id == resource_id), None)

    def add_number(self, number: OwnedNumber, price: float, via: str = "api") -> None:
        """Enter a purchase: the number has an owner and the owner has less money.

        `via` tells whether it was bought with the API or in the carrier's portal.
        """
        self.numbers.append(number)
        account = self.account(number.carrier, number.account)
        if account is not None:
            account.balance -= price
        self.purchases.append(_entry(number, via))

    def release(self, number: OwnedNumber, via: str = "api") -> None:
        """Enter a release: nobody owns the number any more."""
        self.numbers.remove(number)
        self.releases.append(_entry(number, via))

    def held(self, for_s: float) -> dict[str, tuple[str, str]]:
        """Return the numbers that were released less than so many seconds ago, and who had them.

        Who: the carrier and the account. A carrier keeps a number from everybody else for a
        while, so that a mistake can be mended.
        """
        since = ids.iso(ids.now() - timedelta(seconds=for_s))
        owned = {n.number for n in self.numbers}
        return {
            entry["number"]: (entry["carrier"], entry["account"])
            for entry in self.releases
            if entry["at"] > since and entry["number"] not in owned
        }

    def save(self) -> None:
        """Write everything to the state file, when there is one."""
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".tmp")
        draft.write_text(json.dumps(self._dump(), indent=1))
        os.replace(draft, self._file)

    def _dump(self) -> dict[str, Any]:
        return {
            "accounts": [asdict(a) for a in self.accounts],
            "numbers": [asdict(n) for n in self.numbers],
            "resources": [asdict(r) for r in self.resources],
            "purchases": self.purchases,
            "releases": self.releases,
        }

    def _load(self, file: Path) -> None:
        try:
            self._read(json.loads(file.read_text()))
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableState(f"{file} does not hold a sandbox's state: delete it") from error

    def _read(self, stored: dict[str, Any]) -> None:
        self.accounts = [Account(**a) for a in stored["accounts"]]
        self.numbers = [OwnedNumber(**n) for n in stored["numbers"]]
        self.resources = [Resource(**r) for r in stored["resources"]]
        self.purchases = stored["purchases"]
        # A file from before releases were kept has none.
        self.releases = stored.get("releases", [])
