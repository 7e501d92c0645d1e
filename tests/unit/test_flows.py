"""Flows: their numbers follow names and bases, whoever writes at once and wherever a run dies."""

from dataclasses import replace
from typing import Any

import pytest

from switchboard.app import App
from switchboard.directory import assistants, flows
from switchboard.errors import FlowNotFound
from switchboard.model import E164, Assistant, ConversationFlow, Number
from switchboard.store import Store, Taken
from tests.builders import ORGANIZATION, a_flow, a_number, an_assistant, an_order
from tests.unit.test_assistants import dying

BOUND = [E164("+14155550100"), E164("+14155550101")]
OWN = E164("+14155550102")


@pytest.fixture
def made(app: App) -> ConversationFlow:
    """A flow that answers two numbers, whose base answers a third by itself."""
    base = app.store.put_assistant(an_assistant())
    app.store.put_assistant(an_assistant(id=3002, name="Other", stream_url="wss://o.example.com"))
    app.store.put_assistant(an_assistant(id=3003, name="Third"))
    made = app.store.add_flow(a_flow())
    for phone_number in (*BOUND, OWN):
        key = f"key-{phone_number}"
        number = a_number(
            phone_number=phone_number,
            order_key=key,
            assistant=base,
            flow=made.tag if phone_number in BOUND else None,
        )
        app.store.claim(an_order(key=key, phone_number=phone_number), number)
    return made


def number(app: App, phone_number: E164) -> Number:
    """Return a number that is there."""
    found = app.store.number(phone_number)
    assert found
    return found


def base(app: App, assistant_id: int) -> Assistant:
    """Return an assistant that is there."""
    return assistants.find(app, ORGANIZATION, assistant_id)


def listed(app: App, assistant_id: int) -> list[E164]:
    """Return the numbers that the index lists under an assistant."""
    page = app.store.assistant_numbers_page(assistant_id, "", 10)
    return [it.phone_number for it in page.numbers]


def test_a_new_name_reaches_the_numbers(app: App, made: ConversationFlow) -> None:
    flows.change(app, ORGANIZATION, made.id, {"name": "By night", "is_active": False})

    for phone_number in BOUND:
        tag = number(app, phone_number).flow
        assert tag
        assert (tag.id, tag.name, tag.is_active, tag.version) == (made.id, "By night", False, 2)
    assert number(app, OWN).flow is None


def test_a_new_base_answers_the_numbers(app: App, made: ConversationFlow) -> None:
    changed = flows.change(app, ORGANIZATION, made.id, {"base_assistant_id": 3002})

    assert changed.leaving == frozenset()
    for phone_number in BOUND:
        answering = number(app, phone_number).assistant
        assert answering
        assert answering.stream_url == "wss://o.example.com"
    assert number(app, OWN).assistant.id == 3001  # type: ignore[union-attr]
    assert listed(app, 3002) == BOUND
    assert listed(app, 3001) == [OWN]
    assert base(app, 3001).flow_ids == frozenset()
    assert base(app, 3002).flow_ids == {made.id}
    assistants.delete(app, ORGANIZATION, 3001)


def test_numbers_follow_their_flows_base(app: App, made: ConversationFlow) -> None:
    assistants.change(app, ORGANIZATION, 3001, {"name": "Renamed"}, merge=True)

    assert {number(app, it).assistant.name for it in BOUND} == {"Renamed"}  # type: ignore[union-attr]


@pytest.mark.parametrize("after", [1, 2, 3])
def test_the_next_change_finishes_what_a_dead_one_began(
    app: App, made: ConversationFlow, after: int
) -> None:
    with pytest.raises(SystemExit):
        flows.change(dying(app, after), ORGANIZATION, made.id, {"base_assistant_id": 3002})
    # Until the last number has followed, neither base can go.
    assert base(app, 3001).flow_ids == {made.id}
    assert base(app, 3002).flow_ids == {made.id}

    flows.change(app, ORGANIZATION, made.id, {"base_assistant_id": 3002})

    assert listed(app, 3002) == BOUND
    assert base(app, 3001).flow_ids == frozenset()
    assert flows.find(app, ORGANIZATION, made.id).leaving == frozenset()


def test_of_two_new_bases_the_later_wins_everywhere(app: App, made: ConversationFlow) -> None:
    class Overtaken(Store):
        def follow(self, flow: ConversationFlow) -> None:
            if flow.version == 2:
                flows.change(app, ORGANIZATION, made.id, {"base_assistant_id": 3003})
            super().follow(flow)

    slow = replace(app, store=Overtaken(app.store._client, app.settings.table_name))
    flows.change(slow, ORGANIZATION, made.id, {"base_assistant_id": 3002})

    assert flows.find(app, ORGANIZATION, made.id).base_assistant_id == 3003
    assert listed(app, 3003) == BOUND
    assert base(app, 3003).flow_ids == {made.id}
    assert base(app, 3001).flow_ids == frozenset()
    assert base(app, 3002).flow_ids == frozenset()


def test_a_base_that_is_taken_back_meanwhile_keeps_the_flow_on_record(
    app: App, made: ConversationFlow
) -> None:
    class Overtaken(Store):
        def follow(self, flow: ConversationFlow) -> None:
            if flow.version == 2:
                flows.change(app, ORGANIZATION, made.id, {"base_assistant_id": 3001})
            super().follow(flow)

    slow = replace(app, store=Overtaken(app.store._client, app.settings.table_name))
    flows.change(slow, ORGANIZATION, made.id, {"base_assistant_id": 3002})

    assert sorted(listed(app, 3001)) == sorted([*BOUND, OWN])
    assert base(app, 3001).flow_ids == {made.id}


def test_a_base_that_changes_while_numbers_move_to_it_is_copied_as_it_is_then(
    app: App, made: ConversationFlow
) -> None:
    class Overtaken(Store):
        first = True

        def move(self, *arguments: Any) -> None:
            if Overtaken.first:
                Overtaken.first = False
                assistants.change(app, ORGANIZATION, 3002, {"name": "Newest"}, merge=True)
            super().move(*arguments)

    slow = replace(app, store=Overtaken(app.store._client, app.settings.table_name))
    flows.change(slow, ORGANIZATION, made.id, {"base_assistant_id": 3002})

    assert {number(app, it).assistant.name for it in BOUND} == {"Newest"}  # type: ignore[union-attr]


def test_numbers_outlive_their_flow(app: App, made: ConversationFlow) -> None:
    flows.delete(app, ORGANIZATION, made.id)

    for phone_number in BOUND:
        left = number(app, phone_number)
        assert (left.flow, left.assistant) == (None, None)
    assert number(app, OWN).assistant
    free = app.store.free_numbers_page(ORGANIZATION, "", 10).numbers
    assert [it.phone_number for it in free] == BOUND
    assert base(app, 3001).flow_ids == frozenset()
    with pytest.raises(FlowNotFound):
        flows.delete(app, ORGANIZATION, made.id)


@pytest.mark.parametrize("after", [1, 2])
def test_deleting_again_finishes_what_a_dead_run_began(
    app: App, made: ConversationFlow, after: int
) -> None:
    with pytest.raises(SystemExit):
        flows.delete(dying(app, after), ORGANIZATION, made.id)
    assert app.store.flow(ORGANIZATION, made.id) is None
    assert base(app, 3001).flow_ids == {made.id}

    flows.delete(app, ORGANIZATION, made.id)

    assert [number(app, it).flow for it in BOUND] == [None, None]
    assert base(app, 3001).flow_ids == frozenset()


def test_who_writes_over_a_flow_he_has_not_seen_is_told(app: App, made: ConversationFlow) -> None:
    app.store.put_flow(replace(made, name="First"))

    with pytest.raises(Taken) as refused:
        app.store.put_flow(replace(made, name="Second"))

    assert refused.value.failed == [0]
