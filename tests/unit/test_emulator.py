"""The local stack's emulator unpacks a layer once for all of its functions' workers."""

import zipfile
from pathlib import Path

import pytest

from local.emulator import SharedZip


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the copy in this test's own folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def unpacked(worker: Path, packed: str, text: str) -> Path:
    """Unpack a zip file as the emulator does it for a worker."""
    worker.mkdir(exist_ok=True)
    with zipfile.ZipFile(worker / f"{packed}.zip", "w") as zipped:
        zipped.writestr("python/module.py", text)
    folder = worker / packed
    folder.mkdir()
    with SharedZip(worker / f"{packed}.zip") as zipped:
        zipped.namelist()
        zipped.extractall(folder)
    return folder


def test_workers_share_one_copy_of_a_layer(tmp_path: Path) -> None:
    first = unpacked(tmp_path / "one", "layer_0", "x = 1")
    second = unpacked(tmp_path / "two", "layer_0", "x = 1")

    assert (first / "python" / "module.py").read_text() == "x = 1"
    assert second.resolve() == first.resolve()


def test_another_version_of_the_layer_is_unpacked_anew(tmp_path: Path) -> None:
    unpacked(tmp_path / "one", "layer_0", "x = 1")
    changed = unpacked(tmp_path / "two", "layer_0", "x = 2")

    assert (changed / "python" / "module.py").read_text() == "x = 2"


def test_a_functions_own_code_is_not_shared(tmp_path: Path) -> None:
    own = unpacked(tmp_path / "one", "code", "x = 1")

    assert own.is_dir()
    assert not own.is_symlink()
