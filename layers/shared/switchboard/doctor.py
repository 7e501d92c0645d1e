"""Looking at an organization's carrier accounts: what is wrong, and how to mend it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from .app import App
from .carriers import CARRIERS
from .carriers.base import Check, Expected, Verdict
from .directory import organizations
from .errors import CarrierNotConnected, SwitchboardError
from .ids import LAST_ID
from .model import BYO, Call, Direction, Number, NumberStatus, Organization

# The first event of a call comes within seconds; what a carrier repeats comes within a minute.
_HEARD_WITHIN = timedelta(minutes=2)
# So many of the newest calls are searched for one at each carrier.
_CALLS = 200


@dataclass(frozen=True)
class Diagnosis:
    """What was seen at one carrier."""

    carrier: str
    checks: tuple[Check, ...]

    @property
    def has_failed(self) -> bool:
        """Whether something is wrong that calls depend on."""
        return any(check.verdict is Verdict.FAILED for check in self.checks)


def examine(app: App, organization_id: int, carrier: str | None = None) -> Iterator[Diagnosis]:
    """Look at every carrier that an organization uses, or at one; yield what is seen at each.

    Changes nothing. Raises NotFound, UnknownProvider, CarrierNotConnected and ConfigError
    before the first; what goes wrong at one carrier is a check that failed.
    """
    organization = organizations.find(app, organization_id)
    numbers = list(app.store.numbers(organization_id))
    names = [carrier] if carrier else _in_use(app, organization_id, numbers)
    for name in names:
        app.carrier_class(name)
        app.carrier_context(name, organization_id)
    return (_diagnosis(app, organization, name, numbers) for name in names)


def _in_use(app: App, organization_id: int, numbers: Iterable[Number]) -> list[str]:
    buying = {number.carrier for number in numbers}
    names = [
        name
        for name in (*CARRIERS, BYO)
        if name in buying or _is_connected(app, organization_id, name)
    ]
    if not names:
        raise CarrierNotConnected(
            "This organization has no carrier account. Connect one: "
            f"switchboard carriers connect CARRIER --organization {organization_id}"
        )
    return names


def _is_connected(app: App, organization_id: int, name: str) -> bool:
    try:
        app.secrets.carrier(organization_id, name)
    except CarrierNotConnected:
        return False
    return True


def _diagnosis(
    app: App, organization: Organization, name: str, numbers: Iterable[Number]
) -> Diagnosis:
    try:
        carrier = app.carrier(name, organization.id)
        checks = carrier.check(_expected(app, organization, name, numbers))
    except SwitchboardError as error:
        checks = [Check("account", str(error), Verdict.FAILED)]
    return Diagnosis(name, (*checks, *_webhooks(app, organization.id, name)))


def _expected(
    app: App, organization: Organization, name: str, numbers: Iterable[Number]
) -> Expected:
    return Expected(
        phone_numbers=tuple(
            number.phone_number
            for number in numbers
            # One that is pending may not be in the account yet.
            if number.carrier == name and number.status is NumberStatus.ACTIVE
        ),
        caller_ids=tuple(
            caller_id.phone_number
            for caller_id in app.store.caller_ids(organization.id)
            if caller_id.carrier == name
        ),
        countries=organization.limits.countries,
    )


def _webhooks(app: App, organization_id: int, name: str) -> Iterator[Check]:
    """Tell from the newest call whether the carrier's webhooks arrive and are believed.

    No carrier can be asked for a signed webhook, so only a call proves the key.
    """
    newest = islice(app.store.calls(organization_id, 0, LAST_ID), _CALLS)
    known = app.clock() - _HEARD_WITHIN
    call = next((it for it in newest if it.carrier == name and _tells(it, known)), None)
    if call is None:
        yield Check(
            "webhooks",
            "not proved yet: no call so far",
            Verdict.WARNING,
            "Call one of the numbers, or place a call, and run this again.",
        )
    elif call.history:
        at = f"{call.history[-1].at:%Y-%m-%d %H:%M} UTC"
        yield Check("webhooks", f"arrive, signed: call {call.id} at {at}")
    else:
        yield Check(
            "webhooks",
            f"none was believed for call {call.id} of {call.created_at:%Y-%m-%d %H:%M} UTC",
            Verdict.FAILED,
            _UNHEARD.format(name=name.title()),
        )


_UNHEARD = (
    "The log of the function CarrierWebhook{name} says what came. Nothing: the public URL does "
    "not lead there. Refused signatures: the stored key or token is not the account's, or the "
    "public URL is not exactly the one that the carrier was given."
)


def _tells(call: Call, known: datetime) -> bool:
    # An inbound call has a row because its webhook was believed; of an outbound one that was
    # placed, at least one event must have come.
    if call.history:
        return True
    placed = call.direction is Direction.OUTBOUND and bool(call.call_sid)
    return placed and call.created_at < known
