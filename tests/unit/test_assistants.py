"""Assistants that change and go: two writers at once, runs that die half way, their numbers."""

from dataclasses import replace
from typing import Any

import pytest

from switchboard.app import App
from switchboard.directory import assistants, documents
from switchboard.errors import Conflict, ServiceUnavailable
from switchboard.model import E164, Assistant, Number
from switchboard.store import Store, Taken
from tests.builders import ORGANIZATION, a_call, a_flow, a_number, an_assistant, an_order
from tests.clock import Clock

NUMBERS = [E164(f"+141555501{n:02}") for n in range(3)]


def give(app: App, assistant: Assistant, *numbers: E164) -> None:
    """Let an assistant answer these numbers."""
    for number in numbers:
        key = f"key-{number}"
        app.store.claim(
            an_order(key=key, phone_number=number),
            a_number(phone_number=number, order_key=key, assistant=assistant),
        )


def number(app: App, phone_number: E164) -> Number:
    """Return a number that is there."""
    found = app.store.number(phone_number)
    assert found
    return found


@pytest.fixture
def made(app: App) -> Assistant:
    """An assistant that answers three numbers."""
    made = app.store.put_assistant(an_assistant())
    give(app, made, *NUMBERS)
    return made


class Dying(Store):
    """A store whose process dies before its n-th transaction."""

    left = 0

    def transact(self, *writes: Any) -> None:
        """Write, or die."""
        if not self.left:
            raise SystemExit("the process died")
        self.left -= 1
        super().transact(*writes)


def dying(app: App, after: int) -> App:
    """Return the deployment as a process sees it that dies after so many writes."""
    store = Dying(app.store._client, app.settings.table_name)
    store.left = after
    return replace(app, store=store)


def test_what_no_ringing_phone_waits_for_is_not_in_the_numbers(app: App) -> None:
    full = an_assistant(description="Long", extra={"llm_settings": {"system_prompt": "x" * 9000}})
    made = app.store.put_assistant(full)

    give(app, made, NUMBERS[0])
    assistants.change(app, ORGANIZATION, made.id, {"voice": "warm"}, merge=True)

    copy = number(app, NUMBERS[0]).assistant
    assert copy == an_assistant(version=2)


def test_numbers_follow_a_change(app: App, made: Assistant) -> None:
    said = {"tools_settings": {"transfer_call": {"transfer_numbers": ["+12125550199"]}}}

    assistants.change(app, ORGANIZATION, made.id, {"name": "Night"} | said, merge=True)

    for phone_number in NUMBERS:
        copy = number(app, phone_number).assistant
        assert copy
        assert (copy.name, copy.transfer_number) == ("Night", "+12125550199")


def test_who_writes_over_what_he_has_not_seen_is_told(app: App, made: Assistant) -> None:
    app.store.put_assistant(replace(made, name="First"))

    with pytest.raises(Taken):
        app.store.put_assistant(replace(made, name="Second"))


def test_two_changes_at_once_both_take_effect(app: App, made: Assistant) -> None:
    class Overtaken(Store):
        first = True

        def put_assistant(self, assistant: Assistant, *arguments: Any, **more: Any) -> Assistant:
            if Overtaken.first:
                Overtaken.first = False
                assistants.change(app, ORGANIZATION, made.id, {"description": "B"}, merge=True)
            return super().put_assistant(assistant, *arguments, **more)

    slow = replace(app, store=Overtaken(app.store._client, app.settings.table_name))
    assistants.change(slow, ORGANIZATION, made.id, {"name": "A"}, merge=True)

    after = assistants.find(app, ORGANIZATION, made.id)
    assert (after.name, after.description, after.version) == ("A", "B", 3)


def test_the_copy_of_a_slow_writer_does_not_replace_a_later_one(app: App, made: Assistant) -> None:
    second = app.store.put_assistant(replace(made, name="Second"))
    app.store.put_assistant(replace(second, name="Third"))

    app.store.renew_copies(second)

    assert {number(app, it).assistant.name for it in NUMBERS} == {"Third"}  # type: ignore[union-attr]


def test_a_copy_without_a_version_is_older_than_any(app: App, made: Assistant) -> None:
    app.store._client.update_item(
        TableName=app.settings.table_name,
        Key={"pk": {"S": f"NUMBER#{NUMBERS[0]}"}, "sk": {"S": "NUMBER"}},
        UpdateExpression="REMOVE assistant.version",
    )

    app.store.put_assistant(replace(made, name="Second"))

    assert number(app, NUMBERS[0]).assistant.name == "Second"  # type: ignore[union-attr]


def test_the_next_write_finishes_what_a_dead_one_began(app: App, made: Assistant) -> None:
    with pytest.raises(SystemExit):
        assistants.set_active(dying(app, 1), ORGANIZATION, made.id, is_active=False)
    half = number(app, NUMBERS[0]).assistant

    assistants.set_active(app, ORGANIZATION, made.id, is_active=False)

    assert half
    assert half.is_active
    assert not any(number(app, it).assistant.is_active for it in NUMBERS)  # type: ignore[union-attr]


def test_a_number_that_is_not_the_assistants_any_more_is_left_alone(
    app: App, made: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = app.store.put_assistant(an_assistant(id=3002, name="Other"))
    stale = list(app.store.indexed(f"ASSISTANT#{made.id}", index="gsi2"))
    app.store._client.delete_item(
        TableName=app.settings.table_name,
        Key={"pk": {"S": f"NUMBER#{NUMBERS[0]}"}, "sk": {"S": "NUMBER"}},
    )
    give(app, other, E164("+14155550177"))
    stale += list(app.store.indexed(f"ASSISTANT#{other.id}", index="gsi2"))
    # What an index shows is a little old.
    monkeypatch.setattr(app.store, "indexed", lambda *_, **__: iter(stale))

    app.store.put_assistant(replace(made, name="Second"))

    assert app.store.number(NUMBERS[0]) is None
    assert number(app, E164("+14155550177")).assistant == an_assistant(
        id=3002, name="Other", version=1
    )
    assert number(app, NUMBERS[1]).assistant.name == "Second"  # type: ignore[union-attr]


# --- deleting ---


def test_numbers_and_calls_outlive_their_assistant(app: App, made: Assistant) -> None:
    app.store.add_call(a_call())

    assistants.delete(app, ORGANIZATION, made.id)

    assert app.store.assistant(ORGANIZATION, made.id) is None
    for phone_number in NUMBERS:
        left = number(app, phone_number)
        assert left.assistant is None
        assert left.organization_id == ORGANIZATION
    assert len(app.store.free_numbers_page(ORGANIZATION, "", 10).numbers) == 3
    call = app.store.call(5001)
    assert call
    assert (call.assistant_id, call.assistant_name) == (3001, "Front desk")


@pytest.mark.parametrize("after", [1, 2])
def test_deleting_again_finishes_what_a_dead_run_began(
    app: App, made: Assistant, after: int
) -> None:
    with pytest.raises(SystemExit):
        assistants.delete(dying(app, after), ORGANIZATION, made.id)
    assert app.store.assistant(ORGANIZATION, made.id) is None
    assert list(app.store.assistants(ORGANIZATION)) == []

    assistants.delete(app, ORGANIZATION, made.id)

    assert [number(app, it).assistant for it in NUMBERS] == [None, None, None]
    assert app.store.dying_assistant(ORGANIZATION, made.id) is None


def test_nothing_is_changed_or_based_on_an_assistant_that_is_going(
    app: App, made: Assistant, clock: Clock
) -> None:
    app.store.condemn_assistant(made, clock())

    with pytest.raises(Taken):
        app.store.put_assistant(replace(made, name="Back"))
    with pytest.raises(Taken) as refused:
        app.store.add_flow(a_flow())

    assert refused.value.failed == [1]


def test_who_becomes_a_base_meanwhile_is_not_deleted(app: App, made: Assistant) -> None:
    class Overtaken(Store):
        def condemn_assistant(self, *arguments: Any) -> Assistant:
            if app.store.flow(ORGANIZATION, 6001) is None:
                app.store.add_flow(a_flow())
            return super().condemn_assistant(*arguments)

    slow = replace(app, store=Overtaken(app.store._client, app.settings.table_name))
    with pytest.raises(Conflict, match="'Bookings'"):
        assistants.delete(slow, ORGANIZATION, made.id)

    assert app.store.assistant(ORGANIZATION, made.id)
    assert number(app, NUMBERS[0]).assistant


def test_a_database_that_is_away_is_said_to_be(
    app: App, made: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise ServiceUnavailable("The database cannot be reached. Try again.")

    monkeypatch.setattr(app.store, "transact", away)

    with pytest.raises(ServiceUnavailable):
        assistants.delete(app, ORGANIZATION, made.id)


@pytest.mark.parametrize(
    ("settings", "notice"),
    [
        ({"enabled": True}, None),
        ({"enabled": True, "disclosure_enabled": False, "disclosure_message": "Hm."}, None),
        ({"disclosure_enabled": True, "disclosure_message": "We record."}, "We record."),
        ({"disclosure_enabled": True}, "This call is recorded."),
        ({"disclosure_enabled": True, "disclosure_message": ""}, "This call is recorded."),
    ],
)
def test_what_is_said_before_recording_is_the_disclosure_if_it_is_enabled(
    settings: dict[str, object], notice: str | None
) -> None:
    document = {"recording_settings": settings}

    assert documents.recording_notice(document) == notice
