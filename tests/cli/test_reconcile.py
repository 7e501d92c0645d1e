"""`switchboard reconcile`: a plan that changes nothing, and its application."""

from switchboard.app import App
from switchboard.carriers.stock import AvailableNumber
from switchboard.errors import OutcomeUnknown
from switchboard.model import E164, Capabilities
from switchboard.numbers import releasing
from tests.builders import NUMBER, ORGANIZATION
from tests.cli.answers import ORG, answered, refused
from tests.cli.conftest import Run
from tests.fakes import Books
from tests.unit.holding import hold, recorded

LOST = OutcomeUnknown("no answer")


def lose_a_release(app: App, books: Books) -> None:
    hold(app)
    books.hold(NUMBER, carrier_number_id="PN1", points_here=True)
    books.vanished["release"] = [LOST]
    releasing.release(app, ORGANIZATION, NUMBER)


def test_a_plan_shows_what_would_be_done_and_does_nothing(app: App, books: Books, run: Run) -> None:
    lose_a_release(app, books)

    shown = run("reconcile", "--plan")

    [found] = answered(shown)
    assert (found["kind"], found["target"]) == ("release", NUMBER)
    assert found["does"] == "settle the release"
    assert "fake does not hold it any more: settle the release" in shown.stderr
    assert app.store.number(NUMBER) is not None


def test_applying_it_mends_and_is_on_record(app: App, books: Books, run: Run) -> None:
    lose_a_release(app, books)

    [found] = answered(run("reconcile", "--apply", *ORG))

    assert (found["outcome"], found["problem"]) == ("released", "")
    assert app.store.number(NUMBER) is None
    assert [(action, target) for action, target, _ in recorded(app)] == [
        ("number.released", NUMBER)
    ]
    again = run("reconcile", "--apply", *ORG)
    assert answered(again) == []
    assert "agree" in again.stderr


def test_an_orphan_is_shown_with_its_price(app: App, books: Books, run: Run) -> None:
    books.hold(NUMBER, points_nowhere=False)
    books.for_sale = [
        AvailableNumber(E164("+14155550777"), "US", Capabilities(voice=True), monthly_cost="1.00")
    ]

    shown = run("reconcile", "--plan", *ORG)

    [found] = answered(shown)
    assert (found["kind"], found["monthly_price"]) == ("orphan", "1.00")
    assert "without our mark (1.00 a month): nothing is done about it" in shown.stderr


def test_what_could_not_be_mended_ends_with_1(app: App, books: Books, run: Run) -> None:
    lose_a_release(app, books)
    books.failures["find_held"] = []
    with app.store.lease(f"reconcile-{ORGANIZATION}-fake", app.clock(), 300):
        result = run("reconcile", "--apply", *ORG)

    assert result.exit_code == 1
    assert "another run is mending this account" in result.stdout


def test_it_wants_to_know_whether_to_look_or_to_mend(run: Run) -> None:
    assert "--plan" in refused(run("reconcile"))
    assert "--plan" in refused(run("reconcile", "--plan", "--apply"))
    assert "not found" in refused(run("reconcile", "--plan", "--organization", "77")).lower()
