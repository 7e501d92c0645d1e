"""What the command says: results as JSON on stdout, words for people on stderr."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from switchboard.carriers.base import Check
    from switchboard.model import Assistant, CallerId, Limits, Organization, Token


def result(value: Any) -> None:
    """Print a result for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def say(text: str) -> None:
    """Tell the person something, on one line."""
    Console(stderr=True, highlight=False).print(_tame(text), markup=False, soft_wrap=True)


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Show the person a table."""
    shown = Table(box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*map(_tame, row))
    Console(stderr=True, highlight=False, markup=False).print(shown)


def report(lead: str, text: str, *, is_result: bool) -> None:
    """Show one line of a report: our own `lead`, then what was found.

    It goes to stdout when the report is what the command was run for.
    """
    console = Console(stderr=not is_result, highlight=False)
    console.print(lead + _tame(text), markup=False, soft_wrap=True)


def yes_no(claim: bool) -> str:
    """Return a claim as a table shows it."""
    return "yes" if claim else "no"


def _tame(text: str) -> str:
    # Carriers' words go to a terminal: nothing in them may steer it or begin a line.
    return " ".join("".join(it if it.isprintable() else " " for it in text).split())


def organization(found: "Organization") -> dict[str, Any]:
    """Return an organization as JSON shows it."""
    return _plain(asdict(found))


def token(found: "Token") -> dict[str, Any]:
    """Return a token as JSON shows it: without its hash."""
    return _plain({name: value for name, value in asdict(found).items() if name != "hash"})


def limits(found: "Limits") -> dict[str, Any]:
    """Return an organization's limits as JSON shows them: the countries that hold, named."""
    return _plain(asdict(found) | {"allowed_countries": found.countries})


def caller_id(found: "CallerId") -> dict[str, Any]:
    """Return a caller id as JSON shows it."""
    return _plain(asdict(found))


def check(found: "Check") -> dict[str, Any]:
    """Return a check as JSON shows it."""
    return _plain(asdict(found))


def plainly(value: Any) -> str:
    """Return a value as a person reads it."""
    match value:
        case None:
            return "none"
        case bool():
            return yes_no(value)
        case list() | tuple():
            return " ".join(value) or "none"
    return str(value)


def assistant(found: "Assistant") -> dict[str, Any]:
    """Return an assistant as JSON shows it."""
    from switchboard.replies.assistants import assistant_reply

    return dict(assistant_reply(found))


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
    }
