"""The size of the built layer, of what is in it, and of the functions beside it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.runtime import BUILD, LAYER

_BUDGET_MB = 150
_SHOWN = 8


def measure() -> Iterator[Figure]:
    """Yield the unzipped size of the layer, its largest packages, and the functions' own code."""
    sizes = _sizes(LAYER)
    yield Figure("layer.unzipped", sizes.total() / 1e6, "MB", _BUDGET_MB)
    for name, size in sizes.most_common(_SHOWN):
        yield Figure(f"layer.{name}", size / 1e6, "MB")
    functions = _sizes(BUILD)
    del functions[LAYER.parent.name]
    name, size = functions.most_common(1)[0]
    yield Figure(f"functions.largest.{name}", size / 1e3, "kB")
    yield Figure("functions.all", functions.total() / 1e3, "kB")


def _sizes(folder: Path) -> Counter[str]:
    """Return the bytes of all files under each thing in a folder."""
    sizes: Counter[str] = Counter()
    for file in folder.rglob("*"):
        if file.is_file():
            sizes[file.relative_to(folder).parts[0]] += file.stat().st_size
    return sizes
