"""The local stack's servers: what they keep between two starts."""

import json
from pathlib import Path

from local.servers import rewind_streams
from local.workspace import Workspace


def test_the_emulator_reads_streams_from_the_start_when_it_starts_again(tmp_path: Path) -> None:
    kept = tmp_path / "state" / "aws" / "lambda.json"
    kept.parent.mkdir(parents=True)
    state = {"functions": {"a": 1}, "dynamodb_stream_positions": {"data": {"esm": 454}}}
    kept.write_text(json.dumps({"__ministack_format__": 1, "payload": state}))

    rewind_streams(Workspace(tmp_path, 1, 2))
    rewind_streams(Workspace(tmp_path, 1, 2))  # as with a running one: nothing more to forget

    found = json.loads(kept.read_text())
    assert found == {"__ministack_format__": 1, "payload": {"functions": {"a": 1}}}


def test_a_first_start_has_nothing_to_rewind(tmp_path: Path) -> None:
    rewind_streams(Workspace(tmp_path, 1, 2))

    assert list(tmp_path.iterdir()) == []
