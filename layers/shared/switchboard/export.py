"""Calls as files: a page of JSON or CSV that fits a reply, and where the next one begins."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .model import Call
from .replies.calls import CallReply, call_reply

Rows = Iterator[tuple[int, Call | None]]
"""Calls that were read, by id; None for one that is not wanted."""

# A reply of Lambda holds 6 MB; the rest is for its frame.
_REPLY_BYTES = 5_000_000
# What one request reads at most when few calls match: seconds, not minutes.
_READ_LIMIT = 20_000

COLUMNS = (
    "id",
    "call_sid",
    "provider",
    "direction",
    "to_phone_number",
    "customer_phone_number",
    "assistant_id",
    "assistant_name",
    "status",
    "state",
    "started_at",
    "ended_at",
    "duration",
    "answered_by",
    "hangup_cause",
    "call_meta",
)
# What makes a spreadsheet compute a cell: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
# "+" and digits alone compute nothing, and a quote before each number would spoil it for programs.
_PHONE_NUMBER = re.compile(r"\+[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True)
class Page[T]:
    """Some rows, and the cursor with which the next ones are asked for; None after the last."""

    rows: list[T]
    cursor: int | None


def json_page(rows: Rows, limit: int) -> Page[CallReply]:
    """Return at most `limit` calls as the API shows them, or as many as fit a reply."""
    return _page(rows, limit, call_reply, json.dumps)


def csv_page(rows: Rows, limit: int, *, header: bool) -> Page[str]:
    """Return at most `limit` calls as lines of RFC 4180, or as many as fit a reply."""
    page = _page(rows, limit, lambda call: _line(map(_cell, _values(call))), str)
    return Page([_line(COLUMNS), *page.rows], page.cursor) if header else page


def _page[T](
    rows: Rows, limit: int, shown: Callable[[Call], T], text: Callable[[T], str]
) -> Page[T]:
    found: list[T] = []
    size = read = 0
    last: int | None = None
    for call_id, call in rows:
        row = shown(call) if call else None
        # Lambda quotes the body once more.
        size += len(json.dumps(text(row))) if row is not None else 0
        if len(found) == limit or read == _READ_LIMIT or (size > _REPLY_BYTES and found):
            return Page(found, last)
        read, last = read + 1, call_id
        if row is not None:
            found.append(row)
    return Page(found, None)


def _values(call: Call) -> Iterable[object]:
    shown: Mapping[str, object] = call_reply(call)
    return (shown[name] for name in COLUMNS)


def _cell(value: object) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    if _FORMULA.match(text) and not _PHONE_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
