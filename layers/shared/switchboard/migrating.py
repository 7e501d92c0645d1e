"""Writing rows of earlier shapes in the present one, while calls arrive."""

import logging
from collections import Counter
from dataclasses import dataclass, field

from .app import App
from .store import Taken, present_schema, shape_of_row

logger = logging.getLogger(__name__)


@dataclass
class Migrated:
    """What a sweep has found: rows by the shape that they had."""

    shapes: Counter[int] = field(default_factory=Counter)
    written: int = 0
    left: int = 0
    """Changed by somebody else meanwhile: the next sweep looks at them again."""

    @property
    def is_done(self) -> bool:
        """Whether no row of an earlier shape is left."""
        earlier = sum(n for shape, n in self.shapes.items() if shape < present_schema())
        return earlier == self.written


def migrate(app: App, *, apply: bool) -> Migrated:
    """Go through the whole table, and write what has an earlier shape if `apply`.

    Safe to stop and to repeat, and two at once do no harm: each row is written on condition that
    it is as it was read. Who reads a row in between sees it in the present shape either way.
    """
    found = Migrated()
    for row in app.store.everything():
        found.shapes[shape_of_row(row)] += 1
        if not apply:
            continue
        try:
            found.written += app.store.upgrade_row(row)
        except Taken:
            found.left += 1
    logger.info("migrated", extra={"written": found.written, "left": found.left})
    return found
