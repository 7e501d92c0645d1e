"""`dataclass` as the standard library's, for a fraction of the time at each start.

Python writes and compiles the methods of each dataclass anew in every process: with a hundred of
them, that was a fifth of a webhook's cold start. Here all share theirs, and what they cannot share,
the `__init__` of a frozen one, is made with its first record: a request needs some twenty.
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
    if options.pop("frozen", False):
        shared |= {"__init__": _first, "__setattr__": _set, "__delattr__": _delete}
        options["init"] = False
    own = set(vars(cls))
    made: type = dataclasses.dataclass(cls, repr=False, eq=False, **options)
    for name, method in shared.items():
        if name not in own:
            setattr(made, name, method)
    return made


def _first(self: object, *given: Any, **named: Any) -> None:
    """Stand for `__init__` until the first record of a class is made."""
    cls = next(it for it in type(self).__mro__ if "__init__" in vars(it))
    if vars(cls)["__init__"] is _first:
        cls.__init__ = _init_of(cls)  # type: ignore[misc]
    vars(cls)["__init__"](self, *given, **named)


def _init_of(cls: Any) -> Callable[..., None]:
    """Return what the standard library would have made; of two threads that ask, either's."""
    fields = [
        (
            it.name,
            Any,
            dataclasses.field(
                default=it.default,
                default_factory=it.default_factory,
                init=it.init,
                kw_only=it.kw_only,
            ),
        )
        for it in dataclasses.fields(cls)
    ]
    twin = dataclasses.make_dataclass(cls.__name__, fields, frozen=True, repr=False, eq=False)
    init: Callable[..., None] = vars(twin)["__init__"]
    return init


def _set(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


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
