"""What the command does with copies of an organization, and with rows of earlier versions."""

import json
import stat
from pathlib import Path

from switchboard.app import App
from tests.builders import ORGANIZATION, an_assistant
from tests.cli.answers import answered, refused
from tests.cli.conftest import Run


def test_an_organization_becomes_a_file_and_the_file_is_that_organization(
    app: App, run: Run, tmp_path: Path
) -> None:
    app.store.put_assistant(an_assistant())
    file = tmp_path / "acme.jsonl"

    copied = answered(run("organizations", "export", str(ORGANIZATION), str(file)))
    again = run("organizations", "import", str(file))

    assert copied == {"organization_id": ORGANIZATION, "rows": 2, "file": str(file)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [json.loads(line) for line in file.read_text().splitlines()][-1]["rows"] == 2
    assert answered(again)["rows"] == 2
    assert "Give again: signing secrets of event receivers" in again.stderr


def test_a_file_is_not_written_over(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")

    said = refused(run("organizations", "export", str(ORGANIZATION), str(file)))

    assert "name a new file" in said
    assert file.read_text() == "mine"


def test_an_organization_that_is_not_there_leaves_no_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "none.jsonl"

    assert "not found" in refused(run("organizations", "export", "4711", str(file)))
    assert not file.exists()


def test_rows_are_counted_by_their_shape_and_written_when_asked(app: App, run: Run) -> None:
    app.store.put_assistant(an_assistant())

    assert answered(run("migrate")) == {"rows": {"1": 2}, "written": 0, "left": 0, "done": True}
    assert answered(run("migrate", "--apply"))["done"] is True
