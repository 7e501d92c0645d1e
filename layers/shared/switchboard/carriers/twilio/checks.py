"""The doctor's look at a Twilio account."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ...model import E164
from .. import checks
from ..base import Check, Expected, Verdict
from .account import TwilioAccount
from .api import PAGE_SIZE
from .held import number_settings

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance


class TwilioChecks(TwilioAccount):
    """One Twilio account, as the doctor sees it."""

    def check(self, expected: Expected) -> list[Check]:
        """Look at the account, its balance, our numbers and our caller ids.

        Two requests, one for each 1,000 numbers of the account, one for each caller id.
        """
        return checks.run(
            "Twilio",
            [
                ("account", self._check_account),
                ("balance", self._check_balance),
                ("phone numbers", lambda: self._check_numbers(expected.phone_numbers)),
                ("caller ids", lambda: checks.caller_ids(self, expected.caller_ids)),
            ],
        )

    def _check_account(self) -> Iterator[Check]:
        account = self._account
        yield Check("credentials", "accepted")
        shown = f"{account.friendly_name} is {account.status}"
        if account.status != "active":
            mend = "The Twilio Console says why: mostly an empty balance or a review."
            yield Check("account", shown, Verdict.FAILED, mend)
        elif account.type == "Trial":
            # https://www.twilio.com/docs/usage/tutorials/how-to-use-your-free-trial-account
            mend = "Upgrade the account in the Twilio Console to call anybody else."
            trial = f"{shown}, a trial: it calls only numbers that are verified at Twilio"
            yield Check("account", trial, Verdict.WARNING, mend)
        else:
            yield Check("account", shown)

    def _check_balance(self) -> Iterator[Check]:
        if self._account.owner_account_sid not in (None, self._account_sid):
            yield Check("balance", "a subaccount has none of its own: its main account pays")
            return
        found = self._ask("read the balance", lambda client: client.api.account.balance.fetch())
        mend = "Add funds in the Twilio Console under Billing, and switch on auto-recharge."
        yield checks.money(found.balance, found.currency, mend)

    def _check_numbers(self, phone_numbers: tuple[E164, ...]) -> list[Check]:
        if not phone_numbers:
            return [Check("phone numbers", "none were bought here")]
        # One is looked for by itself: the account may hold thousands.
        only = {"phone_number": phone_numbers[0]} if len(phone_numbers) == 1 else {}
        held = self._ask(
            "list the account's numbers",
            lambda client: {
                str(number.phone_number): number
                for number in client.incoming_phone_numbers.list(page_size=PAGE_SIZE, **only)
            },
        )
        wrong = [check for number in phone_numbers for check in self._check_number(number, held)]
        return checks.summed("phone numbers", wrong, f"{len(phone_numbers)}, all pointing here")

    def _check_number(
        self, phone_number: E164, held: Mapping[str, "IncomingPhoneNumberInstance"]
    ) -> list[Check]:
        if phone_number not in held:
            mend = "Was it released at Twilio, or is another account connected than it was?"
            return [Check(phone_number, "is not in the account", Verdict.FAILED, mend)]
        wanted = number_settings(self._context)
        others = wanted.around | wanted.texts
        mend = f"Set this at {phone_number} in the Twilio Console under Phone Numbers."
        number = held[phone_number]
        return [
            *checks.compared(phone_number, wanted.answering, number, mend),
            *checks.compared(phone_number, others, number, mend, Verdict.WARNING),
        ]
