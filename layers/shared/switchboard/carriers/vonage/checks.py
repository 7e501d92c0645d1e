"""The doctor's look at a Vonage account."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from ...errors import CarrierMisconfigured, InvalidCredentials
from ...model import E164
from .. import checks
from ..base import Check, Expected, Verdict
from ..problems import problem
from ..stock import HeldNumber
from .account import VonageAccount, hooks, public_key, same_key
from .held import VonageHeld

# Above this many numbers, listing the account is cheaper than looking for each.
_ONE_BY_ONE = 3


class VonageChecks(VonageAccount, VonageHeld):
    """One Vonage account, as the doctor sees it."""

    def check(self, expected: Expected) -> list[Check]:
        """Look at the keys, the balance, the application, our numbers and our caller ids.

        Three requests, and one for each 100 numbers of the account.
        """
        return checks.run(
            "Vonage",
            [
                ("balance", self._check_balance),
                ("signature secret", self._check_secret),
                ("application", self._check_application),
                ("calls", self._check_calls),
                ("phone numbers", lambda: self._check_numbers(expected.phone_numbers)),
                ("caller ids", lambda: checks.caller_ids(self, expected.caller_ids)),
            ],
        )

    @property
    def _connect_again(self) -> str:
        return checks.connect_again(self.name, self._context.organization_id)

    def _check_balance(self) -> Iterator[Check]:
        found = self._look("read the balance", "/account/get-balance")
        yield Check("credentials", "accepted")
        mend = "Add funds in the Vonage dashboard under Billing, and switch on auto-reload."
        value = found.get("value")
        yield checks.money(None if value is None else str(value), "EUR", mend)

    def _check_secret(self) -> Iterator[Check]:
        if self._credentials.get("signature_secret"):
            yield Check("signature secret", "stored")
        else:
            said = "none is stored: no webhook can be believed"
            yield Check("signature secret", said, Verdict.FAILED, self._connect_again)

    def _check_application(self) -> list[Check]:
        name, mend = "application", self._connect_again
        known = self._credentials.get("application_id")
        if not known:
            raise problem(
                CarrierMisconfigured, "Vonage", "show the application", said="none is stored"
            )
        found = self._applications("show the application", "GET", f"/{known}")
        able = found.get("capabilities") or {}
        shown, wanted = hooks(able), hooks(self.capabilities())
        calls = {it: value for it, value in wanted.items() if it in _ANSWERING}
        others = {it: value for it, value in wanted.items() if it not in _ANSWERING}
        wrong = [
            *checks.compared(name, calls, SimpleNamespace(**shown), mend),
            *checks.compared(name, others, SimpleNamespace(**shown), mend, Verdict.WARNING),
            *self._check_key(found),
        ]
        return checks.summed(name, wrong, f"{found.get('name')}, pointing here")

    def _check_key(self, application: dict[str, Any]) -> Iterator[Check]:
        try:
            mine = public_key(str(self._credentials.get("private_key") or ""))
        except InvalidCredentials:
            said = "no private key is stored that can be read, so that no call can be placed"
            yield Check("application", said, Verdict.FAILED, self._connect_again)
            return
        if not same_key(application, mine):
            said = "its public key is not that of the stored private key: no call can be placed"
            yield Check("application", said, Verdict.FAILED, self._connect_again)

    def _check_calls(self) -> Iterator[Check]:
        # Nothing else shows whether the Voice API takes our tokens.
        self._call_api("list calls", "GET", fields={"page_size": 1})
        yield Check("calls", f"tokens are accepted at {self._voice_host}")

    def _check_numbers(self, phone_numbers: tuple[E164, ...]) -> list[Check]:
        if not phone_numbers:
            return [Check("phone numbers", "none were bought here")]
        held = self._held_among(phone_numbers)
        wrong = [check for number in phone_numbers for check in self._check_number(number, held)]
        return checks.summed("phone numbers", wrong, f"{len(phone_numbers)}, all pointing here")

    def _held_among(self, phone_numbers: tuple[E164, ...]) -> dict[E164, HeldNumber]:
        if len(phone_numbers) > _ONE_BY_ONE:
            found = list(self.held_numbers())
        else:
            found = [it for n in phone_numbers if (it := self.find_held(n)) is not None]
        return {it.phone_number: it for it in found}

    def _check_number(self, number: E164, held: dict[E164, HeldNumber]) -> Iterator[Check]:
        if number not in held:
            mend = "Was it released at Vonage, or is another account connected than it was?"
            yield Check(number, "is not in the account", Verdict.FAILED, mend)
            return
        shown = held[number].configuration
        mend = f"Choose the application {self._mark} for {number} in the Vonage dashboard."
        known = self._credentials.get("application_id")
        yield from checks.compared(
            number,
            {"application_id": known, "forwarded_to": None},
            SimpleNamespace(**shown),
            mend,
        )
        yield from checks.differing(number, held[number].drifts, mend, Verdict.WARNING)
        if not held[number].capabilities.voice:
            mend = "Release it, and buy one that can carry calls."
            yield Check(number, "can carry no calls", Verdict.FAILED, mend)


# Without these, nobody hears of a call or believes it.
_ANSWERING = ("answer_url", "answer_method", "event_url", "event_method", "signed_callbacks")
