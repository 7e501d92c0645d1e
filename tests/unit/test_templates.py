"""Templates: every call says its own words."""

from decimal import Decimal
from enum import StrEnum

import pytest

from switchboard.errors import InvalidTemplate, MissingVariables, TemplateLimit
from switchboard.templates import (
    MAX_VARIABLES,
    RENDERED_LIMIT,
    VARIABLE_LIMIT,
    paths_in,
    render_all,
)

PERSON = {"name": {"first": "Ann", "last": "Ito"}, "items": [{"title": "Tea"}, {"title": "Cup"}]}


def render(template: str, builtins: dict[str, object] | None = None, **variables: object) -> str:
    rendered = render_all({"agenda": template}, variables, builtins or {})["agenda"]
    assert rendered is not None
    return rendered


# --- what is filled in ---


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Hello {{name}}!", "Hello Ann!"),
        ("{{ name }}, {{\tname\r\n}}, {{\u00a0name }}", "Ann, Ann, Ann"),
        ("{{ customer.name.first }} {{ customer.name.last }}", "Ann Ito"),
        ("{{ customer.items.0.title }} and {{customer.items.1.title}}", "Tea and Cup"),
        ("{{ order-id }} {{ order_id }}", "7 8"),
        ("{{ 名前 }} {{ नाम }}", "Ann Ann"),
    ],
)
def test_a_path_becomes_its_value(template: str, expected: str) -> None:
    variables = {
        "name": "Ann",
        "名前": "Ann",
        "नाम": "Ann",
        "customer": PERSON,
        "order-id": 7,
        "order_id": 8,
    }

    assert render(template, **variables) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('Hi {{ name | default: "there" }}', "Hi there"),
        ("Hi {{name|default:'there'}}", "Hi there"),
        ('Hi {{ name | default : "" }}.', "Hi ."),
        ('{{ nothing | default: "null" }}', "null"),
        ('{{ text | default: "there" }}', ""),
        ('{{ text.deeper | default: "there" }}', "there"),
        ('{{ items.2 | default: "no more" }}', "no more"),
        (f'{{{{ items.{"9" * 5000} | default: "no more" }}}}', "no more"),
        (r'{{ name | default: "a \"b\" \\ \'c\'" }}', "a \"b\" \\ 'c'"),
        (r"{{ name | default: 'it\'s' }}", "it's"),
        ('{{ name | default: "}} {{ text }}" }}', "}} {{ text }}"),
        ('{{ name | default: "two\nlines" }}', "two\nlines"),
    ],
)
def test_what_is_missing_or_null_becomes_its_default(template: str, expected: str) -> None:
    assert render(template, text="", nothing=None, items=["a", "b"]) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (r"\{{ name }}", "{{ name }}"),
        (r"\\{{ name }}", r"\Ann"),
        (r"\\\{{ name }}", r"\{{ name }}"),
        (r"\\\\{{ name }}", r"\\Ann"),
        (r"\{{{{ name }}", "{{Ann"),
        (r"\{{", "{{"),
        (r"C:\new\\ \{ } }} { \}", r"C:\new\\ \{ } }} { \}"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
    ],
)
def test_a_backslash_means_something_right_before_two_braces_only(
    template: str, expected: str
) -> None:
    assert render(template, name="Ann") == expected


class Word(StrEnum):
    OUTBOUND = "outbound"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-12, "-12"),
        (10**20, "100000000000000000000"),
        (3.0, "3"),
        (2.5, "2.5"),
        (1e22, "1e+22"),
        (Decimal("1.50"), "1.50"),
        (Decimal("3"), "3"),
        (Word.OUTBOUND, "outbound"),
    ],
)
def test_a_value_that_is_no_text_reads_as_json_has_it(value: object, expected: str) -> None:
    assert render("{{ value }}", value=value) == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"a": 1}, "an object"),
        ([1], "a list"),
        (float("nan"), "not a finite number"),
        (Decimal("-Infinity"), "not a finite number"),
        (Decimal("sNaN"), "not a finite number"),
        (b"bytes", "a bytes"),
    ],
)
def test_what_cannot_be_spoken_is_an_error_that_names_the_path(value: object, kind: str) -> None:
    with pytest.raises(InvalidTemplate, match=rf"In agenda: the variable a\.b is {kind}"):
        render('{{ a.b | default: "x" }}', a={"b": value})


def test_a_value_is_never_read_again() -> None:
    assert render("{{ a }}{{ b }}", a="{{ b }} \\{{", b="{{ a }}") == "{{ b }} \\{{{{ a }}"


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert render("\udc00 {{ a }}{{ b }}", a="x\ud83d", b="\ude00y") == "\ufffd x\ufffd\ufffdy"


def test_the_requests_own_value_hides_the_built_in_even_when_it_is_null() -> None:
    builtins: dict[str, object] = {"from_number": "+14155550100", "direction": "outbound"}

    assert render("{{ from_number }} {{ direction }}", builtins, from_number="the shop") == (
        "the shop outbound"
    )
    with pytest.raises(MissingVariables):
        render("{{ from_number }}", builtins, from_number=None)


def test_a_template_that_is_not_there_stays_so() -> None:
    assert render_all({"agenda": None, "welcome_message": ""}, {}, {}) == {
        "agenda": None,
        "welcome_message": "",
    }


def test_the_paths_of_a_template_are_listed_once_each_in_order() -> None:
    template = r'{{ b.c }} {{ a }} \{{ no }} {{ b.c }} {{ d | default: "x" }}'

    assert paths_in(template) == ["b.c", "a", "d"]


# --- what is refused ---


def test_every_missing_path_of_every_template_is_named_once() -> None:
    templates = {
        "welcome_message": '{{ name }} {{ customer.age }} {{ x | default: "y" }}',
        "agenda": "{{ name }} {{ items.5 }} {{ customer.name.first.more }} {{ null }}",
        "greeting": None,
    }

    with pytest.raises(MissingVariables) as caught:
        render_all(templates, {"customer": PERSON, "items": [], "null": None}, {})

    paths = ("customer.age", "customer.name.first.more", "items.5", "name", "null")
    assert caught.value.paths == paths
    assert f"Missing variables: {', '.join(paths)}. " in str(caught.value)
    assert (caught.value.status, caught.value.code) == (422, "missing_variables")


@pytest.mark.parametrize(
    ("tag", "flaw"),
    [
        ("{{", "is not closed"),
        ("{{ name", "is not closed"),
        ('{{ name | default: "x"', "is not closed"),
        ("{{}}", "names no variable"),
        ("{{ \n }}", "names no variable"),
        ("{{ .name }}", "does not begin with the name"),
        ("{{{ name }}}", "does not begin with the name"),
        ('{{ "name" }}', "does not begin with the name"),
        ("{{ a\ud800 }}", "goes on after a with neither"),
        ("{{ name. }}", "goes on after name with neither"),
        ("{{ a..b }}", "goes on after a with neither"),
        ("{{ first name }}", "goes on after first with neither"),
        ("{{ a {{ b }}", "goes on after a with neither"),
        ("{{ a[0] }}", "goes on after a with neither"),
        ("{{ name | upper }}", "has the unknown filter upper"),
        ("{{ name | defaults: 'x' }}", "has the unknown filter defaults"),
        ("{{ name | }}", "needs its default like this"),
        ("{{ name | default }}", "needs its default like this"),
        ("{{ name | default: there }}", "needs its default like this"),
        ("{{ name | default: “there” }}", "needs its default like this"),
        ("{{ name | default('there') }}", "needs its default like this"),
        ('{{ name | default: "there }}', "needs its default like this"),
        (r'{{ name | default: "a\n" }}', "needs its default like this"),
        ('{{ name | default: "a" | default: "b" }}', "needs its default like this"),
    ],
)
def test_a_malformed_tag_is_refused_with_its_text_and_place(tag: str, flaw: str) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        render(f"Hello,\n  dear {tag}", name="Ann")

    text = str(caught.value)
    assert text.startswith("In agenda, line 2, column 8: {{")
    assert tag[:8].replace("\ud800", "\ufffd") in text
    assert flaw in text
    assert (caught.value.status, caught.value.code) == (422, "invalid_template")


def test_a_long_malformed_tag_is_shown_in_part() -> None:
    with pytest.raises(InvalidTemplate) as caught:
        paths_in("{{ " + "a b " * 1000 + "}}")

    assert len(str(caught.value)) < 300


# --- limits ---


def test_as_many_variables_as_allowed_and_one_more() -> None:
    variables = {f"v{i}": i for i in range(MAX_VARIABLES)}
    assert render("{{ v49 }}", **variables) == "49"

    with pytest.raises(TemplateLimit, match="51 variables were given; a call may have 50"):
        render("", **variables, more=1)


@pytest.mark.parametrize("character", ["a", "é", "\ud800"])
def test_a_variable_as_large_as_allowed_and_one_byte_more(character: str) -> None:
    bytes_each = len(character.encode("utf-8", "surrogatepass"))
    largest = character * ((VARIABLE_LIMIT - 2) // bytes_each)
    render("", big=largest + "a" * (VARIABLE_LIMIT - 2 - len(largest) * bytes_each))

    with pytest.raises(TemplateLimit, match="The variable big is larger than 4096 bytes"):
        render("", big=largest + character)


def test_an_object_counts_as_its_json() -> None:
    render("", big={"k": ["a" * (VARIABLE_LIMIT - 10)]})

    with pytest.raises(TemplateLimit):
        render("", big={"k": ["a" * (VARIABLE_LIMIT - 9)]})


def nested(depth: int) -> object:
    value: object = "core"
    for _ in range(depth):
        value = [value]
    return value


def endless() -> object:
    value: list[object] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [nested(3000), nested(200_000), endless(), 10**5000],
    ids=["deep", "abyss", "loop", "int"],
)
def test_a_value_without_a_bottom_is_too_large_and_nothing_worse(value: object) -> None:
    with pytest.raises(TemplateLimit, match="The variable bomb") as caught:
        render("{{ bomb }}", bomb=value)

    assert (caught.value.status, caught.value.code) == (422, "variables_too_large")


def test_a_value_may_be_nested_as_deep_as_its_size_allows() -> None:
    depth = (VARIABLE_LIMIT - len('"core"')) // 2
    path = "a" + ".0" * depth

    assert render(f"{{{{ {path} }}}}", a=nested(depth)) == "core"


def test_a_rendered_template_as_long_as_allowed_and_one_byte_more() -> None:
    quarter = "é" * (VARIABLE_LIMIT // 2 - 1)
    rest = "x" * (RENDERED_LIMIT - 3 * (VARIABLE_LIMIT - 2))

    assert len(render("{{ a }}" * 3 + rest, a=quarter).encode()) == RENDERED_LIMIT
    with pytest.raises(
        TemplateLimit, match="agenda, filled in, is longer than 16384 bytes, at the variable a"
    ):
        render(rest + "x{{ a }}{{ a }}{{ a }}", a=quarter)
    with pytest.raises(TemplateLimit, match=r"agenda, filled in, is longer than 16384 bytes\."):
        render("x" * (RENDERED_LIMIT + 1))
