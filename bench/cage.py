"""Limit a process as Lambda limits a function: memory, and the share of a processor it brings."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: with so much memory a
# function has one whole processor, and otherwise its share of it.
_WHOLE_PROCESSOR_MB = 1769
# The slice of time within which the share is given, in microseconds.
_PERIOD_US = 20_000


@dataclass(frozen=True)
class Cage:
    """Where a process must enter its own id to be limited; nowhere on a machine without limits."""

    doors: tuple[Path, ...] = ()

    def command(self, command: list[str]) -> list[str]:
        """Return the command that runs `command` inside."""
        enter = 'for door in $DOORS; do echo $$ > "$door" || exit 1; done; exec "$@"'
        return ["/bin/sh", "-c", enter, "cage", *command]

    @property
    def environment(self) -> dict[str, str]:
        """Return what the command reads."""
        return {"DOORS": " ".join(map(str, self.doors))}

    @property
    def is_closed(self) -> bool:
        """Whether there are limits at all."""
        return bool(self.doors)


@contextmanager
def cage(memory_mb: int) -> Iterator[Cage]:
    """Make the limits of a function of so much memory, where we may; take them away again."""
    name = f"switchboard-bench-{os.getpid()}-{memory_mb}"
    quota = _PERIOD_US * memory_mb // _WHOLE_PROCESSOR_MB
    made: list[Path] = []
    try:
        for folder, limits in _limits(name, quota, memory_mb * 2**20):
            folder.mkdir()
            made.append(folder)
            for file, value in limits.items():
                (folder / file).write_text(value)
        yield Cage(tuple(folder / "cgroup.procs" for folder in made))
    except PermissionError:
        yield Cage()
    finally:
        for folder in made:
            folder.rmdir()


def _limits(name: str, quota_us: int, memory: int) -> list[tuple[Path, dict[str, str]]]:
    if (_ROOT / "cgroup.controllers").exists():
        limits = {"cpu.max": f"{quota_us} {_PERIOD_US}", "memory.max": str(memory)}
        return [(_ROOT / name, limits)]
    processor = {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(quota_us)}
    return [
        (_ROOT / "cpu" / name, processor),
        (_ROOT / "memory" / name, {"memory.limit_in_bytes": str(memory)}),
    ]
