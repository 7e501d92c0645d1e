"""Organizations and assistants: what may be written, and what follows from a change."""

from dataclasses import replace
from typing import Any

import pytest

from switchboard.app import App
from switchboard.directory import assistants, organizations
from switchboard.errors import AssistantNotFound, InvalidNumber, InvalidRequest, NotFound
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION, a_number, an_order
from tests.clock import START


def wanted(**changes: Any) -> dict[str, Any]:
    """Return an assistant as it is asked for."""
    return {"name": "Front desk", "stream_url": "wss://media.example.com/stream"} | changes


def test_an_organization_is_found_by_its_id(app: App) -> None:
    made = organizations.create(app, "  Café Ötzi  ")

    assert organizations.find(app, made.id) == made
    assert made.name == "Café Ötzi"
    assert made.created_at == START


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "two\nlines", "bell\x07", "\x1b[31mred"])
def test_a_name_that_cannot_be_shown_on_one_line_is_refused(app: App, name: str) -> None:
    with pytest.raises(InvalidRequest, match="A name is 1 to 100 characters"):
        organizations.create(app, name)
    with pytest.raises(InvalidRequest, match="A name is 1 to 100 characters"):
        assistants.create(app, ORGANIZATION, wanted(name=name))


def test_an_organization_that_does_not_exist_is_named(app: App) -> None:
    with pytest.raises(NotFound, match="Organization 7 not found"):
        organizations.find(app, 7)


def test_an_assistant_is_written_with_all_it_was_given(app: App) -> None:
    made = assistants.create(
        app,
        ORGANIZATION,
        wanted(
            welcome_message=" Hello ",
            fallback_message="We will call back.",
            fallback_number=" +14155550123 ",
        ),
    )

    assert app.store.assistant(ORGANIZATION, made.id) == made
    assert made.is_active
    assert made.welcome_message == "Hello"
    assert made.fallback_message == "We will call back."
    assert made.fallback_number == "+14155550123"


def test_an_assistant_needs_an_organization(app: App) -> None:
    with pytest.raises(NotFound, match="Organization 7 not found"):
        assistants.create(app, 7, wanted())


def test_blank_messages_are_none(app: App) -> None:
    made = assistants.create(app, ORGANIZATION, wanted(welcome_message="", fallback_message="  "))

    assert made.welcome_message is None
    assert made.fallback_message is None


@pytest.mark.parametrize(
    "url",
    [
        "wss://media.example.com",
        "WSS://media.example.com:8443/a/b",
        "wss://[2001:db8::1]/x",
        "ws://localhost:8080/stream",
        "ws://127.0.0.1:4100/_/runtime",
        "ws://127.9.9.9/x",
        "ws://[::1]:80/x",
        "ws://media.localhost/x",
    ],
)
def test_a_stream_url_is_wss_or_stays_on_this_machine(app: App, url: str) -> None:
    made = assistants.create(app, ORGANIZATION, wanted(stream_url=url))

    assert made.stream_url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "must be a URL such as"),
        ("media.example.com", "must be a URL such as"),
        ("wss:///stream", "must be a URL such as"),
        ("wss://media.example.com/a b", "must be a URL such as"),
        ("wss://médias.example.com/", "must be a URL such as"),
        ("wss://media.example.com/\x00", "must be a URL such as"),
        ("wss://[::1", "is not a URL"),
        ("wss://media.example.com:99999999/", "is not a URL"),
        ("https://media.example.com/", "must begin with wss://"),
        ("ws://media.example.com/", "must begin with wss://"),
        ("ws://10.0.0.1/", "must begin with wss://"),
        ("ws://localhost.example.com/", "must begin with wss://"),
        ("ws://127.0.0.1.example.com/", "must begin with wss://"),
        ("wss://user:hunter2@media.example.com/", "must not hold credentials"),
        ("wss://@media.example.com/", "must not hold credentials"),
        ("wss://media.example.com/#part", "must not have a fragment"),
        ("wss://media.example.com/#", "must not have a fragment"),
        ("wss://media.example.com/?key=1", "must not have a query"),
        ("wss://media.example.com/?", "must not have a query"),
    ],
)
def test_a_stream_url_that_no_carrier_could_open_is_refused(
    app: App, url: str, reason: str
) -> None:
    with pytest.raises(InvalidRequest, match=reason) as refused:
        assistants.create(app, ORGANIZATION, wanted(stream_url=url))

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("number", ["", "4155550123", "+0155550123", "+1 415 555 0123", "+1x"])
def test_a_fallback_number_is_e164(app: App, number: str) -> None:
    with pytest.raises(InvalidNumber, match="fallback_number must be E"):
        assistants.create(app, ORGANIZATION, wanted(fallback_number=number))


def test_a_number_follows_when_its_assistant_is_switched_off_and_on(app: App) -> None:
    made = assistants.create(app, ORGANIZATION, wanted())
    number = a_number(assistant=made)
    app.store.claim(an_order(), number)

    assistants.set_active(app, ORGANIZATION, made.id, is_active=False)
    off = app.store.number(NUMBER)
    assistants.set_active(app, ORGANIZATION, made.id, is_active=True)
    on = app.store.number(NUMBER)

    assert off
    assert off.assistant == replace(made, is_active=False, version=2, updated_at=None)
    assert on
    assert on.assistant == replace(made, version=3, updated_at=None)


def test_another_organizations_assistant_does_not_exist(app: App) -> None:
    made = assistants.create(app, ORGANIZATION, wanted())

    with pytest.raises(AssistantNotFound, match=f"Assistant with ID {made.id} not found"):
        assistants.set_active(app, OTHER_ORGANIZATION, made.id, is_active=False)

    assert app.store.assistant(ORGANIZATION, made.id) == made
