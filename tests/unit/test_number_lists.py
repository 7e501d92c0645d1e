"""Lists of numbers: what is on a page, what follows it, and what it costs in a large table."""

from collections.abc import Callable, Iterator

import pytest

from switchboard import listing as calls
from switchboard.app import App
from switchboard.errors import AssistantNotFound
from switchboard.listing import CallFilter
from switchboard.model import E164, Flow, Number, NumberStatus
from switchboard.numbers import listing
from switchboard.numbers.listing import NumberFilter
from switchboard.store import NumberPage
from switchboard.store.calls import call_item
from switchboard.store.number_rows import number_item, number_key
from switchboard.store.table import sortable
from tests.builders import (
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    a_number,
    an_assistant,
)
from tests.unit.holding import counted, fill_alike, hold

DESK, SALES = 3001, 3002
NUMBERS, CALLS = 20_000, 50_000

type Listing = Callable[[App, int | None, int], NumberPage]


def nth(n: int) -> E164:
    """Return one of the numbers from +12125000000 on."""
    return E164(f"+{12_125_000_000 + n}")


def everything(app: App, cursor: int | None, limit: int) -> NumberPage:
    return listing.find(app, ORGANIZATION, NumberFilter(inactive=True), cursor, limit)


def unassigned(app: App, cursor: int | None, limit: int) -> NumberPage:
    return listing.find(app, ORGANIZATION, NumberFilter(assigned=False), cursor, limit)


def available(app: App, cursor: int | None, limit: int) -> NumberPage:
    return listing.available(app, ORGANIZATION, cursor, limit)


def of_desk(app: App, cursor: int | None, limit: int) -> NumberPage:
    return listing.of_assistant(app, ORGANIZATION, DESK, cursor, limit)


def available_to_desk(app: App, cursor: int | None, limit: int) -> NumberPage:
    return listing.available_to(app, ORGANIZATION, DESK, cursor, limit)


LISTS: list[Listing] = [everything, unassigned, available, of_desk, available_to_desk]


def walk(app: App, listing: Listing, limit: int) -> Iterator[Number]:
    """Yield all that a list has, page after page."""
    cursor = None
    while True:
        page = listing(app, cursor, limit)
        yield from page.numbers
        if page.last is None:
            return
        cursor = int(page.last[1:])


def shown(page: NumberPage) -> list[str]:
    return [number.phone_number for number in page.numbers]


# --- a large table ---


@pytest.fixture
def crowded(app: App) -> App:
    """A table with many numbers, half of them with an assistant, and many calls."""
    app.store.put_assistant(an_assistant())
    for first, holder in ((0, None), (1, an_assistant(version=1))):
        alike = number_item(a_number(assistant=holder))
        mine = (nth(n) for n in range(first, NUMBERS, 2))
        fill_alike(
            alike,
            (
                number_key(it) | {"phone_number": it, "gsi1sk": it, "gsi2sk": it, "order_key": it}
                for it in mine
            ),
        )
    calls = ({"pk": f"CALL#{n}", "gsi1sk": sortable(n), "id": n} for n in range(CALLS))
    fill_alike(call_item(a_call()), calls)
    return app


def test_a_page_of_100_costs_two_requests_at_most_whatever_the_list(crowded: App) -> None:
    app, seen = counted(crowded)

    for listing_ in LISTS:
        seen.clear()
        page = listing_(app, None, 100)
        assert len(page.numbers) == 100, listing_
        assert len(seen) <= 2, listing_

    assert page.last is not None
    seen.clear()
    following = available_to_desk(app, int(page.last[1:]), 100)
    assert [it.phone_number for it in following.numbers] == [nth(n) for n in range(200, 400, 2)]
    assert len(seen) <= 2


def test_a_page_of_100_calls_costs_two_requests_at_most(crowded: App) -> None:
    app, seen = counted(crowded)

    page, _ = calls.search(app, ORGANIZATION, CallFilter(), 0, 100)

    assert [call.id for call in page] == list(range(CALLS - 1, CALLS - 101, -1))
    assert len(seen) <= 2


# --- what is on a page ---


@pytest.fixture
def various(app: App) -> App:
    """Numbers of every sort, and one of another organization."""
    app.store.put_assistant(an_assistant())
    hold(app, phone_number=nth(1))
    hold(app, phone_number=nth(2), assistant=None)
    hold(app, phone_number=nth(3), assistant=None, status=NumberStatus.INACTIVE)
    hold(app, phone_number=nth(4), assistant=None, status=NumberStatus.PENDING)
    hold(app, phone_number=nth(5), assistant=None, status=NumberStatus.RELEASING)
    hold(app, phone_number=nth(6), flow=Flow(7001, "Reception"))
    hold(app, phone_number=nth(7), assistant=None, organization_id=OTHER_ORGANIZATION)
    hold(app, phone_number=nth(8), organization_id=OTHER_ORGANIZATION)
    return app


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (NumberFilter(), [1, 2, 6]),
        (NumberFilter(inactive=True), [1, 2, 3, 4, 5, 6]),
        (NumberFilter(assigned=False), [2]),
        (NumberFilter(assigned=False, inactive=True), [2, 3, 4, 5]),
        (NumberFilter(unassigned=False), [1, 6]),
        (NumberFilter(assigned=False, unassigned=False), []),
    ],
)
def test_a_filter_leaves_out_what_is_not_wanted(
    various: App, wanted: NumberFilter, expected: list[int]
) -> None:
    page = listing.find(various, ORGANIZATION, wanted, None, 100)

    assert shown(page) == [nth(n) for n in expected]
    assert page.last is None


def test_available_is_what_can_be_assigned(various: App) -> None:
    expected = [nth(2), nth(3)]

    assert shown(available(various, None, 100)) == expected
    assert shown(available_to_desk(various, None, 100)) == expected


def test_an_assistants_numbers_are_its_own_and_not_those_of_its_flows(various: App) -> None:
    assert shown(of_desk(various, None, 100)) == [nth(1)]


def test_an_assistant_of_another_organization_has_no_lists(various: App) -> None:
    for ask in (listing.of_assistant, listing.available_to):
        with pytest.raises(AssistantNotFound, match="3001 not found in your organization"):
            ask(various, OTHER_ORGANIZATION, DESK, None, 100)


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_pages_have_everything_once_and_in_order(various: App, limit: int) -> None:
    found = [number.phone_number for number in walk(various, everything, limit)]

    assert found == [nth(n) for n in range(1, 7)]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_short_page_still_leads_on(various: App, limit: int) -> None:
    found = [number.phone_number for number in walk(various, available, limit)]

    assert found == [nth(2), nth(3)]


def test_a_page_that_holds_all_that_is_left_is_the_last(app: App) -> None:
    hold(app, phone_number=nth(1))
    hold(app, phone_number=nth(2))

    assert everything(app, None, 2).last is None
    assert everything(app, None, 1).last == nth(1)


# --- who answers ---


def test_the_assistant_of_a_number_is_shown_whole(app: App) -> None:
    app.store.put_assistant(an_assistant(description="Takes bookings"))
    hold(app)

    found = listing.assistant_by_number(app, ORGANIZATION, NUMBER)

    assert found.description == "Takes bookings"


@pytest.mark.parametrize("organization_id", [ORGANIZATION, OTHER_ORGANIZATION])
def test_a_number_without_an_assistant_of_ones_own_has_none(app: App, organization_id: int) -> None:
    app.store.put_assistant(an_assistant())
    hold(app, assistant=None if organization_id == ORGANIZATION else an_assistant())

    with pytest.raises(AssistantNotFound) as refused:
        listing.assistant_by_number(app, organization_id, NUMBER)

    assert str(refused.value) == (
        f"Assistant assigned to phone number {NUMBER} not found in your organization"
    )
