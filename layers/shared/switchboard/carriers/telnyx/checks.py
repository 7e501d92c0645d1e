"""The doctor's look at a Telnyx account."""

from collections.abc import Iterator, Mapping

from ...errors import CarrierMisconfigured, InvalidCredentials
from ...model import E164
from .. import checks
from ..base import Check, Expected, Verdict
from ..problems import problem
from .account import WEBHOOK_TIMEOUT_S, TelnyxAccount
from .api import PAGE_SIZE, Query, Record, path_of, public_key


class TelnyxChecks(TelnyxAccount):
    """One Telnyx account, as the doctor sees it."""

    def check(self, expected: Expected) -> list[Check]:
        """Look at the key, the balance, what connect() made, our numbers and our caller ids.

        Four requests, one for each 250 numbers of the account, one for each caller id.
        """
        return checks.run(
            "Telnyx",
            [
                ("signing key", self._check_key),
                ("balance", self._check_balance),
                ("call control application", self._check_application),
                ("outbound voice profile", lambda: self._check_profile(expected.countries)),
                ("messaging profile", self._check_messaging),
                ("phone numbers", lambda: self._check_numbers(expected.phone_numbers)),
                ("caller ids", lambda: checks.caller_ids(self, expected.caller_ids)),
            ],
        )

    @property
    def _connect_again(self) -> str:
        return checks.connect_again(self.name, self._context.organization_id)

    def _check_key(self) -> Iterator[Check]:
        try:
            public_key(str(self._credentials.get("public_key") or ""))
        except InvalidCredentials as error:
            yield Check("signing key", str(error), Verdict.FAILED, self._connect_again)
        else:
            yield Check("signing key", "well-formed")

    def _check_balance(self) -> Iterator[Check]:
        found = self._look("read the balance", "/balance")
        yield Check("credentials", "accepted")
        # An account may have a credit beside what it has paid in.
        amount = found.available_credit or found.balance
        mend = "Add funds in the Telnyx portal under Billing, and switch on auto-recharge."
        yield checks.money(amount, found.currency, mend)

    def _known_id(self, field: str, what: str) -> str:
        found = self._credentials.get(field)
        if not found:
            raise problem(
                CarrierMisconfigured, "Telnyx", f"show the {what}", said=f"no {field} is stored"
            )
        return str(found)

    def _check_application(self) -> list[Check]:
        name = "call control application"
        found_id = self._known_id("connection_id", name)
        found = self._look(f"show the {name}", path_of("call_control_applications", found_id))
        needed, mend = self.application_webhooks, self._connect_again
        spare = {it: needed.pop(it) for it in ("webhook_event_failover_url",)}
        wrong = [
            *checks.compared(name, needed, found, mend),
            *checks.compared(name, spare, found, mend, Verdict.WARNING),
            *self._check_patience(found),
            *self._check_attached(found),
        ]
        return checks.summed(name, wrong, f"{found.application_name}, pointing here")

    def _check_patience(self, application: Record) -> Iterator[Check]:
        seconds = application.webhook_timeout_secs
        if (seconds or 0) < WEBHOOK_TIMEOUT_S:
            shown = f"{seconds} s" if seconds else "Telnyx's own 2 s"
            said = f"webhook_timeout_secs is {shown}: a cold start may take longer"
            yield Check("call control application", said, Verdict.WARNING, self._connect_again)

    def _check_attached(self, application: Record) -> Iterator[Check]:
        outbound = application.outbound
        attached = outbound and outbound.outbound_voice_profile_id
        known = self._credentials.get("outbound_voice_profile_id")
        if not attached:
            said = "no outbound voice profile is attached, so that every dial fails (D38)"
            yield Check("call control application", said, Verdict.FAILED, self._connect_again)
        elif attached != known:
            said = f"outbound voice profile {attached} is attached, not {known}, looked at below"
            yield Check("call control application", said, Verdict.WARNING, self._connect_again)

    def _check_profile(self, countries: tuple[str, ...]) -> list[Check]:
        name = "outbound voice profile"
        found_id = self._known_id("outbound_voice_profile_id", name)
        found = self._look(f"show the {name}", path_of("outbound_voice_profiles", found_id))
        where = f"the Telnyx portal under Outbound Voice Profiles, {found.name}"
        wrong = checks.compared(name, {"enabled": True}, found, f"Enable it in {where}.")
        allowed = found.whitelisted_destinations
        closed = [it for it in countries if allowed is not None and it not in allowed]
        if closed:
            said = f"our limits allow {', '.join(closed)}, the profile does not (D41)"
            mend = f"Allow the same destinations in {where}."
            wrong.append(Check(name, said, Verdict.WARNING, mend))
        return checks.summed(name, wrong, f"{found.name}, enabled")

    def _check_messaging(self) -> list[Check]:
        name = "messaging profile"
        found_id = self._known_id("messaging_profile_id", name)
        found = self._look(f"show the {name}", path_of("messaging_profiles", found_id))
        wanted = self.messaging_webhooks | {"enabled": True}
        wrong = checks.compared(name, wanted, found, self._connect_again)
        return checks.summed(name, wrong, f"{found.name}, pointing here")

    def _check_numbers(self, phone_numbers: tuple[E164, ...]) -> list[Check]:
        if not phone_numbers:
            return [Check("phone numbers", "none were bought here")]
        # One is looked for by itself: the account may hold thousands.
        wanted: Query = {"page[size]": PAGE_SIZE}
        if len(phone_numbers) == 1:
            wanted["filter[phone_number]"] = phone_numbers[0].removeprefix("+")
        listed = self._list("list the account's numbers", "/phone_numbers", wanted)
        held = {str(number.phone_number): number for number in listed}
        wrong = [check for number in phone_numbers for check in self._check_number(number, held)]
        return checks.summed("phone numbers", wrong, f"{len(phone_numbers)}, all pointing here")

    def _check_number(self, phone_number: E164, held: Mapping[str, Record]) -> list[Check]:
        if phone_number not in held:
            mend = "Was it released at Telnyx, or is another account connected than it was?"
            return [Check(phone_number, "is not in the account", Verdict.FAILED, mend)]
        wanted = {"status": "active", "connection_id": self._credentials.get("connection_id")}
        mend = (
            "In the Telnyx portal under Numbers, My Numbers, choose the application "
            f"{self._mark} for {phone_number}."
        )
        return checks.compared(phone_number, wanted, held[phone_number], mend)
