"""Who answers a number: given, moved and taken away, in one step or not at all."""

from dataclasses import replace

import pytest

from switchboard.app import App
from switchboard.errors import (
    AssistantNotFound,
    CarrierUnavailable,
    Conflict,
    FlowNotFound,
    InvalidNumber,
    InvalidRequest,
    NumberAssigned,
    NumberNotFound,
    NumberNotHeld,
    NumberNotReady,
    OutcomeUnknown,
    SwitchboardError,
)
from switchboard.model import (
    Actor,
    Assistant,
    ConversationFlow,
    NumberStatus,
    ReleaseClaim,
)
from switchboard.numbers import assigning, updating
from switchboard.numbers.updating import NumberPatch
from tests.builders import (
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    an_assistant,
    an_organization,
)
from tests.clock import START, Clock
from tests.fakes import Books
from tests.unit.holding import held, hold, recorded

ID = int(NUMBER[1:])
DESK, SALES, FLOW = 3001, 3002, 7001


@pytest.fixture
def desk(app: App) -> Assistant:
    """An assistant."""
    return app.store.put_assistant(an_assistant())


@pytest.fixture
def sales(app: App) -> Assistant:
    """Another assistant."""
    return app.store.put_assistant(an_assistant(id=SALES, name="Sales"))


@pytest.fixture
def flow(app: App, sales: Assistant) -> ConversationFlow:
    """A flow over the other assistant."""
    made = ConversationFlow(FLOW, ORGANIZATION, SALES, "Reception", {}, START, START)
    return app.store.add_flow(made)


@pytest.fixture
def acting(app: App) -> App:
    """The app for somebody whose changes are put on record."""
    return app.acting_for(Actor("a key", 1, "192.0.2.1", "request-1"))


@pytest.mark.usefixtures("desk")
def test_an_assigned_number_is_answered_by_the_assistant(app: App, clock: Clock) -> None:
    hold(app, assistant=None)
    clock.advance(minutes=1)

    number, assistant = assigning.assign(app, ORGANIZATION, DESK, ID)

    there = held(app, NUMBER)
    assert assistant.name == "Front desk"
    assert there == replace(number, assistant=there.assistant)
    assert there.assistant is not None
    assert (there.assistant.id, there.assistant.version) == (DESK, 1)
    assert there.assigned_at == clock.now
    assert [it.id for it in app.store.assistant_numbers_page(DESK, "", 10).numbers] == [ID]
    assert app.store.free_numbers_page(ORGANIZATION, "", 10).numbers == []


@pytest.mark.usefixtures("desk")
def test_an_active_number_costs_no_request_to_the_carrier(app: App, books: Books) -> None:
    hold(app, assistant=None)

    assigning.assign(app, ORGANIZATION, DESK, ID)

    assert books.requests == []


@pytest.mark.usefixtures("desk")
def test_assigning_again_changes_and_records_nothing(app: App, acting: App) -> None:
    hold(app, assistant=None)
    first, _ = assigning.assign(acting, ORGANIZATION, DESK, ID)

    again, _ = assigning.assign(acting, ORGANIZATION, DESK, ID)

    assert again.version == first.version
    assert recorded(app) == [("number.assigned", NUMBER, {"assistant_id": DESK})]


@pytest.mark.usefixtures("desk", "sales")
def test_a_number_of_another_assistant_is_not_taken_from_it(app: App) -> None:
    hold(app, assistant=None)
    assigning.assign(app, ORGANIZATION, DESK, ID)

    with pytest.raises(NumberAssigned, match=r"\+14155550100 is already assigned to Front desk"):
        assigning.assign(app, ORGANIZATION, SALES, ID)


@pytest.mark.usefixtures("desk", "flow")
def test_a_number_of_a_flow_is_not_taken_from_it(app: App) -> None:
    hold(app, assistant=None)
    assigning.bind(app, ORGANIZATION, FLOW, ID)

    for assistant_id in (DESK, SALES):
        with pytest.raises(NumberAssigned, match="already assigned to flow 'Reception'"):
            assigning.assign(app, ORGANIZATION, assistant_id, ID)


@pytest.mark.usefixtures("desk", "sales")
def test_of_two_that_assign_at_once_one_gets_the_number(app: App, books: Books) -> None:
    hold(app, assistant=None, status=NumberStatus.INACTIVE)
    books.hold(NUMBER)
    books.meanwhile = lambda: assigning.assign(app, ORGANIZATION, SALES, ID)

    with pytest.raises(NumberAssigned, match="assigned to Sales"):
        assigning.assign(app, ORGANIZATION, DESK, ID)

    there = held(app, NUMBER).assistant
    assert there is not None
    assert there.id == SALES


def test_an_assistant_that_changes_meanwhile_is_copied_as_it_is_then(
    app: App, books: Books, desk: Assistant
) -> None:
    hold(app, assistant=None, status=NumberStatus.INACTIVE)
    books.hold(NUMBER)
    books.meanwhile = lambda: app.store.put_assistant(replace(desk, name="Renamed"))

    number, _ = assigning.assign(app, ORGANIZATION, DESK, ID)

    there = held(app, NUMBER).assistant
    assert there is not None
    assert (there.name, there.version) == ("Renamed", 2)
    assert number.status is NumberStatus.ACTIVE


def test_an_assistant_that_is_deleted_meanwhile_gets_nothing(
    app: App, books: Books, desk: Assistant
) -> None:
    hold(app, assistant=None, status=NumberStatus.INACTIVE)
    books.hold(NUMBER)
    books.meanwhile = lambda: app.store.condemn_assistant(desk, START)

    with pytest.raises(AssistantNotFound, match="3001 not found in your organization"):
        assigning.assign(app, ORGANIZATION, DESK, ID)

    assert held(app, NUMBER).assistant is None


def test_a_stale_copy_is_mended_by_assigning_again(app: App, desk: Assistant) -> None:
    app.store.put_assistant(replace(desk, name="Renamed"))
    # As if the index had not shown the number yet when the assistant's numbers were renewed.
    hold(app, assistant=desk)

    assigning.assign(app, ORGANIZATION, DESK, ID)

    there = held(app, NUMBER).assistant
    assert there is not None
    assert there.name == "Renamed"


# --- numbers whose calls do not come to us ---


@pytest.mark.usefixtures("desk")
def test_an_inactive_number_is_pointed_at_us_first(app: App, books: Books) -> None:
    hold(app, assistant=None, status=NumberStatus.INACTIVE)
    books.hold(NUMBER, points_nowhere=False, voice_url="https://elsewhere.example")

    number, _ = assigning.assign(app, ORGANIZATION, DESK, ID)

    assert number.status is NumberStatus.ACTIVE
    assert held(app, NUMBER).status is NumberStatus.ACTIVE
    assert books.held[NUMBER].points_here


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CarrierUnavailable("down"), CarrierUnavailable),
        (OutcomeUnknown("no answer"), CarrierUnavailable),
    ],
)
@pytest.mark.usefixtures("desk")
def test_a_number_that_cannot_be_pointed_at_us_is_not_assigned(
    app: App, books: Books, error: Exception, told: type[Exception]
) -> None:
    before = hold(app, assistant=None, status=NumberStatus.INACTIVE)
    books.hold(NUMBER)
    books.failures["wire"] = [error]

    with pytest.raises(told):
        assigning.assign(app, ORGANIZATION, DESK, ID)

    assert held(app, NUMBER) == before
    assigning.assign(app, ORGANIZATION, DESK, ID)
    assert held(app, NUMBER).status is NumberStatus.ACTIVE


@pytest.mark.usefixtures("desk")
def test_a_number_that_the_carrier_does_not_hold_is_not_assigned(app: App) -> None:
    before = hold(app, assistant=None, status=NumberStatus.INACTIVE)

    with pytest.raises(NumberNotHeld):
        assigning.assign(app, ORGANIZATION, DESK, ID)

    assert held(app, NUMBER) == before


@pytest.mark.usefixtures("desk")
def test_a_process_that_dies_after_the_carrier_was_asked_is_repeated(
    app: App, books: Books
) -> None:
    hold(app, assistant=None, status=NumberStatus.INACTIVE)
    books.hold(NUMBER)
    books.vanished["wire"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        assigning.assign(app, ORGANIZATION, DESK, ID)

    number, _ = assigning.assign(app, ORGANIZATION, DESK, ID)

    assert number.status is NumberStatus.ACTIVE


@pytest.mark.usefixtures("desk")
def test_an_ordered_number_may_be_assigned_before_it_is_delivered(app: App) -> None:
    hold(app, assistant=None, status=NumberStatus.PENDING)

    number, _ = assigning.assign(app, ORGANIZATION, DESK, ID)

    assert number.status is NumberStatus.PENDING


@pytest.mark.usefixtures("desk", "flow")
def test_a_number_that_is_being_released_is_not_changed(app: App) -> None:
    claim = ReleaseClaim(NumberStatus.ACTIVE, START, START)
    before = hold(app, status=NumberStatus.RELEASING, release=claim)

    for change in (
        lambda: assigning.assign(app, ORGANIZATION, DESK, ID),
        lambda: assigning.unassign(app, ORGANIZATION, ID, DESK),
        lambda: assigning.bind(app, ORGANIZATION, FLOW, ID),
        lambda: updating.update(app, ORGANIZATION, ID, NumberPatch(friendly_name="New")),
    ):
        with pytest.raises(NumberNotReady):
            change()

    assert held(app, NUMBER) == replace(before, assistant=held(app, NUMBER).assistant)


# --- taking away ---


@pytest.mark.usefixtures("desk")
def test_an_unassigned_number_is_free_and_keeps_its_carriers_settings(
    app: App, acting: App, books: Books
) -> None:
    hold(app)

    number, assistant = assigning.unassign(acting, ORGANIZATION, ID, DESK)

    there = held(app, NUMBER)
    assert assistant.name == "Front desk"
    assert there == number
    assert (there.assistant, there.assigned_at) == (None, None)
    assert there.status is NumberStatus.ACTIVE
    assert [it.id for it in app.store.free_numbers_page(ORGANIZATION, "", 10).numbers] == [ID]
    assert app.store.assistant_numbers_page(DESK, "", 10).numbers == []
    assert recorded(app) == [("number.unassigned", NUMBER, {"assistant_id": DESK})]
    assert books.requests == []


@pytest.mark.usefixtures("desk", "sales")
def test_a_number_is_only_taken_from_the_assistant_that_has_it(app: App) -> None:
    before = hold(app)

    with pytest.raises(InvalidRequest, match="is not assigned to this assistant"):
        assigning.unassign(app, ORGANIZATION, ID, SALES)

    assert held(app, NUMBER).version == before.version


@pytest.mark.usefixtures("desk")
def test_a_free_number_cannot_be_unassigned(app: App) -> None:
    hold(app, assistant=None)

    with pytest.raises(InvalidRequest, match="is not assigned to any assistant"):
        assigning.unassign(app, ORGANIZATION, ID)


# --- flows ---


@pytest.mark.usefixtures("desk")
def test_a_flow_takes_the_place_of_the_assistant(
    app: App, acting: App, flow: ConversationFlow
) -> None:
    hold(app)

    assigning.bind(acting, ORGANIZATION, FLOW, ID)

    there = held(app, NUMBER)
    assert there.flow == flow.tag
    assert there.assistant is not None
    assert there.assistant.id == SALES
    assert recorded(app) == [("number.assigned", NUMBER, {"assistant_id": SALES, "flow_id": FLOW})]


@pytest.mark.usefixtures("flow")
def test_binding_again_changes_nothing(app: App) -> None:
    hold(app, assistant=None)
    first, _ = assigning.bind(app, ORGANIZATION, FLOW, ID)

    again, _ = assigning.bind(app, ORGANIZATION, FLOW, ID)

    assert again.version == first.version


def test_a_number_of_another_flow_is_not_taken_from_it(app: App, flow: ConversationFlow) -> None:
    app.store.add_flow(replace(flow, id=7002, name="Other", version=0))
    hold(app, assistant=None)
    assigning.bind(app, ORGANIZATION, FLOW, ID)

    with pytest.raises(NumberAssigned, match="already assigned to flow 'Reception'"):
        assigning.bind(app, ORGANIZATION, 7002, ID)


def test_a_flow_that_changes_meanwhile_is_bound_as_it_is_then(
    app: App, books: Books, flow: ConversationFlow
) -> None:
    hold(app, assistant=None, status=NumberStatus.INACTIVE)
    books.hold(NUMBER)
    books.meanwhile = lambda: app.store.put_flow(replace(flow, name="Renamed"))

    assigning.bind(app, ORGANIZATION, FLOW, ID)

    tag = held(app, NUMBER).flow
    assert tag is not None
    assert tag.name == "Renamed"


@pytest.mark.usefixtures("flow")
def test_nobody_answers_a_number_after_its_flow(app: App) -> None:
    hold(app, assistant=None)
    assigning.bind(app, ORGANIZATION, FLOW, ID)

    with pytest.raises(InvalidRequest, match="Unassign it from the flow"):
        assigning.unassign(app, ORGANIZATION, ID)
    assigning.unbind(app, ORGANIZATION, FLOW, ID)

    there = held(app, NUMBER)
    assert (there.flow, there.assistant) == (None, None)
    with pytest.raises(InvalidRequest, match="is not assigned to flow 'Reception'"):
        assigning.unbind(app, ORGANIZATION, FLOW, ID)


# --- by number ---


@pytest.mark.usefixtures("desk")
def test_a_number_that_only_the_carrier_knows_is_taken_over_and_assigned(
    app: App, acting: App, books: Books
) -> None:
    books.hold(NUMBER, points_nowhere=False, voice_url="https://elsewhere.example")

    number, _, was_found = assigning.assign_by_number(
        acting, ORGANIZATION, DESK, NUMBER, "Front line"
    )

    assert was_found
    assert held(app, NUMBER) == replace(number, assistant=held(app, NUMBER).assistant)
    assert (number.status, number.friendly_name) == (NumberStatus.ACTIVE, "Front line")
    assert books.held[NUMBER].points_here
    assert [action for action, _, _ in recorded(app)] == [
        "number.imported",
        "number.assigned",
        "number.updated",
    ]


@pytest.mark.usefixtures("desk")
def test_a_number_that_is_here_is_not_looked_for_at_the_carrier(app: App, books: Books) -> None:
    hold(app, assistant=None)

    _, _, was_found = assigning.assign_by_number(app, ORGANIZATION, DESK, NUMBER)

    assert not was_found
    assert books.requests == []


@pytest.mark.parametrize("auto_sync", [True, False])
@pytest.mark.usefixtures("desk")
def test_a_number_that_nobody_knows_is_not_found(app: App, books: Books, auto_sync: bool) -> None:
    with pytest.raises(NumberNotFound, match="not found in your organization"):
        assigning.assign_by_number(app, ORGANIZATION, DESK, NUMBER, auto_sync=auto_sync)

    assert books.requests == (["find_held"] if auto_sync else [])


@pytest.mark.usefixtures("desk")
def test_a_number_that_another_organization_has_is_not_found_though_the_carrier_shows_it(
    app: App, books: Books
) -> None:
    theirs = hold(app, organization_id=OTHER_ORGANIZATION)
    books.hold(NUMBER)

    with pytest.raises(NumberNotFound, match="not found in your organization"):
        assigning.assign_by_number(app, ORGANIZATION, DESK, NUMBER)

    assert held(app, NUMBER) == theirs
    assert "wire" not in books.requests


@pytest.mark.usefixtures("desk")
def test_what_is_no_number_is_refused(app: App) -> None:
    with pytest.raises(InvalidNumber):
        assigning.assign_by_number(app, ORGANIZATION, DESK, "12345")
    with pytest.raises(InvalidNumber):
        assigning.unassign_by_number(app, ORGANIZATION, DESK, "12345")


@pytest.mark.usefixtures("desk")
def test_a_number_is_unassigned_by_number(app: App) -> None:
    hold(app)

    assigning.unassign_by_number(app, ORGANIZATION, DESK, NUMBER)

    assert held(app, NUMBER).assistant is None
    with pytest.raises(InvalidRequest):
        assigning.unassign_by_number(app, ORGANIZATION, DESK, NUMBER)


# --- PATCH ---


@pytest.mark.usefixtures("desk", "sales")
def test_a_patch_moves_a_number_and_changes_the_rest_with_it(app: App, acting: App) -> None:
    hold(app)

    patch = NumberPatch("Sales line", SALES, allowed_country_codes=("us", "CA", "US"))
    number = updating.update(acting, ORGANIZATION, ID, patch)

    there = held(app, NUMBER)
    assert there == replace(number, assistant=there.assistant)
    assert there.assistant is not None
    assert there.assistant.id == SALES
    assert (there.friendly_name, there.allowed_country_codes) == ("Sales line", ("US", "CA"))
    assert recorded(app) == [
        (
            "number.assigned",
            NUMBER,
            {
                "assistant_id": SALES,
                "friendly_name": "Sales line",
                "allowed_country_codes": ["US", "CA"],
            },
        )
    ]


@pytest.mark.usefixtures("desk", "flow")
def test_a_patch_puts_one_holder_in_the_others_place(app: App) -> None:
    hold(app)

    bound = updating.update(app, ORGANIZATION, ID, NumberPatch(flow_id=FLOW))
    moved = updating.update(app, ORGANIZATION, ID, NumberPatch(assistant_id=DESK))

    assert bound.flow is not None
    assert moved.flow is None
    there = held(app, NUMBER)
    assert there.assistant is not None
    assert (there.assistant.id, there.flow) == (DESK, None)


@pytest.mark.usefixtures("desk", "flow")
def test_zero_takes_away_what_it_names_and_nothing_else(app: App) -> None:
    hold(app)

    kept = updating.update(app, ORGANIZATION, ID, NumberPatch(flow_id=0))
    assert kept.assistant is not None
    freed = updating.update(app, ORGANIZATION, ID, NumberPatch(assistant_id=0))
    assert freed.assistant is None
    assigning.bind(app, ORGANIZATION, FLOW, ID)
    kept = updating.update(app, ORGANIZATION, ID, NumberPatch(assistant_id=0))
    assert kept.flow is not None
    freed = updating.update(app, ORGANIZATION, ID, NumberPatch(flow_id=0))
    assert (freed.flow, freed.assistant) == (None, None)


def test_a_patch_of_nothing_writes_nothing(app: App, acting: App) -> None:
    before = hold(app)

    updating.update(acting, ORGANIZATION, ID, NumberPatch(friendly_name="Front desk line"))

    assert held(app, NUMBER).version == before.version
    assert recorded(app) == []


def test_everybody_may_call_again_when_no_country_is_listed(app: App) -> None:
    hold(app, allowed_country_codes=("US",))

    updating.update(app, ORGANIZATION, ID, NumberPatch(allowed_country_codes=()))

    assert held(app, NUMBER).allowed_country_codes == ()


def test_a_country_that_does_not_exist_changes_nothing(app: App) -> None:
    before = hold(app)

    with pytest.raises(InvalidRequest, match="'XX' is no country"):
        updating.update(
            app, ORGANIZATION, ID, NumberPatch("New name", allowed_country_codes=("XX",))
        )

    assert held(app, NUMBER) == before


def test_a_renewed_copy_is_not_overwritten_by_a_rename(
    app: App, desk: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(app, assistant=desk)
    read = app.store.number

    def overtaken(phone_number: str) -> object:
        number = read(phone_number)
        monkeypatch.setattr(app.store, "number", read)
        app.store.put_assistant(replace(desk, name="Renamed"))
        return number

    monkeypatch.setattr(app.store, "number", overtaken)
    updating.update(app, ORGANIZATION, ID, NumberPatch(friendly_name="New"))

    there = held(app, NUMBER)
    assert there.assistant is not None
    assert (there.friendly_name, there.assistant.name) == ("New", "Renamed")


def test_a_number_that_keeps_changing_is_a_conflict(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(app)
    read = app.store.number

    def stale(phone_number: str) -> object:
        number = read(phone_number)
        return replace(number, version=77) if number else None

    monkeypatch.setattr(app.store, "number", stale)

    with pytest.raises(Conflict, match="being changed by others"):
        updating.update(app, ORGANIZATION, ID, NumberPatch(friendly_name="New"))


# --- others' things ---


@pytest.mark.usefixtures("desk", "flow")
def test_another_organizations_number_is_one_that_does_not_exist(app: App) -> None:
    theirs = hold(app, organization_id=OTHER_ORGANIZATION)

    for change in (
        lambda: assigning.assign(app, ORGANIZATION, DESK, ID),
        lambda: assigning.unassign(app, ORGANIZATION, ID),
        lambda: assigning.bind(app, ORGANIZATION, FLOW, ID),
        lambda: assigning.unbind(app, ORGANIZATION, FLOW, ID),
        lambda: assigning.unassign_by_number(app, ORGANIZATION, DESK, NUMBER),
        lambda: updating.update(app, ORGANIZATION, ID, NumberPatch(friendly_name="Mine")),
    ):
        with pytest.raises(NumberNotFound):
            change()

    assert held(app, NUMBER) == theirs


@pytest.mark.usefixtures("desk", "flow")
def test_another_organizations_assistant_or_flow_is_one_that_does_not_exist(app: App) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    theirs = hold(app, organization_id=OTHER_ORGANIZATION, assistant=None)
    errors: list[type[SwitchboardError]] = [AssistantNotFound, FlowNotFound] * 2
    changes = (
        lambda: assigning.assign(app, OTHER_ORGANIZATION, DESK, ID),
        lambda: assigning.bind(app, OTHER_ORGANIZATION, FLOW, ID),
        lambda: updating.update(app, OTHER_ORGANIZATION, ID, NumberPatch(assistant_id=DESK)),
        lambda: updating.update(app, OTHER_ORGANIZATION, ID, NumberPatch(flow_id=FLOW)),
    )

    for change, error in zip(changes, errors, strict=True):
        with pytest.raises(error):
            change()

    assert held(app, NUMBER) == theirs
