"""Calls as files: a line each, nothing a spreadsheet computes, no more than a reply holds."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard import export
from switchboard.model import Call
from tests.builders import CALLER, NUMBER, a_call


def rows(*calls: Call) -> Iterator[tuple[int, Call | None]]:
    return ((call.id, call) for call in calls)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def exported(**changes: Any) -> dict[str, str]:
    page = export.csv_page(rows(a_call(**changes)), 1, header=True)
    [row] = read("".join(page.rows))
    return row


def test_a_call_is_a_line_under_its_names() -> None:
    row = exported(metadata={"note": 'a "b", c'})

    assert tuple(row) == export.COLUMNS
    assert (row["id"], row["status"], row["state"]) == ("5001", "ongoing", "ringing")
    assert (row["to_phone_number"], row["customer_phone_number"]) == (NUMBER, CALLER)
    assert row["duration"] == ""
    assert '"note": "a \\"b\\", c"' in row["call_meta"]


def test_lines_end_as_rfc_4180_says() -> None:
    page = export.csv_page(rows(a_call(), a_call(assistant_name="a\nb")), 2, header=False)

    assert [line[-2:] for line in page.rows] == ["\r\n", "\r\n"]
    assert '"a\nb"' in page.rows[1]


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(1)",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "  =1",
        "\t=1",
        "\r=1",
        "\n",
        "＝1",
        "+１",
        "+1234567890123456",
    ],
)
def test_what_could_be_a_formula_is_quoted(text: str) -> None:
    assert exported(assistant_name=text)["assistant_name"] == f"'{text}"


@pytest.mark.parametrize("text", ["Front desk", "a=b", "anonymous", "+12125550199", "v3:abc"])
def test_what_computes_nothing_stays_as_it_is(text: str) -> None:
    assert exported(assistant_name=text)["assistant_name"] == text


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_no_text_ends_its_cell_or_begins_a_formula(name: str) -> None:
    cell = exported(assistant_name=name)["assistant_name"]

    assert cell in (name, f"'{name}")
    assert cell.strip()[:1] not in (*"=-@",)


def test_a_full_page_names_where_the_next_begins() -> None:
    three = [a_call(id=n) for n in (3, 2, 1)]

    assert export.json_page(rows(*three), 2).cursor == 2
    assert export.json_page(rows(*three), 3).cursor is None
    assert export.json_page(rows(), 3) == export.Page([], None)


def test_a_page_ends_before_it_is_too_large_for_a_reply() -> None:
    large = [a_call(id=n, agenda="ü" * 15_000) for n in range(200, 0, -1)]

    page = export.json_page(rows(*large), 200)

    assert 0 < len(page.rows) < 100
    assert page.cursor == page.rows[-1]["id"]


def test_a_call_too_large_for_any_page_is_a_page_of_its_own() -> None:
    huge = a_call(id=2, agenda="x" * 6_000_000)

    page = export.json_page(rows(huge, a_call(id=1)), 9)

    assert [row["id"] for row in page.rows] == [2]
    assert page.cursor == 2


def test_a_filter_that_matches_little_ends_a_page_as_well() -> None:
    unwanted = ((n, None) for n in range(30_000, 0, -1))

    page = export.csv_page(unwanted, 10, header=False)

    assert page == export.Page([], 10_001)
