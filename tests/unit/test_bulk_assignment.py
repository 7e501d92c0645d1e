"""Many numbers given at once: what is done stays done, and the rest is reported."""

from datetime import timedelta

import pytest

from switchboard.app import App
from switchboard.errors import AssistantNotFound, InvalidRequest, ServiceUnavailable
from switchboard.model import E164, NumberStatus
from switchboard.numbers import assigning, bulk
from switchboard.store.number_rows import number_item
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION, a_number, an_assistant
from tests.clock import Clock
from tests.fakes import Books
from tests.unit.holding import counted, fill, held, hold, without_rollback

DESK, SALES = 3001, 3002
FIRST = 12_125_000_000


@pytest.fixture(autouse=True)
def _assistants(app: App) -> None:
    app.store.put_assistant(an_assistant())
    app.store.put_assistant(an_assistant(id=SALES, name="Sales"))


def free(how_many: int, **changes: object) -> list[int]:
    """Put numbers into the table that nobody answers, and return their ids."""
    ids = list(range(FIRST, FIRST + how_many))
    numbers = [E164(f"+{number_id}") for number_id in ids]
    fill(
        number_item(a_number(phone_number=it, assistant=None, order_key=it, **changes))
        for it in numbers
    )
    return ids


def answered(app: App, assistant_id: int) -> list[int]:
    """Return the ids of the numbers that an assistant has."""
    return [it.id for it in app.store.assistant_numbers_page(assistant_id, "", 2000).numbers]


def test_a_thousand_numbers_are_assigned_thirty_at_a_time(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_rollback(monkeypatch)
    ids = free(1000)
    app, seen = counted(app)

    done = bulk.assign_all(app, ORGANIZATION, DESK, ids)

    assert (done.successes, done.failures) == (ids, {})
    assert answered(app, DESK) == ids
    # The assistant, the numbers 100 at a time, 34 transactions, the list above.
    assert len(seen) == 1 + 10 + 34 + 1


def test_a_crash_in_the_middle_loses_none_of_the_finished_ones(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_rollback(monkeypatch)
    ids = free(200)
    write, left = app.store.change_numbers, [3]

    def dying(*arguments: object) -> object:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return write(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as death:
        death.setattr(app.store, "change_numbers", dying)
        with pytest.raises(KeyboardInterrupt):
            bulk.assign_all(app, ORGANIZATION, DESK, ids)
    assert answered(app, DESK) == ids[:90]
    versions = [held(app, f"+{it}").version for it in ids[:90]]

    done = bulk.assign_all(app, ORGANIZATION, DESK, ids)

    assert (sorted(done.successes), done.failures) == (ids, {})
    assert answered(app, DESK) == ids
    assert [held(app, f"+{it}").version for it in ids[:90]] == versions


def test_a_transaction_whose_answer_never_came_is_looked_at_again(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = free(60)
    write, lost = app.store.change_numbers, [True]

    def silent(*arguments: object) -> object:
        written = write(*arguments)  # type: ignore[arg-type]
        if lost:
            lost.pop()
            raise ServiceUnavailable("no answer")
        return written

    monkeypatch.setattr(app.store, "change_numbers", silent)

    done = bulk.assign_all(app, ORGANIZATION, DESK, ids)

    assert (sorted(done.successes), done.failures) == (ids, {})
    assert {held(app, f"+{it}").version for it in ids} == {2}


def test_each_failure_is_reported_and_hinders_no_other(app: App, books: Books) -> None:
    ids = free(3)
    hold(app, phone_number="+13125550001", assistant=an_assistant(id=SALES, name="Sales"))
    hold(app, phone_number="+13125550002", organization_id=OTHER_ORGANIZATION, assistant=None)
    hold(app, phone_number="+13125550003", assistant=None, status=NumberStatus.INACTIVE)
    hold(app, phone_number="+13125550004", assistant=None, status=NumberStatus.INACTIVE)
    books.hold("+13125550004")
    wrong = [13125550001, 13125550002, 13125550003, 999]

    done = bulk.assign_all(app, ORGANIZATION, DESK, [*ids, 13125550004, *wrong])

    assert sorted(done.successes) == [*ids, 13125550004]
    assert list(done.failures) == wrong
    assert done.failures[13125550001].endswith("is already assigned to Sales")
    assert done.failures[13125550002] == (
        "Phone number with ID 13125550002 not found in your organization"
    )
    assert "does not hold" in done.failures[13125550003]
    assert held(app, "+13125550002").assistant is None


def test_a_number_that_changes_meanwhile_is_decided_by_what_it_is_then(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = free(5)
    read = app.store.numbers_by_number

    def overtaken(numbers: list[str]) -> object:
        found = read(numbers)
        assigning.assign(app, ORGANIZATION, SALES, ids[2])
        return found

    monkeypatch.setattr(app.store, "numbers_by_number", overtaken)

    done = bulk.assign_all(app, ORGANIZATION, DESK, ids)

    assert sorted(done.successes) == [ids[0], ids[1], ids[3], ids[4]]
    assert list(done.failures) == [ids[2]]
    assert answered(app, SALES) == [ids[2]]


def test_what_is_not_reached_in_time_is_reported(
    app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_rollback(monkeypatch)
    ids = free(90)
    write = app.store.change_numbers

    def slow(*arguments: object) -> object:
        clock.advance(seconds=timedelta(seconds=11).seconds)
        return write(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as day:
        day.setattr(app.store, "change_numbers", slow)
        done = bulk.assign_all(app, ORGANIZATION, DESK, ids)
    again = bulk.assign_all(app, ORGANIZATION, DESK, ids)

    assert done.successes == ids[:60]
    assert list(done.failures) == ids[60:]
    assert "Send the request again" in done.failures[ids[60]]
    assert (sorted(again.successes), again.failures) == (ids, {})


def test_a_number_named_twice_counts_once(app: App) -> None:
    ids = free(2)

    done = bulk.assign_all(app, ORGANIZATION, DESK, [*ids, *ids])

    assert done.successes == ids


def test_nothing_to_assign_is_refused(app: App) -> None:
    with pytest.raises(InvalidRequest, match="No phone number IDs provided"):
        bulk.assign_all(app, ORGANIZATION, DESK, [])


def test_another_organizations_assistant_gets_nothing(app: App) -> None:
    ids = free(2)

    with pytest.raises(AssistantNotFound):
        bulk.assign_all(app, OTHER_ORGANIZATION, DESK, ids)

    assert answered(app, DESK) == []
