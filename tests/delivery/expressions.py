"""DynamoDB's expressions, as far as the store uses them, on plain Python values."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

type Row = dict[str, Any]
type Terms = tuple[Mapping[str, str], Mapping[str, Any]]
"""Names for `#…`, values for `:…`."""
type Test = Callable[[Row, Terms], bool]
type Operand = Callable[[Row, Terms], Any]

_TOKENS = re.compile(r"\s*(<=|>=|<>|[=<>(),+]|[#:]?[\w.]+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: a is not None and bool(a < b),
    "<=": lambda a, b: a is not None and bool(a <= b),
    ">": lambda a, b: a is not None and bool(a > b),
    ">=": lambda a, b: a is not None and bool(a >= b),
}


@cache
def condition(text: str) -> Test:
    """Return the test that a condition makes."""
    reader = _Reader(_TOKENS.findall(text))
    found = reader.any_of()
    assert not reader.left, reader.left
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def take(self, wanted: str | None = None) -> str:
        token = self.left.pop(0)
        assert wanted in (None, token), (wanted, token)
        return token

    def any_of(self) -> Test:
        tests = [self.all_of()]
        while self.left[:1] == ["OR"]:
            self.take()
            tests.append(self.all_of())
        return lambda row, terms: any(test(row, terms) for test in tests)

    def all_of(self) -> Test:
        tests = [self.one()]
        while self.left[:1] == ["AND"]:
            self.take()
            tests.append(self.one())
        return lambda row, terms: all(test(row, terms) for test in tests)

    def one(self) -> Test:
        if self.left[0] == "(":
            self.take()
            inner = self.any_of()
            self.take(")")
            return inner
        if self.left[0] in ("attribute_exists", "attribute_not_exists", "begins_with"):
            return self._function(self.take())
        left, sign = self._operand(), self.take()
        if sign == "IN":
            return self._in(left)
        right = self._operand()
        return lambda row, terms: _COMPARE[sign](left(row, terms), right(row, terms))

    def _function(self, name: str) -> Test:
        self.take("(")
        first = self._operand()
        if name == "begins_with":
            self.take(",")
            second = self._operand()
            self.take(")")
            return lambda row, terms: str(first(row, terms)).startswith(second(row, terms))
        self.take(")")
        there = name == "attribute_exists"
        return lambda row, terms: (first(row, terms) is not None) is there

    def _in(self, left: Operand) -> Test:
        self.take("(")
        choices = [self._operand()]
        while self.take() == ",":
            choices.append(self._operand())
        return lambda row, terms: left(row, terms) in [it(row, terms) for it in choices]

    def _operand(self) -> Operand:
        token = self.take()
        if token == "size":
            self.take("(")
            inner = self._operand()
            self.take(")")
            return lambda row, terms: len(inner(row, terms) or ())
        return operand(token)


def operand(token: str) -> Operand:
    """Return what a name or a value of an expression stands for."""
    if token.startswith(":"):
        return lambda row, terms: terms[1][token]
    parts = token.split(".")

    def read(row: Row, terms: Terms) -> Any:
        found: Any = row
        for part in parts:
            found = found.get(terms[0].get(part, part)) if isinstance(found, dict) else None
        return found

    return read


_CLAUSES = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b")


def apply(text: str, row: Row, terms: Terms) -> Row:
    """Return the row after an update expression; names are of the first level only."""
    pieces = [piece.strip() for piece in _CLAUSES.split(text) if piece.strip()]
    new = dict(row)
    for verb, clause in zip(pieces[::2], pieces[1::2], strict=True):
        for action in re.split(r",\s*(?![^(]*\))", clause):
            _act(verb, action.strip(), row, new, terms)
    return new


def _act(verb: str, action: str, old: Row, new: Row, terms: Terms) -> None:
    if verb == "SET":
        name, _, value = action.partition("=")
        new[terms[0].get(name.strip(), name.strip())] = sum_of(value, old, terms)
        return
    name, _, value = action.partition(" ")
    name = terms[0].get(name, name)
    if verb == "REMOVE":
        new.pop(name, None)
        return
    given = operand(value.strip())(old, terms)
    if verb == "ADD" and isinstance(given, set):
        new[name] = old.get(name, set()) | given
    elif verb == "ADD":
        new[name] = old.get(name, 0) + given
    elif left := old.get(name, set()) - given:
        new[name] = left
    else:
        new.pop(name, None)


def sum_of(text: str, row: Row, terms: Terms) -> Any:
    """Return the value of `a`, `a + b` or `if_not_exists(a, b) + c`."""
    values = [_value(part.strip(), row, terms) for part in text.split(" + ")]
    return values[0] if len(values) == 1 else sum(values)


def _value(text: str, row: Row, terms: Terms) -> Any:
    found = re.fullmatch(r"if_not_exists\((\S+),\s*(\S+)\)", text)
    if found is None:
        return operand(text)(row, terms)
    there = operand(found[1])(row, terms)
    return operand(found[2])(row, terms) if there is None else there
