"""A webhook function's start, and what it made. Runs in a bare interpreter.

`start_probe.py TASK LAYER RUNTIME` prints what was asked of the system that no two starts share,
what every module of ours holds afterwards, and how many hooks were run as after a restoration.
"""

import json
import os
import random
import sys
import time
import uuid
from datetime import datetime
from importlib import import_module

sys.path[:0] = sys.argv[1:4]

asked: list[str] = []


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Note connections, which a snapshot would hold open for all its copies."""
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        asked.append(f"{event} {arguments[1:]}")


def drawn(name: str, make: object) -> object:
    """Return `make`, which says who of us drew from it."""

    def draw(*arguments: object, **options: object) -> object:
        frame = sys._getframe(1)
        for _ in range(4):
            if frame and frame.f_globals.get("__name__", "").startswith(("switchboard", "app")):
                asked.append(f"{name} by {frame.f_globals['__name__']}")
            frame = frame.f_back if frame else None  # type: ignore[assignment]
        return make(*arguments, **options)  # type: ignore[operator]

    return draw


sys.addaudithook(watch)
for module, names in {
    os: ("urandom", "getpid"),
    uuid: ("uuid1", "uuid4"),
    random: ("random", "randint", "getrandbits"),
    time: ("time", "time_ns"),
}.items():
    for name in names:
        setattr(module, name, drawn(f"{module.__name__}.{name}", getattr(module, name)))

import_module("app")


def spelt(value: object) -> str:
    """Return what a value holds, sets in an order of their own."""
    if isinstance(value, set | frozenset):
        return f"set {sorted(map(spelt, value))}"
    if isinstance(value, dict):
        return f"dict {[(spelt(key), spelt(it)) for key, it in value.items()]}"
    if isinstance(value, list | tuple):
        return f"list {list(map(spelt, value))}"
    return repr(value)


PLAIN = (str, int, float, bytes, datetime, tuple, frozenset, list, dict, set)
held = {
    f"{name}.{attribute}": spelt(value)
    for name, module in sorted(sys.modules.items())
    if name.split(".")[0] in ("switchboard", "app")
    for attribute, value in sorted(vars(module).items())
    if isinstance(value, PLAIN) and not attribute.startswith("__") and " at 0x" not in spelt(value)
}

found = {"asked": [*asked], "held": held}
hooks = sys.modules.get("snapshot_restore_py")
# As Lambda's runtime runs them.
registered = hooks.get_after_restore() if hooks else []
for renew, arguments, options in registered:
    renew(*arguments, **options)
print(json.dumps(found | {"restored": len(registered)}))
