"""The command's surface: JSON on stdout, words on stderr, one line when it fails."""

import pytest
from botocore.exceptions import EndpointConnectionError

from switchboard import tokens
from switchboard.app import App
from switchboard.errors import InvalidCredentials, ServiceUnavailable
from tests.builders import ORGANIZATION
from tests.cli.answers import ORG, answered, refused
from tests.cli.conftest import Run
from tests.fakes import Books
from tests.unit.holding import hold

ASSISTANT = ("--name", "Echo", "--stream-url", "wss://media.example.com/echo")


def test_an_organization_is_made(app: App, run: Run) -> None:
    made = answered(run("organizations", "create", "Demo"))

    found = app.store.organization(made["id"])
    assert found
    assert found.name == made["name"] == "Demo"


def test_a_tokens_key_is_shown_once_and_works(app: App, run: Run) -> None:
    created = run(
        "tokens", "create", *ORG, "--name", "ci",
        "--scope", "numbers:write", "--scope", "calls:read", "--expires-in-days", "30",
    )  # fmt: skip

    made = answered(created)
    token = tokens.authenticate(app, made["key"])
    assert token
    assert token.id == made["id"]
    assert made["scopes"] == ["calls:read", "numbers:write"]
    assert made["expires_at"] == "2026-04-01T09:00:00+00:00"
    assert "hash" not in made
    assert made["key"] not in created.stderr
    assert made["key"] not in run("tokens", "list", *ORG).output


def test_a_revoked_token_is_listed_as_such(app: App, run: Run) -> None:
    made = answered(run("tokens", "create", *ORG, "--name", "ci", "--scope", "admin"))

    answered(run("tokens", "revoke", *ORG, str(made["id"])))

    assert tokens.authenticate(app, made["key"]) is None
    [listed] = answered(run("tokens", "list", *ORG))
    assert listed["id"] == made["id"]
    assert listed["revoked_at"]
    assert listed["is_valid"] is False
    assert "hash" not in listed


def test_an_assistant_is_made_and_switched(app: App, run: Run) -> None:
    made = answered(
        run(
            "assistants", "create", *ORG, *ASSISTANT, "--welcome-message", "Hello",
            "--fallback-message", "Sorry", "--fallback-number", "+14155550123",
        )
    )  # fmt: skip
    assert made["is_active"] is True
    assert made["fallback_number"] == "+14155550123"

    off = answered(run("assistants", "deactivate", *ORG, str(made["id"])))
    assert off == made | {"is_active": False, "version": 2}
    on = answered(run("assistants", "activate", *ORG, str(made["id"])))
    assert on == made | {"version": 3}


def test_a_carrier_is_connected_from_standard_input(app: App, run: Run) -> None:
    result = run("carriers", "connect", "fake", *ORG, stdin='{"key": "k-very-secret"}')

    assert answered(result) == {
        "organization_id": ORGANIZATION,
        "carrier": "fake",
        "checks": {"application": "made A1"},
    }
    assert "k-very-secret" not in result.output
    assert app.secrets.carrier(ORGANIZATION, "fake")["key"] == "k-very-secret"


def test_a_carrier_is_connected_anew_without_an_overlap_when_wanted(app: App, run: Run) -> None:
    answered(run("carriers", "connect", "fake", *ORG, stdin='{"key": "k-1"}'))
    app.carrier_class("fake").verified_with = "key"

    answered(run("carriers", "connect", "fake", *ORG, stdin='{"key": "k-2"}'))
    kept = app.secrets.carrier(ORGANIZATION, "fake")
    no_overlap = ("--overlap-hours", "0")
    answered(run("carriers", "connect", "fake", *ORG, *no_overlap, stdin='{"key": "k-3"}'))

    assert kept["former"] == {"value": "k-1", "until": "2026-03-03T09:00:00+00:00"}
    assert "former" not in app.secrets.carrier(ORGANIZATION, "fake")


def test_another_account_takes_the_place_of_one_with_numbers_only_if_told_so(
    app: App, run: Run
) -> None:
    answered(run("carriers", "connect", "fake", *ORG, stdin='{"key": "k-1"}'))
    hold(app)

    told = refused(run("carriers", "connect", "fake", *ORG, stdin='{"key": "other-1"}'))
    assert "--replace-account" in told
    assert app.secrets.carrier(ORGANIZATION, "fake")["key"] == "k-1"

    anyway = (*ORG, "--replace-account")
    answered(run("carriers", "connect", "fake", *anyway, stdin='{"key": "other-1"}'))
    assert app.secrets.carrier(ORGANIZATION, "fake")["key"] == "other-1"


def test_the_session_key_is_rotated_and_never_shown(app: App, run: Run) -> None:
    before = app.secrets.session_key()

    rotated = run("session-key", "rotate", "--yes")

    assert answered(rotated) == {"former_until": "2026-03-03T09:00:00+00:00"}
    now = app.secrets.session_keys()
    assert now[1:] == [before]
    assert len(now[0]) >= 48
    assert not any(key in rotated.output for key in now)
    assert "within the last day" in refused(run("session-key", "rotate", "--yes"))


def test_a_session_key_that_somebody_knows_counts_no_more(app: App, run: Run) -> None:
    known = app.secrets.session_key()
    answered(run("session-key", "rotate", "--yes"))

    ended = answered(run("session-key", "rotate", "--yes", "--at-once"))

    assert ended == {"former_until": "2026-03-02T09:00:00+00:00"}
    assert known not in app.secrets.session_keys()


def test_the_session_key_is_not_rotated_without_a_yes(app: App, run: Run) -> None:
    before = app.secrets.session_key()

    assert run("session-key", "rotate", stdin="n\n").exit_code == 1

    assert app.secrets.session_keys() == [before]


def test_at_a_terminal_each_field_is_asked_for_and_not_shown(
    app: App, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.carriers.is_terminal", lambda: True)

    result = run("carriers", "connect", "fake", *ORG, stdin="k-very-secret\n")

    assert answered(result)["checks"] == {"application": "made A1"}
    assert "key" in result.stderr
    assert "k-very-secret" not in result.output
    assert app.secrets.carrier(ORGANIZATION, "fake")["key"] == "k-very-secret"


@pytest.mark.parametrize("stdin", ["", "k-very-secret", '["k-very-secret"]', '{"key": "k-very'])
def test_what_is_not_json_is_told_what_is_wanted(run: Run, stdin: str) -> None:
    line = refused(run("carriers", "connect", "fake", *ORG, stdin=stdin))

    assert line == 'Error: Give the credentials as JSON on standard input: {"key": "…"}'


def test_a_missing_credential_is_named(run: Run) -> None:
    line = refused(run("carriers", "connect", "fake", *ORG, stdin='{"kee": "k-very-secret"}'))

    assert line == "Error: The credentials lack: key"


def test_a_refusal_is_one_line_without_a_traceback_or_markup(run: Run, books: Books) -> None:
    books.connect_errors.append(InvalidCredentials("Fake said [bold]no[/bold]\nand\x1b[31m no"))

    result = run("carriers", "connect", "fake", *ORG, stdin='{"key": "k-very-secret"}')

    assert refused(result).startswith("Error: Fake said [bold]no[/bold] and")
    assert "\x1b" not in result.stderr
    assert "k-very-secret" not in result.output


def test_the_place_but_not_the_text_of_an_unforeseen_error_is_shown(run: Run, books: Books) -> None:
    books.connect_errors.append(KeyError("k-very-secret"))

    result = run("carriers", "connect", "fake", *ORG, stdin='{"key": "k-very-secret"}')

    assert refused(result).startswith("Error: Unexpected KeyError at fakes.py:")
    assert "k-very-secret" not in result.output


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("organizations", "create", " "), "A name is 1 to 100 characters on one line"),
        (
            ("tokens", "create", *ORG, "--name", "x", "--scope", "all"),
            "Unknown scope all: choose from numbers:read, numbers:write, calls:read, calls:write, "
            "assistants:read, assistants:write, sms:read, sms:write, admin",
        ),
        (("tokens", "revoke", *ORG, "5"), "API key 5 not found in this organization"),
        (
            ("tokens", "list", "--organization", "7"),
            "Organization 7 not found. Make one: switchboard organizations create NAME",
        ),
        (
            ("assistants", "activate", *ORG, "5"),
            "Assistant with ID 5 not found in your organization",
        ),
        (
            ("assistants", "create", *ORG, "--name", "x", "--stream-url", "ws://media.example.com"),
            "stream_url must begin with wss:// (ws:// only for this machine: localhost, 127.0.0.1)",
        ),
        (("carriers", "connect", "nobody", *ORG), "Provider must be 'fake'"),
    ],
)
def test_what_cannot_be_done_says_why(run: Run, arguments: tuple[str, ...], line: str) -> None:
    assert refused(run(*arguments)) == f"Error: {line}"


@pytest.mark.parametrize(
    "arguments",
    [
        ("organizations",),
        ("organizations", "create"),
        ("tokens", "create", *ORG, "--name", "x"),
        ("tokens", "create", *ORG, "--scope", "admin", "--name", "x", "--expires-in-days", "0"),
        ("tokens", "revoke", *ORG, "five"),
        ("tokens", "list", "--organization", "0"),
        ("tokens", "list", "--organization", str(2**53)),
        ("carriers", "connect", "fake", *ORG, "--api-key", "k"),
        ("nothing",),
    ],
)
def test_a_wrong_use_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage:" in result.stderr


def test_help_opens_no_deployment(run: Run) -> None:
    for arguments in [(), ("organizations",), ("tokens", "create"), ("carriers", "connect")]:
        result = run(*arguments, "--help")

        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: ")


def test_a_deployment_that_does_not_answer_is_said_in_awss_words(run: Run) -> None:
    def away() -> App:
        cause = EndpointConnectionError(endpoint_url="http://127.0.0.1:9/")
        raise ServiceUnavailable("The database cannot be reached. Try again.") from cause

    result = run("tokens", "list", *ORG, obj=away)

    assert refused(result) == (
        "Error: The database cannot be reached. Try again. "
        '(Could not connect to the endpoint URL: "http://127.0.0.1:9/")'
    )
