"""Texts are counted as carriers send and bill them."""

import pytest

from switchboard.segments import measured


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        pytest.param("", "GSM-7", 1, id="media alone"),
        pytest.param("a" * 160, "GSM-7", 1, id="exactly one"),
        pytest.param("a" * 161, "GSM-7", 2, id="one more"),
        pytest.param("a" * 306, "GSM-7", 2, id="exactly two"),
        pytest.param("a" * 307, "GSM-7", 3, id="two and one more"),
        pytest.param("€" * 80, "GSM-7", 1, id="two units each"),
        pytest.param("€" * 81, "GSM-7", 2, id="two units each, and one more"),
        pytest.param("€" * 153, "GSM-7", 3, id="no escape is left behind at the end"),
        pytest.param("Grüße für Ñandú à l'été"[:10], "GSM-7", 1, id="letters of the alphabet"),
        pytest.param("ç", "UCS-2", 1, id="small c with cedilla is not in it"),
        pytest.param("`", "UCS-2", 1, id="nor is the backtick"),
        pytest.param("я" * 70, "UCS-2", 1, id="exactly one of sixteen bits"),
        pytest.param("я" * 71, "UCS-2", 2, id="one more of sixteen bits"),
        pytest.param("я" * 134, "UCS-2", 2, id="exactly two of sixteen bits"),
        pytest.param("😀" * 35, "UCS-2", 1, id="an emoji is two units"),
        pytest.param("😀" * 36, "UCS-2", 2, id="an emoji more"),
        pytest.param("😀" * 67, "UCS-2", 3, id="no half of an emoji is left behind"),
        pytest.param("a" * 1600, "GSM-7", 11, id="the longest that the API takes"),
        pytest.param("я" * 1600, "UCS-2", 24, id="the longest of sixteen bits"),
    ],
)
def test_a_text_is_measured_as_it_is_sent(text: str, encoding: str, count: int) -> None:
    found = measured(text)

    assert (found.encoding, found.count) == (encoding, count)
