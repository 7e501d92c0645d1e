"""Every difference between the table and each carrier's account, found and mended.

The sandbox's books are the judge: at most one number and one call for each intent.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from switchboard import accounts, calls
from switchboard.app import App
from switchboard.carriers import CARRIERS, carrier_class, voice_class
from switchboard.errors import AccountInUse, OutcomeUnknown
from switchboard.model import E164, CallStatus, Direction, NumberOrder, NumberStatus
from switchboard.numbers import carrier_settings, purchasing, releasing
from switchboard.numbers.carrier_settings import WebhookChanges
from switchboard.reconciling import running
from switchboard.store.calls import call_item
from tests.builders import ORGANIZATION, a_call, a_purchase
from tests.carriers.conftest import NUMBER
from tests.carriers.dialing import CALLEE
from tests.carriers.doctoring import ELSEWHERE, secret, telnyx, vonage
from tests.carriers.lab import Lab
from tests.clock import Clock
from tests.sandbox.servers import Customer, wait_until

ORPHAN = E164("+14155552000")
NOWHERE: dict[str, dict[str, Any]] = {
    "twilio": {"VoiceUrl": ""},
    "telnyx": {"connection_id": None},
    "vonage": {"app_id": None},
}
FAR = timedelta(hours=1)


@pytest.fixture(params=list(CARRIERS))
def name(request: pytest.FixtureRequest) -> str:
    """Return each carrier in turn."""
    return str(request.param)


@pytest.fixture
def deployment(app: App, lab: Lab, us: Customer, name: str) -> App:
    """Return a deployment that is connected to one carrier."""
    settings = replace(
        app.settings, carrier_api_urls={name: f"{lab.url}/{name}"}, public_base_url=us.url
    )
    deployment = replace(
        app,
        settings=settings,
        carrier_class=carrier_class,
        voice_class=voice_class,
        carrier_names=(name,),
    )
    account = lab.default_account(name)
    lab.change_account(account["id"], require_search=False)
    accounts.connect(deployment, ORGANIZATION, name, account["credentials"])
    return deployment


@pytest.fixture
def bought(deployment: App, name: str, lab: Lab) -> E164:
    """Return a number that was bought as ever."""
    order = purchasing.purchase(deployment, ORGANIZATION, a_purchase(provider=name), "key-1").order
    assert order.status.is_final
    return NUMBER


def found(app: App) -> list[tuple[str, str]]:
    return [(it.kind.value, it.target) for it in running.plan(app, ORGANIZATION)]


def mended(app: App) -> list[tuple[str, str, str]]:
    outcomes = running.apply(app, ORGANIZATION)
    return [(it.finding.kind.value, it.problem, it.outcome) for it in outcomes]


def status(app: App) -> NumberStatus | None:
    number = app.store.number(NUMBER)
    return number.status if number else None


def buy_before(app: App, clock: Clock, name: str) -> None:
    """Try to buy the number seven minutes ago."""
    now, clock.now = clock.now, clock.now - timedelta(minutes=7)
    purchasing.purchase(app, ORGANIZATION, a_purchase(provider=name), "key-1")
    clock.now = now


def test_when_all_is_well_there_is_nothing_to_say(
    deployment: App, bought: E164, lab: Lab, name: str, clock: Clock
) -> None:
    clock.advance(minutes=6)  # since when it is judged
    with lab.requests() as made:
        assert found(deployment) == []
        assert mended(deployment) == []

    assert {request.method for request in made} == {"GET"}
    # The list of numbers, and what they share: an application, at Telnyx a messaging profile too.
    assert len(made) == 2 * {"twilio": 1, "telnyx": 3, "vonage": 2}[name]


@pytest.mark.parametrize("fault", ["lost_answer", "error_after_success"])
def test_a_number_that_was_bought_unheard_is_ours(
    deployment: App, lab: Lab, name: str, clock: Clock, fault: str
) -> None:
    lab.fault(name, "buy_number", fault)
    buy_before(deployment, clock, name)
    assert status(deployment) is NumberStatus.PENDING
    assert found(deployment) == [("order", NUMBER)]

    assert mended(deployment) == [("order", "", "the order is active")]

    assert status(deployment) is NumberStatus.ACTIVE
    assert len(lab.books(name)["purchases"]) == 1
    assert found(deployment) == []


def test_a_number_that_was_not_bought_is_free_again(
    deployment: App, lab: Lab, name: str, clock: Clock
) -> None:
    lab.fault(name, "buy_number", "server_error")
    buy_before(deployment, clock, name)
    assert found(deployment) == [("order", NUMBER)]

    assert mended(deployment) == [("order", "", "the order is failed")]

    assert status(deployment) is None
    assert lab.books(name)["purchases"] == []


def test_another_account_is_not_connected_while_a_purchase_or_a_release_is_open(
    deployment: App, lab: Lab, name: str, clock: Clock
) -> None:
    other = lab.new_account(name)["credentials"]
    lab.fault(name, "buy_number", "lost_answer")
    buy_before(deployment, clock, name)

    with lab.requests() as made, pytest.raises(AccountInUse, match="is pending"):
        accounts.connect(deployment, ORGANIZATION, name, other, replaces=True)

    assert {request.method for request in made} <= {"GET"}
    running.sweep(deployment, clock() + FAR)
    assert status(deployment) is NumberStatus.ACTIVE
    lab.fault(name, "release", "server_error")
    releasing.release(deployment, ORGANIZATION, NUMBER)
    with pytest.raises(AccountInUse, match="is releasing"):
        accounts.connect(deployment, ORGANIZATION, name, other, replaces=True)


def test_a_plan_changes_nothing_at_the_carrier(
    deployment: App, lab: Lab, name: str, clock: Clock
) -> None:
    lab.fault(name, "buy_number", "lost_answer")
    buy_before(deployment, clock, name)
    lab.enter(name, ORPHAN)

    with lab.requests() as made:
        assert ("order", NUMBER) in found(deployment)

    assert {request.method for request in made} == {"GET"}


@pytest.mark.parametrize("fault", ["lost_answer", "server_error"])
def test_a_release_without_an_answer_is_finished(
    deployment: App, bought: E164, lab: Lab, name: str, clock: Clock, fault: str
) -> None:
    lab.fault(name, "release", fault)
    now, clock.now = clock.now, clock.now - timedelta(minutes=2)
    assert not releasing.release(deployment, ORGANIZATION, bought).is_certain
    clock.now = now

    assert mended(deployment) == [("release", "", "released")]

    assert status(deployment) is None
    assert lab.books(name)["numbers"] == []
    assert found(deployment) == []


def test_a_number_that_was_bought_anew_past_us_is_not_given_back_by_the_schedule(
    deployment: App, bought: E164, lab: Lab, name: str, clock: Clock
) -> None:
    lab.fault(name, "release", "lost_answer")
    releasing.release(deployment, ORGANIZATION, bought)
    lab.enter(name, bought)
    clock.advance(minutes=10)

    running.sweep(deployment, clock() + FAR)

    assert [it["number"] for it in lab.books(name)["numbers"]] == [bought]
    # Its id tells that the old purchase is gone; without one, only a person can say so.
    has_ids = deployment.carrier_class(name).features.has_number_ids
    assert status(deployment) == (None if has_ids else NumberStatus.RELEASING)


def test_a_release_that_took_effect_unheard_is_settled_by_the_schedule(
    deployment: App, bought: E164, lab: Lab, name: str, clock: Clock
) -> None:
    lab.fault(name, "release", "lost_answer")
    releasing.release(deployment, ORGANIZATION, bought)
    clock.advance(minutes=10)

    running.sweep(deployment, clock() + FAR)

    assert status(deployment) is None


def test_a_release_takes_no_more_requests_for_the_id_that_it_notes(
    deployment: App, bought: E164, lab: Lab, name: str
) -> None:
    lab.fault(name, "release", "lost_answer")

    with lab.requests() as made:
        releasing.release(deployment, ORGANIZATION, bought)

    # Telnyx's orders do not tell the number's id: it is looked up, and then named.
    assert len(made) == (2 if name == "telnyx" else 1)
    number = deployment.store.number(bought)
    assert number
    assert number.carrier_number_id


def test_a_call_that_was_dialled_unheard_is_found_and_ends(
    deployment: App, bought: E164, lab: Lab, name: str, clock: Clock
) -> None:
    wanted = {"number": CALLEE, "behaviour": "busy", "after_s": 0.02}
    lab.control.post("/_/far-ends", json=wanted).raise_for_status()
    call = a_call(
        carrier=name,
        call_sid="",
        direction=Direction.OUTBOUND,
        customer_number=CALLEE,
        status=CallStatus.UNKNOWN,
        created_at=clock() - timedelta(seconds=70),
    )
    deployment.store.put_item(call_item(call))
    lab.fault(name, "dial", "lost_answer")
    voice = deployment.voice(name, ORGANIZATION)
    stream = calls.stream(deployment, call, "wss://media.example.com/stream")
    with pytest.raises(OutcomeUnknown):
        voice.dial(call, stream)
    wait_until(lambda: lab.control.get("/_/calls").json()["calls"][0]["ended_at"])
    assert found(deployment) == [("dial", str(call.id))]

    assert mended(deployment) == [("dial", "", "the call is busy")]

    after = deployment.store.call(call.id)
    assert after
    assert (after.status, bool(after.call_sid)) == (CallStatus.BUSY, True)
    dials = lab.control.get("/_/dials", params={"carrier": name}).json()["dials"]
    assert [it["count"] for it in dials] == [1]


def test_a_call_that_was_never_dialled_is_failed(
    deployment: App, bought: E164, name: str, clock: Clock
) -> None:
    call = a_call(
        carrier=name,
        call_sid="",
        direction=Direction.OUTBOUND,
        status=CallStatus.QUEUED,
        created_at=clock() - timedelta(minutes=7),
    )
    deployment.store.put_item(call_item(call))

    assert mended(deployment) == [("dial", "", "the call is failed")]


def test_a_number_that_points_nowhere_is_pointed_here(
    deployment: App, bought: E164, lab: Lab, name: str, clock: Clock
) -> None:
    lab.configure(name, bought, **NOWHERE[name])
    assert found(deployment) == []  # somebody may just be pointing it
    clock.advance(minutes=6)
    assert found(deployment) == [("elsewhere", bought)]

    running.sweep(deployment, clock() + FAR)

    assert found(deployment) == []
    assert status(deployment) is NumberStatus.ACTIVE


def test_a_number_that_was_given_back_elsewhere_is_not_called_active(
    deployment: App, bought: E164, lab: Lab, name: str, clock: Clock
) -> None:
    lab.drop(name, bought)
    assert found(deployment) == []  # the carrier may show it a little later
    clock.advance(minutes=6)

    assert found(deployment) == [("vanished", bought)]
    running.sweep(deployment, clock() + FAR)

    assert status(deployment) is NumberStatus.INACTIVE


def test_a_number_with_our_mark_and_without_a_row_is_taken_over(
    deployment: App, lab: Lab, name: str, order: NumberOrder
) -> None:
    deployment.carrier(name, ORGANIZATION).buy(order)
    assert found(deployment) == [("unrecorded", NUMBER)]

    assert mended(deployment) == [("unrecorded", "", "taken over as active")]

    assert status(deployment) is NumberStatus.ACTIVE
    assert found(deployment) == []


def test_an_orphan_is_listed_and_never_touched(
    deployment: App, lab: Lab, name: str, clock: Clock
) -> None:
    lab.enter(name, ORPHAN)
    before = lab.books(name)["numbers"]

    [finding] = running.plan(deployment, ORGANIZATION)
    running.sweep(deployment, clock() + FAR)
    mended(deployment)

    assert (finding.kind, finding.target) == ("orphan", ORPHAN)
    assert finding.monthly_price
    shows = deployment.carrier_class(name).features.shows_prices
    assert finding.monthly_price.startswith("about") != shows
    assert lab.books(name)["numbers"] == before
    assert deployment.store.number(ORPHAN) is None


DRIFTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("twilio", f"status_callback is {ELSEWHERE}", {"StatusCallback": ELSEWHERE}),
    ("twilio", f"sms_url is {ELSEWHERE}", {"SmsUrl": ELSEWHERE}),
    ("twilio", f"voice_fallback_url is {ELSEWHERE}", {"VoiceFallbackUrl": ELSEWHERE}),
    ("twilio", "status_callback is empty", {"StatusCallback": ""}),
    ("telnyx", "messaging_profile_id is empty", {"messaging_profile_id": None}),
    ("vonage", f"moHttpUrl is {ELSEWHERE}", {"moHttpUrl": ELSEWHERE}),
)


@pytest.mark.parametrize(("name", "says", "config"), DRIFTS)
def test_each_other_webhook_of_a_number_that_drifted_is_named_and_set_again(
    deployment: App,
    bought: E164,
    lab: Lab,
    name: str,
    clock: Clock,
    says: str,
    config: dict[str, Any],
) -> None:
    lab.configure(name, bought, **config)
    clock.advance(minutes=6)
    [finding] = running.plan(deployment, ORGANIZATION)
    assert (finding.kind, finding.target) == ("drifted", bought)
    assert f"{says}, not " in finding.says

    swept = running.sweep(deployment, clock() + FAR)
    is_empty = "is empty" in says
    assert found(deployment) == ([] if is_empty else [("drifted", bought)])
    assert (swept.problems, status(deployment)) == (0 if is_empty else 1, NumberStatus.ACTIVE)

    assert mended(deployment) == ([] if is_empty else [("drifted", "", "set again")])
    assert found(deployment) == []


@pytest.mark.parametrize("name", ["twilio", "telnyx"])
def test_messages_that_were_switched_off_here_are_no_drift(
    deployment: App, bought: E164, name: str, clock: Clock
) -> None:
    off = WebhookChanges(phone_number=bought, disable_sms=True)
    carrier_settings.update_webhooks(deployment, ORGANIZATION, off)
    clock.advance(minutes=6)

    assert found(deployment) == []


def telnyx_application(**changes: str) -> Callable[[App, Lab], object]:
    path, named = "call_control_applications/{connection_id}", "switchboard-test-1001"
    return lambda app, lab: telnyx(app, lab, "PATCH", path, application_name=named, **changes)


def telnyx_profile(**changes: str) -> Callable[[App, Lab], object]:
    path = "messaging_profiles/{messaging_profile_id}"
    return lambda app, lab: telnyx(app, lab, "PATCH", path, **changes)


def vonage_application(able: str, hook: str) -> Callable[[App, Lab], object]:
    def misdirect(app: App, lab: Lab) -> None:
        path = "/v2/applications/{application_id}"
        known = vonage(app, lab, "GET", path)
        known["capabilities"][able]["webhooks"][hook]["address"] = ELSEWHERE
        vonage(app, lab, "PUT", path, json={it: known[it] for it in ("name", "capabilities")})

    return misdirect


MISDIRECT = [
    ("telnyx", "webhook_event_url", telnyx_application(webhook_event_url=ELSEWHERE)),
    (
        "telnyx",
        "webhook_event_failover_url",
        telnyx_application(webhook_event_failover_url=ELSEWHERE),
    ),
    ("telnyx", "webhook_url", telnyx_profile(webhook_url=ELSEWHERE)),
    ("vonage", "answer_url", vonage_application("voice", "answer_url")),
    ("vonage", "event_url", vonage_application("voice", "event_url")),
    ("vonage", "fallback_answer_url", vonage_application("voice", "fallback_answer_url")),
    ("vonage", "inbound_url", vonage_application("messages", "inbound_url")),
]


@pytest.mark.parametrize(("name", "setting", "misdirect"), MISDIRECT)
def test_what_all_numbers_share_and_points_elsewhere_is_renewed_when_a_person_asks(
    deployment: App,
    bought: E164,
    lab: Lab,
    clock: Clock,
    setting: str,
    misdirect: Callable[[App, Lab], object],
) -> None:
    misdirect(deployment, lab)
    [finding] = running.plan(deployment, ORGANIZATION)
    assert (finding.kind, finding.target) == ("account", "account")
    assert f"{setting} is {ELSEWHERE}, not " in finding.says

    swept = running.sweep(deployment, clock() + FAR)
    assert swept.problems == 1
    assert found(deployment) == [("account", "account")]

    assert mended(deployment) == [("account", "", "its URLs are renewed")]
    assert found(deployment) == []


def test_an_account_that_refuses_our_credentials_is_named_and_nothing_is_changed(
    deployment: App, bought: E164, lab: Lab, name: str, clock: Clock
) -> None:
    wrong = {"auth_token": "f" * 32, "api_key": "KEY" + "F" * 32, "api_secret": "wrong"}
    stored = deployment.secrets.carrier(ORGANIZATION, name)
    secret(deployment, name, **{it: wrong[it] for it in wrong if it in stored})
    clock.advance(hours=1)

    [finding] = running.plan(deployment, ORGANIZATION)
    swept = running.sweep(deployment, clock() + FAR)

    assert finding.kind == "unreadable"
    assert "carriers connect" in finding.says
    assert swept.found == {"unreadable": 1}
    assert status(deployment) is NumberStatus.ACTIVE
