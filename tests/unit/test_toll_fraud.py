"""A published toll fraud, replayed: how far it comes, and what it costs.

Bonanza.com, 2019: some 1,090 attempts in three and a half hours, 554 of them answered, 4,500 US
dollars. The attacker moved to Great Britain when another country was blocked, and calls that were
going on were not cut. https://public.amplenote.com/embed/YcjMjsg6sRqW7vXs81BhTcpP
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from switchboard import stopping
from switchboard.app import App
from switchboard.errors import DestinationNotAllowed, FuseTripped, LimitExceeded
from switchboard.model import Call, CallStatus
from tests.builders import ORGANIZATION
from tests.clock import START, Clock
from tests.fakes import Books
from tests.unit.dialing import allow, dial, hold, stored
from tests.unit.test_dialing_once import say

ATTEMPTS, ANSWERED, TOOK = 1_090, 554, timedelta(hours=3, minutes=30)
EVERY = TOOK / ATTEMPTS
DOLLARS_EACH = 4_500 / ANSWERED
# Mobile and personal numbers of countries that such attacks are known for, one country after the
# other: it moves on when calls are refused, and every 150 attempts in any case.
COUNTRIES = {
    "LV": "+37121234567",
    "GB": "+447400123456",
    "EE": "+3725123456",
    "SO": "+25271123456",
    "CU": "+5351234567",
}


@dataclass
class Attack:
    """Whoever has the stolen key, and what came of it."""

    app: App
    clock: Clock
    numbers: list[str] = field(default_factory=lambda: list(COUNTRIES.values()))
    tries_on: int = 20
    """Once it is cut, or never came through, only each so-many-th attempt is made."""
    has_called: bool = False
    placed: list[Call] = field(default_factory=list)
    refused: int = 0
    cut_after: timedelta | None = None

    def run(self) -> None:
        """Call as the pattern does, whatever is answered."""
        for number, to in enumerate(self._targets()):
            if number % self.tries_on and (self.cut_after or not self.has_called):
                continue
            self.clock.now = START + number * EVERY
            self._end_those_that_are_over()
            try:
                call = dial(self.app, to_phone_number=to).call
            except FuseTripped:
                self.cut_after = self.cut_after or self.clock() - START
                self.refused += 1
                # In AWS the row itself calls this function.
                stopping.stop(self.app, ORGANIZATION)
            except (DestinationNotAllowed, LimitExceeded):
                self.refused += 1
            else:
                self._answered(number, call)

    def _targets(self) -> Iterator[str]:
        for number in range(ATTEMPTS):
            yield self.numbers[(number // 150 + self.refused) % len(self.numbers)]

    def _answered(self, number: int, call: Call) -> None:
        taken = (number + 1) * ANSWERED // ATTEMPTS > number * ANSWERED // ATTEMPTS
        status = CallStatus.IN_PROGRESS if taken else CallStatus.NO_ANSWER
        self.has_called = True
        self.placed.append(say(self.app, call, status, occurred_at=self.clock()))

    def _end_those_that_are_over(self) -> None:
        while self.placed and self.clock() - self.placed[0].created_at > HELD:
            call = self.placed.pop(0)
            if call.status is CallStatus.IN_PROGRESS:
                say(self.app, call, CallStatus.COMPLETED, occurred_at=self.clock())


HELD = timedelta(minutes=10)


@pytest.fixture
def attack(app: App, clock: Clock) -> Attack:
    hold(app)
    return Attack(app, clock)


def test_with_the_limits_that_nobody_has_changed_no_call_goes_through(
    attack: Attack, books: Books
) -> None:
    attack.run()

    assert books.dialled == []


WIDE_OPEN: dict[str, Any] = {
    "allowed_countries": ("US", "CA", *COUNTRIES),
    "premium_rate": True,
    "concurrent_calls": 1_000,
    "calls_per_second": 100,
    "calls_per_day": 100_000,
    "daily_spend_cents": 10_000_000,
}


def cut(attack: Attack, books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    """Run it against the fuse alone, and see that it is cut and that nothing goes on."""
    allow(attack.app, **WIDE_OPEN)

    attack.run()

    ended = [call for call in stored(attack.app) if call.status is CallStatus.COMPLETED]
    minutes = sum(call.duration or 0 for call in ended) / 60
    assert attack.cut_after is not None
    with capsys.disabled():
        print(
            f"\ntoll fraud of {ATTEMPTS} attempts, {len(attack.numbers)} countries: cut after "
            f"{attack.cut_after.total_seconds():.0f} s by "
            f"{attack.app.store.fuse(ORGANIZATION).reason}; {len(books.dialled)} calls dialled, "
            f"{len(ended)} answered, {minutes:.0f} minutes, about "
            f"{len(ended) * DOLLARS_EACH:.0f} of 4500 USD at the prices that were paid"
        )
    assert attack.cut_after < timedelta(minutes=5)
    assert len(books.dialled) <= 20
    # What was in progress was ended when the fuse tripped.
    assert all(call.status.is_final for call in stored(attack.app))


def test_with_every_limit_raised_the_fuse_cuts_it_within_the_first_minutes(
    attack: Attack, books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(attack, books, capsys)


def test_so_it_does_where_the_estimate_knows_nothing_of_the_price(
    attack: Attack, books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    # Ordinary British numbers are cheap in any list: what was paid came from their surcharges.
    attack.numbers = [COUNTRIES["GB"]]

    cut(attack, books, capsys)


@pytest.mark.long
def test_every_attempt_of_it_is_refused_once_it_is_cut(
    attack: Attack, books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    attack.tries_on = 1

    cut(attack, books, capsys)

    assert attack.refused == ATTEMPTS - len(books.dialled)
