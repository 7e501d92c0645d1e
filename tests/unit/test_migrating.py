"""Rows of an earlier shape: read as if they had the present one, and swept while calls arrive.

The example writes what assistants are described as in capitals, and that it has done so.
"""

from collections.abc import Callable
from typing import Any

import pytest

from switchboard import migrating
from switchboard.app import App
from switchboard.items import Item
from switchboard.store import Store, upgrades
from switchboard.store.assistants import assistant_key
from switchboard.store.table import serialized, update
from tests.builders import NUMBER, ORGANIZATION, an_assistant
from tests.unit.dialing import hold, rows

OLD = {"description": "Takes bookings, carefully"}


def shouted(item: Item) -> Item:
    """Return an assistant whose description is in capitals, and says so; a part of one, too."""
    if "description" not in item:
        return item
    return item | {"description": item["description"].upper(), "loud": True}


STEP = upgrades.Step("ASSISTANT#", shouted, reads=("description",))


@pytest.fixture
def step(app: App, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Three assistants and a number in the first shape; deploys the version with the step."""
    for n in range(3):
        app.store.put_assistant(an_assistant(id=3001 + n, **OLD))
    hold(app)
    return lambda: monkeypatch.setattr(upgrades, "STEPS", [STEP])


def stored(app: App, assistant_id: int = 3001) -> dict[str, Any]:
    """Return an assistant's row as it is stored."""
    row = serialized(assistant_key(ORGANIZATION, assistant_id))
    found: Any = app.store._client.get_item(TableName=app.settings.table_name, Key=row)["Item"]
    return dict(found)


def test_every_row_says_which_shape_it_has(app: App, step: Callable[[], None]) -> None:
    assert {row["schema"] for row in rows(app, "NUMBER")} == {upgrades.FIRST}
    step()
    app.store.put_assistant(an_assistant(id=3009))

    assert stored(app, 3009)["schema"] == {"N": "2"}
    assert stored(app)["schema"] == {"N": "1"}


def test_a_row_is_read_in_the_present_shape_before_anything_is_swept(
    app: App, step: Callable[[], None]
) -> None:
    step()

    found = app.store.assistant(ORGANIZATION, 3001)

    assert found
    assert found.description == OLD["description"].upper()
    assert stored(app)["description"] == {"S": OLD["description"]}  # reading writes nothing


def test_a_row_from_before_there_were_shapes_has_the_first(
    app: App, step: Callable[[], None]
) -> None:
    app.store.update_item(
        update(assistant_key(ORGANIZATION, 3001), "REMOVE #s", {}, names={"#s": "schema"})
    )
    step()

    found = app.store.assistant(ORGANIZATION, 3001)

    assert found
    assert found.description == OLD["description"].upper()
    assert migrating.migrate(app, apply=True).is_done
    assert stored(app)["schema"] == {"N": "2"}


def test_the_sweep_writes_each_once_and_leaves_the_rest(app: App, step: Callable[[], None]) -> None:
    step()
    assert migrating.migrate(app, apply=False).written == 0
    assert stored(app)["schema"] == {"N": "1"}

    first = migrating.migrate(app, apply=True)
    second = migrating.migrate(app, apply=True)

    assert first.is_done
    assert (first.written > 3, second.written, second.left) == (True, 0, 0)
    assert list(second.shapes) == [2]
    assert stored(app)["description"] == {"S": OLD["description"].upper()}
    number = app.store.number(NUMBER)
    assert number
    assert number.assistant == an_assistant()


def test_what_is_changed_while_it_is_swept_keeps_its_change(
    app: App, step: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls and changes go on: whoever writes between the sweep's read and its write wins."""
    step()
    sweep = Store.upgrade_row

    def interrupted(store: Store, row: Any) -> bool:
        if row["pk"]["S"] == f"ORG#{ORGANIZATION}" and row["sk"]["S"] == "ASSISTANT#3001":
            # The version before, which still runs, writes a part; this one writes a whole row.
            store.update_item(_told(3001, "said meanwhile"))
        if row["sk"]["S"] == "ASSISTANT#3002":
            store.put_assistant(an_assistant(id=3002, version=1, description="WRITTEN ANEW"))
        return sweep(store, row)

    monkeypatch.setattr(Store, "upgrade_row", interrupted)
    first = migrating.migrate(app, apply=True)
    monkeypatch.setattr(Store, "upgrade_row", sweep)
    second = migrating.migrate(app, apply=True)

    assert (first.left, first.is_done) == (2, False)
    assert (second.written, second.left, second.is_done) == (1, 0, True)
    assert stored(app, 3001)["description"] == {"S": "SAID MEANWHILE"}
    assert stored(app, 3002)["description"] == {"S": "WRITTEN ANEW"}


def test_a_change_that_has_nothing_to_do_with_it_holds_nothing_up(
    app: App, step: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    step()
    sweep = Store.upgrade_row

    def interrupted(store: Store, row: Any) -> bool:
        if row["sk"]["S"] == "ASSISTANT#3001":
            changed = update(
                assistant_key(ORGANIZATION, 3001),
                "SET #n = :n",
                {":n": "Desk"},
                names={"#n": "name"},
            )
            store.update_item(changed)
        return sweep(store, row)

    monkeypatch.setattr(Store, "upgrade_row", interrupted)

    assert migrating.migrate(app, apply=True).left == 0
    assert (stored(app)["name"], stored(app)["loud"]) == ({"S": "Desk"}, {"BOOL": True})


def test_a_row_that_is_gone_is_not_made_again(
    app: App, step: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    step()
    [gone] = [row for row in app.store.everything() if row["sk"]["S"] == "ASSISTANT#3001"]
    key = serialized(assistant_key(ORGANIZATION, 3001))
    app.store._client.delete_item(TableName=app.settings.table_name, Key=key)
    monkeypatch.setattr(Store, "everything", lambda store: iter([gone]))

    assert migrating.migrate(app, apply=True).left == 1
    assert app.store.assistant(ORGANIZATION, 3001) is None


def _told(assistant_id: int, text: str) -> Item:
    row = assistant_key(ORGANIZATION, assistant_id)
    return update(row, "SET description = :text", {":text": text})
