r"""Templates: sentences with `{{ … }}`, filled with one call's variables.

    {{ name }}                      a variable of the request, or else a built-in
    {{ customer.name.first }}       a field of an object
    {{ items.0.title }}             an item of a list, counted from 0
    {{ name | default: "there" }}   what to say when it is missing or null
    \{{                             the two braces themselves
    \\{{ name }}                    a backslash, then the variable

Names are letters of any script, digits, `_` and `-`. White space inside the braces is free. A
default stands in double or single quotes; inside, `\` comes before a quote or another `\` only.
Outside, `\` is special only right before `{{`: of a run of them each pair is one backslash, and
one left over makes the braces text. A `}}` without `{{` is text. All else is an error, `{{{`
included: nothing malformed is ever spoken.

Text comes out as it is, true and false as JSON has them, numbers too, except that a float that
is whole loses its `.0` (3.0 is "3"; a Decimal keeps its digits, since 1.50 is a price). Objects,
lists, NaN and infinities are errors that name the path: no caller wants to hear JSON. What a
request gives hides the built-in of the same name, null included.

Values are data: a template is read once, and what was filled in is never read again. The work is
linear in the template, the variables and the result. The result is valid Unicode, half a
surrogate pair becoming U+FFFD; making it fit a document is the business of whoever writes that.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .errors import InvalidTemplate, MissingVariables, TemplateLimit

MAX_VARIABLES = 50
VARIABLE_LIMIT = 4 * 1024
"""Bytes of one variable's JSON."""
RENDERED_LIMIT = 16 * 1024
"""Bytes of one template once it is filled in."""

# ASCII without its punctuation (but - and _), and whatever else there is but space: combining
# marks too, which \w leaves out and without which no Hindi name can be written.
_NAME = r"[^\x00-,./:-@\[-^`{-\x7f\s\ud800-\udfff]++"
_PATH = rf"{_NAME}(?:\.{_NAME})*+"
# Every repeat is possessive: a text that does not match is given up at once, not retried.
_TAG = re.compile(
    rf"""\{{\{{ \s*+ (?P<path>{_PATH}) \s*+
    (?: \| \s*+ default \s*+ : \s*+
        (?: "(?P<double>(?:[^"\\]|\\["'\\])*+)" | '(?P<single>(?:[^'\\]|\\["'\\])*+)' ) \s*+ )?+
    \}}\}}""",
    re.VERBOSE,
)
_BEGINNING = re.compile(rf"\{{\{{\s*+(?P<path>{_PATH})?+\s*+(?:\|\s*+(?P<filter>[^\s:(|}}]*+))?+")
_ESCAPE = re.compile(r"\\(.)")
_INDEX = re.compile(r"[0-9]{1,9}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN = 40
_DEFAULT_FORM = r"""| default: "text", where \" is a quote and \\ is a backslash"""


@dataclass(frozen=True)
class _Tag:
    path: str
    default: str | None


type _Piece = str | _Tag


def render_all(
    templates: Mapping[str, str | None], variables: Mapping[str, Any], builtins: Mapping[str, Any]
) -> dict[str, str | None]:
    """Fill in every template of a request; a template that is None stays so.

    Raises TemplateLimit, InvalidTemplate, or one MissingVariables that names every missing path.
    """
    _check_limits(variables)
    parsed = {
        name: None if template is None else list(_parse(name, template))
        for name, template in templates.items()
    }
    known = {**builtins, **variables}
    missing = {
        tag.path
        for pieces in parsed.values()
        for tag in _tags(pieces or ())
        if tag.default is None and _find(known, tag.path) is None
    }
    if missing:
        raise MissingVariables(missing)
    return {
        name: None if pieces is None else _fill(name, pieces, known)
        for name, pieces in parsed.items()
    }


def paths_in(template: str) -> list[str]:
    """List the paths that a template uses, with a default or without, once each, in order.

    Raises InvalidTemplate.
    """
    return list(dict.fromkeys(tag.path for tag in _tags(_parse("the template", template))))


def _tags(pieces: Iterable[_Piece]) -> Iterator[_Tag]:
    return (piece for piece in pieces if isinstance(piece, _Tag))


def _check_limits(variables: Mapping[str, Any]) -> None:
    if len(variables) > MAX_VARIABLES:
        raise TemplateLimit(
            f"{len(variables)} variables were given; a call may have {MAX_VARIABLES}."
        )
    for name, value in variables.items():
        if not _fits(value):
            raise TemplateLimit(
                f"The variable {_shown(name)} is larger than {VARIABLE_LIMIT} bytes of JSON."
            )


def _fits(value: Any) -> bool:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (RecursionError, ValueError):
        # Nested, or with more digits, than Python is ready to write: far beyond the limit.
        return False
    return _size(text) <= VARIABLE_LIMIT


# --- reading ---


def _parse(name: str, template: str) -> Iterator[_Piece]:
    at = 0
    while (opening := template.find("{{", at)) >= 0:
        text = template[at:opening]
        before = text.rstrip("\\")
        backslashes = len(text) - len(before)
        yield before + "\\" * (backslashes // 2)
        if backslashes % 2:
            yield "{{"
            at = opening + 2
        elif tag := _TAG.match(template, opening):
            yield _Tag(tag["path"], _default(tag))
            at = tag.end()
        else:
            raise InvalidTemplate(_complaint(name, template, opening))
    yield template[at:]


def _default(tag: re.Match[str]) -> str | None:
    quoted = tag["double"] if tag["double"] is not None else tag["single"]
    return None if quoted is None else _ESCAPE.sub(r"\1", quoted)


def _complaint(name: str, template: str, opening: int) -> str:
    line = template.count("\n", 0, opening) + 1
    column = opening - template.rfind("\n", 0, opening)
    closing = template.find("}}", opening)
    text = template[opening : closing + 2 if closing >= 0 else len(template)]
    return (
        f"In {_shown(name)}, line {line}, column {column}: {_shown(text)} {_flaw(text)}. "
        r"Write \{{ for two braces that are text."
    )


def _flaw(text: str) -> str:
    if not text.endswith("}}"):
        return "is not closed with }}"
    if not text[2:-2].strip():
        return "names no variable"
    beginning = _BEGINNING.match(text)
    if not beginning or not beginning["path"]:
        return "does not begin with the name of a variable"
    if beginning["filter"] is None:
        return f"goes on after {_shown(beginning['path'])} with neither | nor }}}}"
    if beginning["filter"] not in ("default", ""):
        return f"has the unknown filter {_shown(beginning['filter'])}: there is only default"
    return f"needs its default like this: {_DEFAULT_FORM}"


# --- filling in ---


def _find(known: Mapping[str, Any], path: str) -> Any:
    """Return what the path leads to, or None."""
    value: Any = known
    for step in path.split("."):
        match value:
            case Mapping():
                value = value.get(step)
            case list() | tuple() if _INDEX.fullmatch(step) and int(step) < len(value):
                value = value[int(step)]
            case _:
                return None
    return value


def _fill(name: str, pieces: list[_Piece], known: Mapping[str, Any]) -> str:
    parts = []
    room = RENDERED_LIMIT
    for piece in pieces:
        part = piece if isinstance(piece, str) else _value(name, piece, known)
        parts.append(part)
        room -= _size(part)
        # Here and not at the end: a short template can repeat a long variable very often.
        if room < 0:
            where = "" if isinstance(piece, str) else f", at the variable {_shown(piece.path)}"
            raise TemplateLimit(
                f"{_shown(name)}, filled in, is longer than {RENDERED_LIMIT} bytes{where}."
            )
    return _valid("".join(parts))


def _value(name: str, tag: _Tag, known: Mapping[str, Any]) -> str:
    value = _find(known, tag.path)
    match value:
        case None:
            return tag.default or ""
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value).removesuffix(".0")
        case Decimal() if value.is_finite():
            return str(value)
    raise InvalidTemplate(
        f"In {_shown(name)}: the variable {_shown(tag.path)} is {_kind(value)}, which cannot be "
        "spoken. It must be text, a number, true or false."
    )


def _kind(value: Any) -> str:
    match value:
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case float() | Decimal():
            return "not a finite number"
    return f"a {type(value).__name__}"


# --- text ---


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _valid(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _shown(text: str) -> str:
    return _valid(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
