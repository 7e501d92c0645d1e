"""Start the AWS emulator, whose functions shall share one unpacked copy of their layer.

It unpacks the layer for every worker of every function: 11,000 files, seconds of each first start,
and minutes of tidying up. Lambda mounts a layer once, read-only; this comes closer to that.

Run by the emulator's own interpreter, so it imports nothing else of this package.
"""

import hashlib
import runpy
import tempfile
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

_CACHE = "layers"
_LAYER = "layer_"
_unpacking = threading.Lock()


class SharedZip(zipfile.ZipFile):
    """A zip file which, when it is a layer, is unpacked once and linked to from then on."""

    def namelist(self) -> list[str]:
        """Return the names that are still to be looked at: none when it is unpacked already."""
        return [] if self._is_layer() and self._cache().exists() else super().namelist()

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Unpack it; a layer's folder becomes a link to the copy that all share."""
        if not self._is_layer():
            super().extractall(path, members, pwd)
            return
        with _unpacking:
            if not self._cache().exists():
                self._unpack()
        Path(path).rmdir()
        Path(path).symlink_to(self._cache(), target_is_directory=True)
        # Read no more, and each worker has its own.
        Path(self.filename or "").unlink()

    def _unpack(self) -> None:
        cache = self._cache()
        cache.parent.mkdir(parents=True, exist_ok=True)
        # Whoever is stopped meanwhile leaves no half of it under the name that is looked for.
        half = Path(tempfile.mkdtemp(dir=cache.parent))
        super().extractall(half)
        half.rename(cache)

    def _is_layer(self) -> bool:
        return Path(self.filename or "").name.startswith(_LAYER)

    def _cache(self) -> Path:
        with Path(self.filename or "").open("rb") as packed:
            name = hashlib.file_digest(packed, "sha256").hexdigest()
        return Path(tempfile.gettempdir()) / _CACHE / name


def main() -> None:
    """Run `python -m ministack` with shared layers."""
    from ministack.core import lambda_runtime  # type: ignore[import-not-found]

    shared = types.ModuleType("zipfile")
    shared.__dict__.update(zipfile.__dict__, ZipFile=SharedZip)
    lambda_runtime.zipfile = shared
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
