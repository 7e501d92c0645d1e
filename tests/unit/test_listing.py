"""Pages, counts and sums of calls: what comes, and how many requests it costs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import batched

import boto3
import pytest

from switchboard import calls, ids, listing
from switchboard.app import App
from switchboard.listing import CallFilter
from switchboard.model import Call, CallStatus, CallTotals
from switchboard.store import Taken
from switchboard.store.calls import call_item
from switchboard.store.table import serialized
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION, a_call, an_event
from tests.clock import START
from tests.conftest import SETTINGS
from tests.unit.holding import counted

MANY = 1200


def fill(app: App, how_many: int) -> None:
    """Put calls a second apart into the table, every tenth completed after a minute.

    Without transactions, each of which takes moto as long as the table is large.
    """
    client = boto3.client("dynamodb")
    puts = []
    for n in range(how_many):
        puts.append(call_item(nth_call(n)))
    for shard in range(16):
        mine = [n for n in range(how_many) if n % 16 == shard]
        ended = [n for n in mine if n % 10 == 0]
        key = {"pk": f"COUNT#{ORGANIZATION}#CALL", "sk": f"{shard:02d}"}
        puts.append(key | {"calls": len(mine), "timed": len(ended), "seconds": 60 * len(ended)})
    for batch in batched(puts, 25, strict=False):
        rows = [{"PutRequest": {"Item": serialized(put)}} for put in batch]
        client.batch_write_item(RequestItems={SETTINGS.table_name: rows})


def nth_call(n: int) -> Call:
    ended = n % 10 == 0
    return a_call(
        id=ids.first_id_at(START + timedelta(seconds=n)) + n % 16,
        call_sid=f"CA{n}",
        status=CallStatus.COMPLETED if ended else CallStatus.RINGING,
        duration=60 if ended else None,
        customer_number=f"+1212555{n:04d}",
    )


@pytest.fixture
def requests(app: App) -> tuple[App, list[str]]:
    """The same table through a client that writes down each request."""
    return counted(app)


def test_a_page_of_a_long_history_costs_two_requests(requests: tuple[App, list[str]]) -> None:
    app, seen = requests
    fill(app, MANY)
    seen.clear()

    page, total = listing.search(app, ORGANIZATION, CallFilter(), 0, 100)

    assert seen == ["Query", "BatchGetItem"]
    assert total == MANY
    assert [call.call_sid for call in page] == [f"CA{n}" for n in range(1199, 1099, -1)]

    seen.clear()
    page, _ = listing.search(app, ORGANIZATION, CallFilter(), 1150, 100)

    assert seen == ["Query", "Query", "BatchGetItem"]
    assert [call.call_sid for call in page] == [f"CA{n}" for n in range(49, -1, -1)]

    seen.clear()
    assert listing.count(app, ORGANIZATION, CallFilter()) == MANY
    assert listing.totals(app, ORGANIZATION, CallFilter()) == CallTotals(MANY, 120, 7200)
    assert seen == ["BatchGetItem", "BatchGetItem"]


@pytest.mark.parametrize(
    ("skip", "sids"), [(0, ["CA3", "CA2"]), (3, ["CA0"]), (4, []), (10**30, [])]
)
def test_pages_end_where_the_history_begins(app: App, skip: int, sids: list[str]) -> None:
    fill(app, 4)

    page, total = listing.search(app, ORGANIZATION, CallFilter(), skip, 2)

    assert [call.call_sid for call in page] == sids
    assert total == 4


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


@pytest.mark.parametrize(
    ("wanted", "sids"),
    [
        (CallFilter(date_from=at(3)), ["CA4", "CA3"]),
        (CallFilter(date_to=at(1)), ["CA1", "CA0"]),
        (CallFilter(date_from=at(1), date_to=at(2)), ["CA2", "CA1"]),
        (CallFilter(date_from=at(2), date_to=at(1)), []),
        (CallFilter(date_from=at(2), date_to=at(1), status="ongoing"), []),
        (CallFilter(date_from=at(9)), []),
        (CallFilter(date_to=datetime(1999, 1, 1, tzinfo=UTC)), []),
        (CallFilter(date_from=at(1), status="ongoing", customer_phone="0003"), ["CA3"]),
        (CallFilter(date_to=at(2), status="completed"), ["CA0"]),
    ],
)
def test_dates_are_a_range_of_keys(app: App, wanted: CallFilter, sids: list[str]) -> None:
    fill(app, 5)

    page, total = listing.search(app, ORGANIZATION, wanted, 0, 10)

    assert [call.call_sid for call in page] == sids
    assert total == len(sids)
    assert listing.count(app, ORGANIZATION, wanted) == len(sids)
    assert listing.totals(app, ORGANIZATION, wanted).calls == len(sids)


def test_a_call_of_the_next_millisecond_is_after_the_last_date(app: App) -> None:
    app.store.add_call(a_call(id=ids.first_id_at(START + timedelta(milliseconds=1))))

    assert listing.search(app, ORGANIZATION, CallFilter(date_to=START), 0, 10) == ([], 0)


def test_a_filter_reads_whole_rows_only_for_its_page(requests: tuple[App, list[str]]) -> None:
    app, seen = requests
    fill(app, 40)
    seen.clear()

    page, total = listing.search(app, ORGANIZATION, CallFilter(status="completed"), 1, 2)

    assert [call.call_sid for call in page] == ["CA20", "CA10"]
    assert total == 4
    assert seen == ["Query", "BatchGetItem"]


def test_another_organizations_calls_are_not_counted(app: App) -> None:
    app.store.add_call(a_call())

    assert listing.search(app, OTHER_ORGANIZATION, CallFilter(), 0, 10) == ([], 0)
    assert listing.totals(app, OTHER_ORGANIZATION, CallFilter()) == CallTotals()


# --- the counters ---


def test_calls_are_counted_as_they_are_written(app: App) -> None:
    for n in range(20):
        app.store.add_call(nth_call(n))

    assert listing.totals(app, ORGANIZATION, CallFilter()) == CallTotals(20, 2, 120)


def test_a_call_is_counted_once_though_its_webhook_comes_twice(app: App) -> None:
    app.store.add_call(a_call())

    with pytest.raises(Taken):
        app.store.add_call(a_call(id=5002))

    assert listing.count(app, ORGANIZATION, CallFilter()) == 1


def test_a_new_call_is_still_one_request(requests: tuple[App, list[str]]) -> None:
    app, seen = requests

    app.store.add_call(a_call())

    assert seen == ["TransactWriteItems"]


@pytest.fixture
def record(app: App) -> Callable[..., None]:
    def record(**changes: object) -> None:
        carrier = app.carrier("fake", ORGANIZATION)
        calls.record(app, carrier, ORGANIZATION, an_event(**changes))

    return record


def test_the_seconds_of_a_call_are_added_when_it_has_ended(
    app: App, record: Callable[..., None]
) -> None:
    record(id="ringing")
    record(id="answered", status=CallStatus.IN_PROGRESS)
    record(id="ended", status=CallStatus.COMPLETED, occurred_at=at(30))
    record(id="late", status=CallStatus.COMPLETED, occurred_at=at(99))

    summed = listing.totals(app, ORGANIZATION, CallFilter())

    assert summed == CallTotals(calls=1, timed=1, seconds=30)
    assert summed == listing.totals(app, ORGANIZATION, CallFilter(max_duration=999))


def test_an_answer_that_is_heard_of_after_the_end_is_summed_too(
    app: App, record: Callable[..., None]
) -> None:
    end = {"status": CallStatus.COMPLETED, "status_unanswered": CallStatus.CANCELLED}
    record(id="ended", occurred_at=at(30), **end)
    record(id="answered", status=CallStatus.IN_PROGRESS, occurred_at=at(10))

    assert listing.totals(app, ORGANIZATION, CallFilter()) == CallTotals(1, 1, 20)


def test_the_average_is_of_those_in_which_somebody_spoke() -> None:
    assert CallTotals(calls=5, timed=3, seconds=100).average_seconds == 33.33
    assert CallTotals(calls=5).average_seconds == 0.0


# --- walking for an export ---


def test_a_walk_reads_no_further_than_it_is_followed(requests: tuple[App, list[str]]) -> None:
    app, seen = requests
    fill(app, 50)
    seen.clear()

    rows = listing.walk(app, ORGANIZATION, CallFilter(), None, 10)
    first = [next(rows)[0] for _ in range(10)]

    assert seen == ["Query"]
    assert first == sorted(first, reverse=True)
    following = next(listing.walk(app, ORGANIZATION, CallFilter(), first[-1], 10))
    assert following[0] < first[-1]
