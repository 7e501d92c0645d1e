"""Any template at all: it is filled in or refused, and it never takes long."""

import contextlib
import re
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from switchboard.errors import SwitchboardError
from switchboard.templates import render_all

SCRAPS = st.sampled_from([*"{}\\|:.\"' \nab0é\ud800", "{{", "}}", "default", "b.0"])
ANY_TEMPLATE = st.lists(SCRAPS | st.text(max_size=3), max_size=30).map("".join)
SCALARS = st.sampled_from([None, True, 10**5000, "\ud800"]) | st.floats() | st.text(max_size=5)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(SCRAPS, SCALARS, max_size=3)


def render(template: str, variables: dict[str, object]) -> str:
    rendered = render_all({"agenda": template}, variables, {})["agenda"]
    assert rendered is not None
    return rendered


@given(ANY_TEMPLATE, st.dictionaries(SCRAPS, VALUES, max_size=4))
def test_no_text_and_no_value_is_answered_with_anything_but_our_errors(
    template: str, variables: dict[str, object]
) -> None:
    try:
        rendered = render(template, variables)
    except SwitchboardError as error:
        str(error).encode()
    else:
        rendered.encode()


@given(ANY_TEMPLATE)
def test_a_template_without_tags_comes_out_as_it_went_in(template: str) -> None:
    text = re.sub(r"\{+", "{", template).encode("utf-8", "replace").decode()

    assert render(text, {}) == text


# A single brace right before a tag is the one thing that cannot be written.
@given(st.text("{}\\ab", max_size=30).map(lambda text: text.rstrip("{")))
@example("\\")
@example("\\\\{{ a }}\\")
def test_every_text_can_be_written_as_a_template(text: str) -> None:
    rendered = render(escaped(text) + "{{ name }}", {"name": "!"})

    assert rendered == text + "!"


def escaped(text: str) -> str:
    """Write `text` so that it comes out as it is, also before a tag."""
    parts = (text + "{{").split("{{")[:-1]
    doubled = [part + "\\" * (len(part) - len(part.rstrip("\\"))) for part in parts]
    return "\\{{".join(doubled)


# --- cost ---

ADVERSARIAL: dict[str, Callable[[int], str]] = {
    "open braces": lambda n: "{" * n,
    "open tags": lambda n: "{{ " * (n // 3),
    "close braces": lambda n: "}" * n,
    "backslashes": lambda n: "\\" * n,
    "backslashes before a tag": lambda n: "\\" * n + "{{",
    "escaped tags": lambda n: "\\{{" * (n // 3),
    "lone braces": lambda n: "{ " * (n // 2),
    "an open space": lambda n: "{{" + " " * n,
    "an open path": lambda n: "{{" + "a." * (n // 2),
    "a path without end": lambda n: "{{" + "a." * (n // 2) + "a}}",
    "a name without end": lambda n: "{{" + "a" * n + "}}",
    "a quote without end": lambda n: '{{a|default:"' + "x" * n,
    "a quote of escapes": lambda n: '{{a|default:"' + '\\"' * (n // 2) + '"}}',
    "a quote of wrong escapes": lambda n: '{{a|default:"' + "\\\\" * (n // 2) + '\\n"}}',
    "filters": lambda n: "{{a" + "|default:'x'" * (n // 12) + "}}",
    "space before the end": lambda n: "{{a|default:'x'" + " " * n + "}}",
    "tags": lambda n: "{{v}}" * (n // 5),
    "empty tags": lambda n: "{{e}}" * (n // 5),
    "missing tags": lambda n: "".join(f"{{{{m{i}}}}}" for i in range(n // 9)),
    "lines": lambda n: "\n" * n + "{{",
}
VARIABLES = {"v": "{{v}}" * 800, "e": "", "a": []}


def run(template: str) -> None:
    with contextlib.suppress(SwitchboardError):
        render_all({"agenda": template, "welcome_message": template}, VARIABLES, {})


def steps(template: str) -> int:
    """Count the lines of Python that a template takes."""
    count = 0

    def trace(*_: object) -> object:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        run(template)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("adversary", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_twice_the_template_takes_at_most_twice_the_steps(adversary: Callable[[int], str]) -> None:
    # Fewer than 16 KB, so that both sizes run to their end.
    assert steps(adversary(6000)) <= 2 * steps(adversary(3000)) + 50


@pytest.mark.parametrize("adversary", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_a_megabyte_takes_seconds_at_the_very_most(adversary: Callable[[int], str]) -> None:
    template = adversary(1_000_000)

    began = time.process_time()
    run(template)

    # A few hundred milliseconds; anything quadratic, also inside a regular expression, takes hours.
    assert time.process_time() - began < 10
