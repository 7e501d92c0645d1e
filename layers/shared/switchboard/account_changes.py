"""Another account in place of the one that is connected: nothing of ours may get lost in it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .app import App
from .carriers.base import Carrier
from .errors import AccountInUse
from .rotation import FORMER


def is_another(account: Carrier, known: Mapping[str, Any]) -> bool:
    """Tell whether an account is another than the one that `known` credentials open.

    A new key of the same account is none. Raises CarrierError where the carrier must be asked.
    """
    earlier = {name: value for name, value in known.items() if name != FORMER}
    return bool(earlier) and not account.is_account_of(earlier)


def check_replaceable(
    app: App, organization_id: int, carriers: Iterable[str], *, confirmed: bool
) -> None:
    """Raise AccountInUse while an account that is connected at a carrier cannot be done without.

    What is open there is settled by its own records, which another account does not have. Numbers
    that it holds may be left behind, if whoever replaces it says that he knows.
    """
    for carrier in carriers:
        _check_settled(app, organization_id, carrier)
        if not confirmed:
            _check_empty(app, organization_id, carrier)


def _check_settled(app: App, organization_id: int, carrier: str) -> None:
    waiting = list(_open(app, organization_id, carrier))
    if waiting:
        raise AccountInUse(
            f"Another {carrier} account than this is connected, and in use: {', '.join(waiting)}. "
            "Nothing was stored. Connect it once they are settled: `switchboard reconcile --plan` "
            "shows what waits, and `--apply` settles it."
        )


def _check_empty(app: App, organization_id: int, carrier: str) -> None:
    held = sum(it.carrier == carrier for it in app.store.numbers(organization_id))
    if held:
        raise AccountInUse(
            f"Another {carrier} account than this is connected, and holds {held} numbers: their "
            "calls would not be answered any more, and go on costing. Nothing was stored. Release "
            "or move them, or confirm it: replace_account, `--replace-account` at the command line."
        )


def _open(app: App, organization_id: int, carrier: str) -> Iterator[str]:
    for number in app.store.unsettled_numbers(organization_id):
        if number.carrier == carrier:
            yield f"{number.phone_number} is {number.status.value}"
    calls = sum(it.carried_by == carrier for it in app.store.open_calls(organization_id))
    if calls:
        yield f"{calls} calls have not ended"
    # Those on their way are never looked for in the account's records (decision 35).
    texts = app.store.count_texts(organization_id, carrier, app.clock())["pending"]
    if texts:
        yield f"{texts} text messages wait to be sent"
