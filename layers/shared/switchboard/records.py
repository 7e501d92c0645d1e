"""`dataclass` as the standard library's, for a third less of each start.

Python writes and compiles the methods of each dataclass anew in every process: with a hundred of
them, a tenth of a webhook's cold start was `__repr__` and `__eq__`. Here all share theirs.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """Make a dataclass; the options are the standard library's."""
        return _make(cls, options) if cls else lambda it: _make(it, options)


def _make(cls: type, options: dict[str, Any]) -> type:
    shared: dict[str, Any] = {"__repr__": _repr} if options.pop("repr", True) else {}
    if options.pop("eq", True):
        shared["__eq__"] = _eq
        # What can be changed is no key.
        shared["__hash__"] = _hash if options.get("frozen") else None
    own = set(vars(cls))
    made: type = dataclasses.dataclass(cls, repr=False, eq=False, **options)
    for name, method in shared.items():
        if name not in own:
            setattr(made, name, method)
    return made


_COMPARED: dict[type, Callable[[Any], Any]] = {}


def _compared(cls: type) -> Callable[[Any], Any]:
    """Return what reads the fields by which records of a class are compared."""
    if cls not in _COMPARED:
        names = [it.name for it in dataclasses.fields(cls) if it.compare]
        _COMPARED[cls] = attrgetter(*names) if names else lambda _: ()
    return _COMPARED[cls]


def _eq(self: object, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    values = _compared(type(self))
    return values(self) == values(other)


def _hash(self: object) -> int:
    return hash(_compared(type(self))(self))


def _repr(self: Any) -> str:
    shown = (f"{it.name}={getattr(self, it.name)!r}" for it in dataclasses.fields(self) if it.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"
