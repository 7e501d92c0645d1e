"""The function that reconciles: what it leaves is left for the next run."""

from functions.reconcile.app import lambda_handler
from switchboard.app import App
from switchboard.errors import OutcomeUnknown
from switchboard.numbers import releasing
from tests import grants
from tests.builders import NUMBER, ORGANIZATION
from tests.fakes import Books
from tests.functions.events import Context, load
from tests.iam import Grant
from tests.unit.holding import hold


class Running(Context):
    """A run that has so much time left."""

    def __init__(self, left_s: int) -> None:
        self._left_s = left_s

    def get_remaining_time_in_millis(self) -> int:
        """Return what Lambda says."""
        return self._left_s * 1000


def test_it_settles_what_nobody_settled(app: App, books: Books) -> None:
    _lose_a_release(app, books)

    said = lambda_handler(load("reconcile/sweep"), Running(300), lambda: app)  # type: ignore[arg-type]

    assert said == {"found": {"release": 1}, "problems": 0, "is_complete": True}
    assert app.store.number(NUMBER) is None


def test_a_number_without_a_row_is_looked_for_among_the_releases(app: App, books: Books) -> None:
    _lose_a_release(app, books)
    books.hold("+14155550166", points_here=True, points_nowhere=False)

    said = lambda_handler(load("reconcile/sweep"), Running(300), lambda: app)  # type: ignore[arg-type]

    assert said["found"] == {"release": 1, "unrecorded": 1}
    assert ("Reconcile", Grant("dynamodb:Query", "Table")) in grants.USED


def test_without_time_it_begins_nothing_and_the_next_run_does(app: App, books: Books) -> None:
    _lose_a_release(app, books)

    said = lambda_handler(load("reconcile/sweep"), Running(55), lambda: app)  # type: ignore[arg-type]
    assert said == {"found": {}, "problems": 0, "is_complete": False}
    assert app.store.number(NUMBER) is not None

    lambda_handler(load("reconcile/sweep"), Running(300), lambda: app)  # type: ignore[arg-type]
    assert app.store.number(NUMBER) is None


def _lose_a_release(app: App, books: Books) -> None:
    hold(app)
    books.hold(NUMBER, carrier_number_id="PN1", points_here=True)
    books.vanished["release"] = [OutcomeUnknown("no answer")]
    releasing.release(app, ORGANIZATION, NUMBER)
