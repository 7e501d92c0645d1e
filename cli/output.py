"""What the command says: results as JSON on stdout, words for people on stderr."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from switchboard.model import Assistant, Organization, Token


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


def _tame(text: str) -> str:
    # Carriers' words go to a terminal: nothing in them may steer it or begin a line.
    return " ".join("".join(it if it.isprintable() else " " for it in text).split())


def organization(found: "Organization") -> dict[str, Any]:
    """Return an organization as JSON shows it."""
    return _plain(asdict(found))


def token(found: "Token") -> dict[str, Any]:
    """Return a token as JSON shows it: without its hash."""
    return _plain({name: value for name, value in asdict(found).items() if name != "hash"})


def assistant(found: "Assistant") -> dict[str, Any]:
    """Return an assistant as JSON shows it."""
    return _plain(asdict(found))


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
    }
