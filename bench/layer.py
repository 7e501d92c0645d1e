"""The size of the built layer, and of what is in it."""

from collections import Counter
from collections.abc import Iterator

from bench.figures import Figure
from bench.runtime import LAYER

_BUDGET_MB = 150
_SHOWN = 8


def measure() -> Iterator[Figure]:
    """Yield the unzipped size of the layer, then its largest packages."""
    sizes: Counter[str] = Counter()
    for file in LAYER.rglob("*"):
        if file.is_file():
            sizes[file.relative_to(LAYER).parts[0]] += file.stat().st_size
    yield Figure("layer.unzipped", sizes.total() / 1e6, "MB", _BUDGET_MB)
    for name, size in sizes.most_common(_SHOWN):
        yield Figure(f"layer.{name}", size / 1e6, "MB")
