"""What the command says about calls that are placed: limits, caller ids, how to dial."""

from dataclasses import replace

import pytest

from switchboard.app import App
from switchboard.directory.limits import LimitChanges, change
from switchboard.errors import InvalidRequest
from switchboard.model import DialOptions, Limits, MachinePolicy
from switchboard.store import Taken
from tests.builders import NUMBER, ORGANIZATION, a_number, an_order
from tests.cli.answers import ORG, answered, refused
from tests.cli.conftest import Run
from tests.fakes import Books

LIMITS = ("organizations", "limits", str(ORGANIZATION))
ASSISTANT = ("assistants", "create", *ORG, "--name", "E", "--stream-url", "wss://m.example.com/e")
CALLER_ID = "+12125550150"


def stored(app: App) -> Limits:
    """Return the organization's limits as the next call will find them."""
    found = app.store.organization(ORGANIZATION)
    assert found
    return found.limits


def test_limits_are_shown_and_not_changed(app: App, run: Run) -> None:
    shown = answered(run(*LIMITS))

    assert shown["organization_id"] == ORGANIZATION
    assert shown["limits"] == {
        "allowed_countries": ["US", "CA"],
        "premium_rate": False,
        "satellite": False,
        "concurrent_calls": 10,
        "calls_per_second": 1,
        "calls_per_day": 1000,
        "daily_spend_cents": 5000,
        "number_concurrent_calls": None,
        "number_calls_per_day": None,
        "fuse_calls": 200,
        "fuse_calls_abroad": 20,
        "fuse_spend_cents": 2500,
    }
    assert stored(app) == Limits()


def test_limits_are_changed_and_the_others_stay(app: App, run: Run) -> None:
    answered(
        run(
            *LIMITS, "--allow-country", "GB", "--allow-country", "de", "--forbid-country", "CA",
            "--concurrent-calls", "20", "--calls-per-second", "5", "--calls-per-day", "9000",
            "--premium-rate", "--satellite", "--number-calls-per-day", "50",
        )
    )  # fmt: skip
    shown = answered(
        run(
            *LIMITS, "--daily-spend-cents", "100", "--no-premium-rate",
            "--number-calls-per-day", "0", "--number-concurrent-calls", "2",
        )
    )  # fmt: skip

    wanted = Limits(
        allowed_countries=("US", "GB", "DE"),
        premium_rate=False,
        satellite=True,
        concurrent_calls=20,
        calls_per_second=5,
        calls_per_day=9000,
        daily_spend_cents=100,
        number_concurrent_calls=2,
    )
    assert stored(app) == wanted
    assert shown["limits"]["allowed_countries"] == ["US", "GB", "DE"]


def test_every_country_can_be_forbidden_and_one_allowed_again(app: App, run: Run) -> None:
    none = answered(run(*LIMITS, "--forbid-country", "US", "--forbid-country", "CA"))
    assert none["limits"]["allowed_countries"] == []

    answered(run(*LIMITS, "--allow-country", "IE"))

    assert stored(app).allowed_countries == ("IE",)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--allow-country", "UK"), "'UK' is no country with a numbering plan"),
        (("--allow-country", "Germany"), "'Germany' is no country"),
        (("--forbid-country", "001"), "'001' is no country"),
        (("--allow-country", "GB", "--forbid-country", "gb"), "Allowed and forbidden at once: GB"),
        (("--concurrent-calls", "0"), "concurrent_calls is a number from 1 to 5000"),
        (("--concurrent-calls", "5001"), "concurrent_calls is a number from 1 to 5000"),
        (("--number-concurrent-calls", "-1"), "number_concurrent_calls is a number from 1"),
        (("--calls-per-second", "-1"), "calls_per_second is a number from 1 to"),
        (("--calls-per-day", "0"), "calls_per_day is a number from 1 to"),
        (("--daily-spend-cents", "0"), "daily_spend_cents is a number from 1 to"),
    ],
)
def test_a_limit_that_will_not_do_changes_nothing(
    app: App, run: Run, options: tuple[str, ...], said: str
) -> None:
    assert said in refused(run(*LIMITS, "--satellite", *options))

    assert stored(app) == Limits()


@pytest.mark.parametrize("name", ["countries", "allowed_countries", "per_moon"])
def test_what_is_no_limit_cannot_be_set(app: App, name: str) -> None:
    with pytest.raises(InvalidRequest, match="no limit called"):
        change(app, ORGANIZATION, LimitChanges(values={name: 1}))


@pytest.mark.parametrize(("name", "value"), [("satellite", 1), ("calls_per_day", True)])
def test_a_switch_is_no_number(app: App, name: str, value: int) -> None:
    with pytest.raises(InvalidRequest, match=name):
        change(app, ORGANIZATION, LimitChanges(values={name: value}))


def test_two_changes_at_once_do_not_undo_each_other(app: App) -> None:
    read = app.store.organization(ORGANIZATION)
    assert read
    change(app, ORGANIZATION, LimitChanges(values={"calls_per_day": 5}))

    with pytest.raises(Taken):
        app.store.change_organization(read, replace(read, limits=Limits(calls_per_second=2)))
    change(app, ORGANIZATION, LimitChanges(values={"calls_per_second": 2}))

    assert stored(app).calls_per_day == 5
    assert stored(app).calls_per_second == 2


def test_limits_of_nobody_are_not_made(run: Run) -> None:
    for options in ((), ("--satellite",)):
        assert "Organization 7 not found" in refused(run("organizations", "limits", "7", *options))


def test_a_verified_number_becomes_a_caller_id(app: App, run: Run, books: Books) -> None:
    books.verified = [CALLER_ID]

    added = answered(run("caller-ids", "add", *ORG, CALLER_ID, "--carrier", "fake"))

    assert added == {"phone_number": CALLER_ID, "carrier": "fake"}
    assert answered(run("caller-ids", "list", *ORG)) == [added]
    assert app.store.dial_context(ORGANIZATION, CALLER_ID, None).caller_id_carrier == "fake"


def test_a_number_that_the_carrier_has_not_verified_is_refused(run: Run) -> None:
    line = refused(run("caller-ids", "add", *ORG, CALLER_ID, "--carrier", "fake"))

    assert line.startswith(f"Error: Fake does not list {CALLER_ID} among the account's verified")
    assert answered(run("caller-ids", "list", *ORG)) == []


def test_a_number_that_was_bought_needs_no_caller_id(app: App, run: Run, books: Books) -> None:
    app.store.claim(an_order(), a_number())
    books.verified = [NUMBER]

    line = refused(run("caller-ids", "add", *ORG, NUMBER, "--carrier", "fake"))

    assert line == f"Error: {NUMBER} was bought here, and can place calls as it is."


def test_a_caller_id_is_taken_away_once(app: App, run: Run) -> None:
    app.store.add_caller_id(ORGANIZATION, CALLER_ID, "fake")

    answered(run("caller-ids", "remove", *ORG, CALLER_ID))

    assert answered(run("caller-ids", "list", *ORG)) == []
    line = refused(run("caller-ids", "remove", *ORG, CALLER_ID))
    assert line == f"Error: {CALLER_ID} is no caller id of this organization"


@pytest.mark.parametrize("arguments", [("add", "0123"), ("remove", "0123")])
def test_a_caller_id_is_a_whole_number(run: Run, arguments: tuple[str, str]) -> None:
    assert "E.164" in refused(run("caller-ids", *arguments, *ORG))


def test_an_assistant_says_how_its_calls_are_dialled(app: App, run: Run) -> None:
    made = answered(
        run(
            *ASSISTANT, "--ring-timeout", "30", "--max-duration", "600", "--record",
            "--machine-detection", "leave_message", "--voicemail-message", " Call us back ",
        )
    )  # fmt: skip

    found = app.store.assistant(ORGANIZATION, made["id"])
    assert found
    assert found.dial_options == DialOptions(
        ring_timeout=30,
        max_duration=600,
        machine_detection=MachinePolicy.LEAVE_MESSAGE,
        voicemail_message="Call us back",
        record=True,
    )
    assert made["dial_options"]["machine_detection"] == "leave_message"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--ring-timeout", "4"), "ring_timeout is a number of seconds from 5 to 120"),
        (("--max-duration", "14401"), "max_duration is a number of seconds from 30 to 14400"),
        (("--voicemail-message", "x" * 4097), "voicemail_message has at most 4096 characters"),
        (
            ("--machine-detection", "leave_message", "--voicemail-message", " "),
            "machine_detection leave_message needs a voicemail_message",
        ),
    ],
)
def test_options_that_no_call_could_have_are_refused(
    run: Run, options: tuple[str, ...], said: str
) -> None:
    assert refused(run(*ASSISTANT, *options)) == f"Error: {said}"


def test_everything_is_listed_oldest_first(run: Run) -> None:
    made = [answered(run("organizations", "create", name)) for name in ("B", "A")]
    assistants = [answered(run(*ASSISTANT)) for _ in range(2)]

    listed = answered(run("organizations", "list"))
    assert [it["id"] for it in listed] == [ORGANIZATION, *(it["id"] for it in made)]
    assert answered(run("assistants", "list", *ORG)) == assistants
    other = ("--organization", str(made[0]["id"]))
    assert answered(run("assistants", "list", *other)) == []
    assert "Organization 7 not found" in refused(run("assistants", "list", "--organization", "7"))


# --- the fuse ---

FUSE = ("organizations", "fuse", str(ORGANIZATION))


def test_calls_are_stopped_and_let_go_on_by_hand(app: App, run: Run) -> None:
    stopped = answered(run(*FUSE, "--trip"))["fuse"]
    shown = answered(run(*FUSE))["fuse"]
    again = answered(run(*FUSE, "--reset"))["fuse"]

    assert (stopped["tripped"], stopped["reason"], stopped["ending_calls"]) == (
        True,
        "by_hand",
        True,
    )
    assert shown == stopped
    assert (again["tripped"], again["reason"]) == (False, None)
    assert app.store.fuse(ORGANIZATION).tripped_at is None


def test_stopping_and_letting_go_on_at_once_is_refused(app: App, run: Run) -> None:
    assert "which one" in refused(run(*FUSE, "--trip", "--reset"))


def test_the_fuses_bounds_are_limits_like_others(app: App, run: Run) -> None:
    answered(
        run(
            *LIMITS, "--fuse-calls", "900", "--fuse-calls-abroad", "1", "--fuse-spend-cents", "5",
        )
    )  # fmt: skip

    found = stored(app)
    assert (found.fuse_calls, found.fuse_calls_abroad, found.fuse_spend_cents) == (900, 1, 5)
