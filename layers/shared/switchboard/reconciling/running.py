"""Going over all organizations and their accounts: to show, to mend, or to sweep bit by bit."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..app import App
from ..carriers.stock import HeldNumber
from ..directory import organizations
from ..model import BYO, Actor, Organization, without_numbers
from ..store import Progress, Taken
from .findings import Finding, Kind
from .looking import Account, Seen
from .mending import Mended, mend

logger = logging.getLogger(__name__)

LEASE_S = 360
"""How long an account is reserved: for longer than the function that sweeps may run."""
# What nobody settled is looked for by every sweep; everything that an account holds this often.
_ALL_EVERY = timedelta(hours=1)
_UNSETTLED, _HOLDINGS = "reconcile-unsettled", "reconcile-holdings"
# Stands for a place while an account is being listed. Whoever dies while it mends leaves the
# account reserved, so that the next run passes over it, too.
_LISTING = "listing"

type Look = Callable[[Account, str], Iterator[Seen]]


@dataclass
class Swept:
    """What a sweep did, for the log: how often it found each kind, and what stays."""

    found: Counter[str] = field(default_factory=Counter)
    problems: int = 0
    is_complete: bool = True
    """Whether it came to the end: if not, the next one goes on there."""


def plan(app: App, organization_id: int | None = None) -> Iterator[Finding]:
    """Yield every difference, and change nothing. Orphans come with their monthly price."""
    for account in _accounts(app, organization_id):
        for _, finding in _everything(account):
            if finding:
                yield _priced(account, finding)


def apply(app: App, organization_id: int | None = None) -> Iterator[Mended]:
    """Mend every difference for a person who asks for it; yield what came of each.

    Two runs at once do no harm: an account that another run is mending is left to that one.
    """
    for account in _accounts(app, organization_id):
        with _Bench(account, by_person=True) as bench:
            for _, finding in _everything(account):
                if finding:
                    yield bench.mended(_priced(account, finding))


def sweep(app: App, until: datetime) -> Swept:
    """Settle what nobody settled, and once an hour compare all that the accounts hold.

    Begins nothing after `until`; the next sweep goes on there.
    """
    app = app.acting_for(Actor("reconciliation"))
    swept = Swept()
    _pass(app, _UNSETTLED, Account.unsettled, until, swept)
    progress = app.store.progress(_HOLDINGS)
    last = progress.completed_at
    if progress.at or last is None or app.clock() - last >= _ALL_EVERY:
        _pass(app, _HOLDINGS, Account.holdings, until, swept)
    return swept


def _priced(account: Account, finding: Finding) -> Finding:
    if finding.kind is not Kind.ORPHAN or not isinstance(finding.subject, HeldNumber):
        return finding
    return replace(finding, monthly_price=account.price_of(finding.subject))


# --- all accounts, one after the other ---


def _accounts(app: App, organization_id: int | None) -> Iterator[Account]:
    if organization_id is not None:
        yield from _of(app, organizations.find(app, organization_id))
        return
    for organization in app.store.organizations():
        yield from _of(app, organization)


def _of(app: App, organization: Organization) -> Iterator[Account]:
    for name in (*app.carrier_names, BYO):
        yield Account(app, organization, name)


def _everything(account: Account) -> Iterator[Seen]:
    yield from _safely(account, lambda it, _: it.unsettled())
    yield from _safely(account, lambda it, _: it.holdings())


def _safely(account: Account, look: Look, after: str = "") -> Iterator[Seen]:
    """Look at an account; what goes wrong there is a finding, and stops no other account."""
    try:
        yield from look(account, after)
    except Exception as error:
        # Whatever is odd about one account must not keep every later one from its turn.
        yield "", account.unreadable(error)


class _Bench:
    """Mends one account's findings, alone: it is reserved with the first of them."""

    def __init__(self, account: Account, *, by_person: bool) -> None:
        self._account = account
        self._by_person = by_person
        self._held = ExitStack()
        self._is_ours: bool | None = None

    def __enter__(self) -> "_Bench":
        return self

    def __exit__(self, *error: object) -> None:
        self._held.close()

    def mended(self, finding: Finding) -> Mended:
        """Mend a finding, unless another run is at this account."""
        try:
            if not finding.kind.is_left_alone and not self._reserved():
                return Mended(finding, problem="another run is mending this account just now")
            return mend(self._account, finding, by_person=self._by_person)
        except Exception as error:
            # A defect that one thing shows must not keep every later one from its turn.
            logger.exception("not mended", extra={"kind": finding.kind.value})
            return Mended(finding, problem=f"a defect of ours, which the log names: {error!r}")

    def _reserved(self) -> bool:
        if self._is_ours is None:
            account = self._account
            name = f"reconcile-{account.organization.id}-{account.name}"
            lease = account.app.store.lease(name, account.app.clock(), LEASE_S)
            try:
                self._held.enter_context(lease)
            except Taken:
                self._is_ours = False
            else:
                self._is_ours = True
        return self._is_ours


# --- bit by bit ---


def _pass(app: App, name: str, look: Look, until: datetime, swept: Swept) -> None:
    """Go over all accounts from where the last run stopped, as far as time allows."""
    begun, progress = app.clock(), app.store.progress(name)
    place = _Place(*progress.at) if progress.at else None
    for account in _accounts(app, None):
        if place and place.is_behind(account, app):
            continue
        if place and place.is_at(account) and place.after == _LISTING:
            # Whatever it died of, such as a list without an end, would kill this run as well.
            logger.error("account not listed", extra={"carrier": account.name})
            swept.problems += 1
            continue
        after = place.after if place and place.is_at(account) else ""
        place = None
        if name == _HOLDINGS and account.name != BYO and not after:
            _note(account, name, progress, _LISTING)
        stopped = _swept(account, look, after, until, swept)
        if stopped is not None:
            _note(account, name, progress, stopped)
            swept.is_complete = False
            return
    app.store.put_progress(name, Progress(completed_at=begun))


def _note(account: Account, name: str, progress: Progress, after: str) -> None:
    here = (str(account.organization.id), account.name, after)
    account.app.store.put_progress(name, replace(progress, at=here))


@dataclass(frozen=True)
class _Place:
    """Where a pass stopped."""

    organization_id: str
    carrier: str
    after: str

    def is_at(self, account: Account) -> bool:
        """Tell whether it stopped in this account."""
        return (str(account.organization.id), account.name) == (self.organization_id, self.carrier)

    def is_behind(self, account: Account, app: App) -> bool:
        """Tell whether this account was done with before it stopped."""
        order = {name: n for n, name in enumerate((*app.carrier_names, BYO))}
        mine = (account.organization.id, order[account.name])
        return mine < (int(self.organization_id), order.get(self.carrier, 0))


def _swept(account: Account, look: Look, after: str, until: datetime, swept: Swept) -> str | None:
    """Mend one account; return where time ran out, None at its end."""
    app, done = account.app, after
    with _Bench(account, by_person=False) as bench:
        seen = _safely(account, look, after)
        while app.clock() < until:
            at, finding = next(seen, (None, None))
            if at is None:
                return None
            if finding:
                _count(swept, bench.mended(finding))
            done = at or done
    return done


def _count(swept: Swept, mended: Mended) -> None:
    finding = mended.finding
    swept.found[finding.kind.value] += 1
    if finding.kind is Kind.ORPHAN:
        return  # for a person who asks: every sweep would say it again
    stays = mended.problem or finding.kind.is_left_alone
    swept.problems += bool(stays)
    told = {
        "kind": finding.kind.value,
        "organization_id": finding.organization_id,
        "carrier": finding.carrier,
        "target": without_numbers(finding.target),
        "outcome": without_numbers(mended.problem or mended.outcome or finding.says),
    }
    logger.log(logging.WARNING if stays else logging.INFO, "reconciled", extra=told)
