"""Looking at a carrier account: run every look, and say what differs from what calls need."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..errors import CarrierError, CarrierMisconfigured, InvalidCredentials
from ..model import E164
from .base import Account, Check, Verdict
from .problems import advice
from .stock import Drift, drifts

Look = tuple[str, Callable[[], Iterable[Check]]]
"""What is looked at, and how."""


def run(carrier: str, looks: Iterable[Look]) -> list[Check]:
    """Do every look; one that the carrier refuses is a check that failed.

    Only after refused credentials is the rest left out: every answer would be the same.
    """
    found: list[Check] = []
    for name, look in looks:
        try:
            # One by one: what was seen before a refusal counts.
            for check in look():
                found.append(check)
        except InvalidCredentials as error:
            found += [
                _refused(carrier, "credentials", error),
                Check("the rest", "not looked at without valid credentials", Verdict.WARNING),
            ]
            break
        except CarrierError as error:
            found.append(_refused(carrier, name, error))
    return found


def compared(
    name: str,
    wanted: Mapping[str, Any],
    shown: object,
    mend: str,
    verdict: Verdict = Verdict.FAILED,
) -> list[Check]:
    """Return one check of `verdict` for the fields that differ from `wanted`, or none."""
    return differing(name, drifts(wanted, shown), mend, verdict)


def differing(
    name: str, wrong: Iterable[Drift], mend: str, verdict: Verdict = Verdict.FAILED
) -> list[Check]:
    """Return one check of `verdict` that says how settings differ, or none."""
    said = "; ".join(map(str, wrong))
    return [Check(name, said, verdict, mend)] if said else []


def money(amount: str | None, currency: str | None, mend: str) -> Check:
    """Return the check of a balance, which carriers tell as text."""
    try:
        enough = float(amount or "") > 0
    except ValueError:
        return Check("balance", "the carrier shows none", Verdict.WARNING, mend)
    shown = f"{amount} {currency or ''}".strip()
    return Check("balance", shown) if enough else Check("balance", shown, Verdict.FAILED, mend)


def caller_ids(account: Account, phone_numbers: Iterable[E164]) -> Iterator[Check]:
    """Look at each caller id: a call that shows one which is not verified any more is refused."""
    for number in phone_numbers:
        if account.has_verified(number):
            yield Check(f"caller id {number}", "verified")
        else:
            yield Check(
                f"caller id {number}",
                "the account may not show it any more",
                Verdict.FAILED,
                f"Verify {number} at the carrier again, or take it out: "
                "switchboard caller-ids remove.",
            )


def connect_again(carrier: str, organization_id: int) -> str:
    """Return the advice where connecting the account anew mends what is wrong."""
    return (
        f"Run 'switchboard carriers connect {carrier} --organization {organization_id}', which "
        "puts right what is wrong."
    )


def summed(name: str, wrong: list[Check], all_well: str) -> list[Check]:
    """Return what is wrong, or else one check that says that all is well."""
    return wrong or [Check(name, all_well)]


def _refused(carrier: str, name: str, error: CarrierError) -> Check:
    mend = advice(type(error), carrier)
    said = str(error).removesuffix(mend).strip()
    # What nobody foresaw is, in an account that worked once, mostly a thing somebody deleted.
    unforeseen = mend == advice(CarrierError, carrier)
    remedy = advice(CarrierMisconfigured, carrier) if unforeseen else mend
    return Check(name, said, Verdict.FAILED, remedy)
