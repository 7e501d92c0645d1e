"""A number's settings at its carrier: what is shown is the carrier's word, what is kept is true."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from switchboard.app import App
from switchboard.carriers.base import Check, Expected
from switchboard.errors import (
    CarrierNotConnected,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InvalidNumber,
    InvalidRequest,
    NotConfigurable,
    NotOwned,
    NumberNotFound,
    NumberNotHeld,
    NumberNotReady,
    OutcomeUnknown,
    UnknownProvider,
)
from switchboard.model import NumberStatus
from switchboard.numbers import carrier_settings
from switchboard.numbers.carrier_settings import WebhookChanges
from switchboard.store import NumberChange
from switchboard.store.number_rows import number_key
from switchboard.store.table import delete
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION, an_assistant
from tests.fakes import Books
from tests.unit.holding import held, hold

OURS = "https://hooks.example.com/fake"
THEIRS = "https://voice.example.com/calls"
LOST = OutcomeUnknown("fake did not answer. It is safe to repeat.")


@pytest.fixture
def number(app: App, books: Books) -> None:
    """A number that both the table and the carrier have, with an assistant."""
    app.store.put_assistant(an_assistant(sms_webhook_url="https://crm.example.com/sms"))
    hold(app)
    books.hold(NUMBER, points_here=True, points_nowhere=False, voice_url=OURS, sms_url="ours")


def change(app: App, **changes: Any) -> dict[str, str]:
    """Change the number's webhooks."""
    wanted = WebhookChanges(**{"phone_number": NUMBER} | changes)
    return carrier_settings.update_webhooks(app, ORGANIZATION, wanted).updated


def ways(app: App) -> list[Callable[..., object]]:
    """Return each way to ask about a number, as it needs only the number."""
    return [
        lambda org, number: carrier_settings.webhooks(app, org, number),
        lambda org, number: carrier_settings.diagnose(app, org, number),
        lambda org, number: carrier_settings.update_webhooks(
            app, org, WebhookChanges(number, disable_sms=True)
        ),
    ]


# --- whose number it is ---


@pytest.mark.usefixtures("number")
def test_only_numbers_of_ones_own_are_touched(app: App, books: Books) -> None:
    for ask in ways(app):
        with pytest.raises(NotOwned, match="belongs to different organization"):
            ask(OTHER_ORGANIZATION, NUMBER)
        with pytest.raises(NumberNotFound, match="not found in your account"):
            ask(ORGANIZATION, "+14155550199")
        with pytest.raises(InvalidNumber, match=r"E\.164"):
            ask(ORGANIZATION, "4155550100")
    assert books.requests == []


@pytest.mark.usefixtures("number")
def test_a_provider_must_be_the_numbers_own(app: App) -> None:
    with pytest.raises(UnknownProvider):
        carrier_settings.webhooks(app, ORGANIZATION, NUMBER, "nobody")
    with pytest.raises(UnknownProvider):
        change(app, provider="nobody", disable_sms=True)
    assert carrier_settings.webhooks(app, ORGANIZATION, NUMBER, "fake")


def test_a_number_that_is_not_delivered_yet_has_no_settings(app: App, books: Books) -> None:
    hold(app, status=NumberStatus.PENDING)

    for ask in ways(app):
        with pytest.raises(NumberNotReady, match="not delivered yet"):
            ask(ORGANIZATION, NUMBER)
    assert books.requests == []


# --- showing ---


@pytest.mark.usefixtures("number")
def test_webhooks_are_shown_as_the_carrier_has_them(app: App, books: Books) -> None:
    books.hold(NUMBER, voice_url=THEIRS, configuration={"voice_method": "GET"})

    number, shown = carrier_settings.webhooks(app, ORGANIZATION, NUMBER)

    assert number.phone_number == NUMBER
    assert (shown.voice_url, shown.configuration) == (THEIRS, {"voice_method": "GET"})


@pytest.mark.usefixtures("number")
def test_a_number_that_the_carrier_does_not_hold_is_told(app: App, books: Books) -> None:
    books.held.clear()

    with pytest.raises(NumberNotHeld, match="Could not retrieve webhook configuration for"):
        carrier_settings.webhooks(app, ORGANIZATION, NUMBER)


@pytest.mark.usefixtures("number")
def test_the_carriers_refusal_keeps_its_words_and_its_kind(app: App, books: Books) -> None:
    books.failures["inspect"] = [CarrierPermissionDenied("fake forbids it.")]

    with pytest.raises(
        CarrierPermissionDenied,
        match=r"Could not retrieve webhook configuration for \+14155550100. fake forbids it",
    ):
        carrier_settings.webhooks(app, ORGANIZATION, NUMBER)


@pytest.mark.usefixtures("number")
def test_a_diagnosis_looks_at_the_number_and_at_the_account(app: App, books: Books) -> None:
    books.checks = [Check("account", "active")]

    examined = carrier_settings.diagnose(app, ORGANIZATION, NUMBER)

    assert examined.held == books.held[NUMBER]
    assert examined.checks == books.checks
    assert books.expected == [Expected(phone_numbers=(NUMBER,))]
    books.held.clear()
    assert carrier_settings.diagnose(app, ORGANIZATION, NUMBER).held is None


# --- changing ---


@pytest.mark.usefixtures("number")
def test_nothing_to_do_and_both_at_once_are_refused_in_the_contracts_words(app: App) -> None:
    with pytest.raises(InvalidRequest, match="At least one action required: voice_webhook_url, "):
        change(app)
    with pytest.raises(InvalidRequest, match="At least one action required"):
        change(app, phone_number="nonsense")
    with pytest.raises(InvalidRequest, match="Cannot set both disable_sms and enable_sms to true"):
        change(app, disable_sms=True, enable_sms=True)


@pytest.mark.usefixtures("number")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://x.example.com",
        "ftp://x",
        "https://",
        "https://a_b.example.com",
        "https://[x",
        "https://x y",
    ],
)
def test_an_address_that_no_carrier_can_reach_is_refused(app: App, books: Books, url: str) -> None:
    with pytest.raises(InvalidRequest, match="must be an https:// URL"):
        change(app, voice_webhook_url=url)

    assert books.requests == []


@pytest.mark.usefixtures("number")
def test_calls_sent_elsewhere_make_the_number_inactive_and_brought_back_active(
    app: App, books: Books
) -> None:
    assert change(app, voice_webhook_url=THEIRS) == {"voice": THEIRS}
    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert books.held[NUMBER].voice_url == THEIRS

    assert change(app, voice_webhook_url=OURS) == {"voice": OURS}
    assert held(app, NUMBER).status is NumberStatus.ACTIVE
    assistant = held(app, NUMBER).assistant
    assert assistant is not None
    assert assistant.id == an_assistant().id


@pytest.mark.usefixtures("number")
def test_a_number_is_not_called_active_while_the_carrier_is_being_asked(
    app: App, books: Books
) -> None:
    seen = []
    books.meanwhile = lambda: seen.append(held(app, NUMBER).status)
    change(app, voice_webhook_url=THEIRS)
    books.meanwhile = lambda: seen.append(held(app, NUMBER).status)
    change(app, voice_webhook_url=OURS)

    assert seen == [NumberStatus.INACTIVE, NumberStatus.INACTIVE]


@pytest.mark.usefixtures("number")
@pytest.mark.parametrize("error", [NotConfigurable("no"), CarrierPermissionDenied("no")])
def test_a_refusal_leaves_the_number_as_it_was(app: App, books: Books, error: Exception) -> None:
    books.failures["set_voice_url"] = [error]

    with pytest.raises(type(error)):
        change(app, voice_webhook_url=THEIRS)

    assert held(app, NUMBER).status is NumberStatus.ACTIVE


@pytest.mark.usefixtures("number")
def test_a_change_without_an_answer_is_no_success_and_may_be_repeated(
    app: App, books: Books
) -> None:
    books.vanished["set_voice_url"] = [LOST]

    with pytest.raises(CarrierUnavailable, match="safe to repeat"):
        change(app, voice_webhook_url=THEIRS)

    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert change(app, voice_webhook_url=THEIRS) == {"voice": THEIRS}


@pytest.mark.usefixtures("number")
def test_messages_are_switched_off_and_on(app: App, books: Books) -> None:
    assert change(app, disable_sms=True) == {"sms": "disabled (empty URL)"}
    assert books.held[NUMBER].sms_url is None

    assert change(app, enable_sms=True) == {"sms": "enabled (ours)"}
    assert held(app, NUMBER).status is NumberStatus.ACTIVE


def test_messages_need_an_assistant_that_takes_them(app: App, books: Books) -> None:
    app.store.put_assistant(an_assistant())
    hold(app)
    with pytest.raises(InvalidRequest, match="'Front desk' does not have sms_webhook_url"):
        change(app, enable_sms=True)
    hold(app, phone_number="+14155550101", assistant=None)
    with pytest.raises(InvalidRequest, match=r"is not assigned to any assistant\. Assign it to an"):
        change(app, phone_number="+14155550101", enable_sms=True)

    assert books.requests == []


@pytest.mark.usefixtures("number")
def test_when_messages_fail_after_voice_the_error_says_what_was_done(
    app: App, books: Books
) -> None:
    books.failures["set_sms"] = [CarrierPermissionDenied("fake forbids it.")]

    with pytest.raises(CarrierPermissionDenied, match=r"voice webhook of .* was updated, its"):
        change(app, voice_webhook_url=THEIRS, disable_sms=True)

    assert held(app, NUMBER).status is NumberStatus.INACTIVE
    assert change(app, voice_webhook_url=THEIRS, disable_sms=True).keys() == {"voice", "sms"}


@pytest.mark.usefixtures("number")
def test_a_number_released_meanwhile_stays_gone(app: App, books: Books) -> None:
    def release() -> None:
        app.store.transact(delete(number_key(NUMBER), "attribute_exists(pk)"))

    books.meanwhile = release
    change(app, disable_sms=True)
    assert app.store.number(NUMBER) is None
    hold(app)
    books.meanwhile = release
    with pytest.raises(NumberNotFound, match="released meanwhile"):
        change(app, voice_webhook_url=OURS)
    assert app.store.number(NUMBER) is None


@pytest.mark.usefixtures("number")
def test_an_organization_that_is_not_connected_is_told(app: App) -> None:
    hold(app, phone_number="+14155550102", organization_id=OTHER_ORGANIZATION)

    with pytest.raises(CarrierNotConnected):
        carrier_settings.webhooks(app, OTHER_ORGANIZATION, "+14155550102")


@pytest.mark.usefixtures("number")
def test_a_change_in_between_is_kept(app: App, books: Books) -> None:
    def rename() -> None:
        now = held(app, NUMBER)
        app.store.change_numbers([NumberChange(now, replace(now, friendly_name="New"))])

    books.meanwhile = rename
    change(app, voice_webhook_url=THEIRS)

    assert held(app, NUMBER).friendly_name == "New"
    assert held(app, NUMBER).status is NumberStatus.INACTIVE
