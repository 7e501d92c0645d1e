"""The record of who changed what: written with the change, read newest first, never changed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from switchboard import audit, ids
from switchboard.app import App
from switchboard.errors import InvalidRequest
from switchboard.model import Actor, AuditEntry
from switchboard.store import AuditFilter, Taken
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION
from tests.clock import START, Clock

ANNA = Actor("Anna's script", key_id=7001, address="192.0.2.7", request_id="req-1")
EVERYTHING = AuditFilter()


@pytest.fixture
def app(app: App, clock: Clock) -> App:
    """The deployment, whose ids are times as in a real one."""
    return replace(app, new_id=lambda: ids.new_id(clock()))


def note(app: App, *actions: str, target: str = NUMBER, organization: int = ORGANIZATION) -> None:
    writes = [it for action in actions for it in app.store.audit(organization, action, target)]
    app.store.transact(*writes)


def seen(app: App, wanted: AuditFilter = EVERYTHING, limit: int = 100) -> list[AuditEntry]:
    return audit.page(app, ORGANIZATION, wanted, limit)[0]


def test_a_change_is_on_record_with_who_made_it_when_and_from_where(app: App) -> None:
    anna = app.acting_for(ANNA)
    anna.store.transact(
        *anna.store.audit(ORGANIZATION, "number.updated", NUMBER, id=5, names=["a"])
    )

    (entry,) = seen(app)

    assert (entry.actor, entry.at) == (ANNA, START)
    assert (entry.action, entry.target) == ("number.updated", NUMBER)
    assert entry.details == {"id": 5, "names": ["a"]}


def test_what_nobody_asked_for_is_not_on_record(app: App) -> None:
    assert app.store.audit(ORGANIZATION, "number.updated", NUMBER) == []


def test_changes_of_one_moment_are_all_on_record(app: App) -> None:
    note(app.acting_for(ANNA), *["number.assigned"] * 90)

    assert len({entry.id for entry in seen(app)}) == 90


def test_the_newest_comes_first_and_a_cursor_goes_on(app: App, clock: Clock) -> None:
    for n in range(7):
        note(app.acting_for(ANNA), f"number.{n}")
        clock.advance(seconds=1)

    pages, cursor = [], None
    while True:
        found, cursor = audit.page(app, ORGANIZATION, EVERYTHING, 3, cursor)
        pages.append([entry.action[-1] for entry in found])
        if cursor is None:
            break

    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]


def test_another_organizations_record_is_its_own(app: App) -> None:
    note(app.acting_for(ANNA), "number.updated", organization=OTHER_ORGANIZATION)

    assert seen(app) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditFilter(action="number."), ["number.released", "number.updated"]),
        (AuditFilter(action="number.updated"), ["number.updated"]),
        (AuditFilter(target="k1"), ["key.created"]),
        (AuditFilter(key_id=7002), ["key.created"]),
        (AuditFilter(key_id=7001, action="number.r"), ["number.released"]),
        (AuditFilter(date_from=START + timedelta(minutes=1)), ["number.released", "key.created"]),
        (AuditFilter(date_to=START + timedelta(minutes=1)), ["number.updated"]),
        (AuditFilter(date_from=START, date_to=START), []),
        (AuditFilter(date_from=START + timedelta(days=1), date_to=START), []),
    ],
)
def test_a_filter_finds_what_matches_all_of_it(
    app: App, clock: Clock, wanted: AuditFilter, found: list[str]
) -> None:
    note(app.acting_for(ANNA), "number.updated")
    clock.advance(minutes=1)
    note(app.acting_for(Actor("Ben", 7002, request_id="r2")), "key.created", target="k1")
    clock.advance(minutes=1)
    note(app.acting_for(ANNA), "number.released")

    assert [entry.action for entry in seen(app, wanted)] == found


def test_a_filtered_list_goes_on_where_its_page_was_full(app: App) -> None:
    note(app.acting_for(ANNA), *["number.updated", "key.created"] * 5)
    wanted = AuditFilter(action="key.")

    first, cursor = audit.page(app, ORGANIZATION, wanted, 3)
    rest, end = audit.page(app, ORGANIZATION, wanted, 3, cursor)

    assert [len(first), len(rest), end] == [3, 2, None]
    assert {entry.action for entry in (*first, *rest)} == {"key.created"}


@pytest.mark.parametrize("cursor", ["", "1", "x" * 16 + ".r", f"{1:016d}", f"{1:016d}.a b"])
def test_a_cursor_that_no_page_gave_is_refused(app: App, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor is not one"):
        audit.page(app, ORGANIZATION, EVERYTHING, 10, cursor)


def test_a_cursor_beyond_either_end_of_the_filter_is_no_error(app: App) -> None:
    note(app.acting_for(ANNA), "number.updated")
    since = AuditFilter(date_from=START)

    assert audit.page(app, ORGANIZATION, since, 10, f"{1:016d}.r") == ([], None)
    assert len(audit.page(app, ORGANIZATION, since, 10, f"{9 * 10**15:016d}.r")[0]) == 1


def test_an_entry_that_is_there_is_never_written_over(app: App) -> None:
    anna = app.acting_for(ANNA)
    write = anna.store.audit(ORGANIZATION, "number.updated", NUMBER)
    anna.store.transact(*write)

    with pytest.raises(Taken):
        anna.store.transact(*write)
