"""What every carrier must do with numbers beside selling them."""

import sys
from dataclasses import replace

import pytest

from switchboard.carriers.stock import HeldNumber, NumberSearch
from switchboard.errors import (
    CarrierUnavailable,
    InvalidCredentials,
    InvalidRequest,
    NotConfigurable,
    NumberNotHeld,
    OutcomeUnknown,
    RateLimited,
)
from switchboard.model import E164, Capabilities, Number, NumberOrder
from tests.builders import a_number
from tests.carriers.conftest import NUMBER, Subject
from tests.carriers.lab import Lab

US = NumberSearch("US", limit=5)
LOST = ["error_after_success", "lost_answer", "timeout"]
# Round trips: by carrier, of a number whose id there is known.
RELEASING = {"twilio": 1, "telnyx": 1, "vonage": 1}
INSPECTING = {"twilio": 1, "telnyx": 3, "vonage": 2}
# The largest page of a list.
PAGE = {"twilio": 1000, "telnyx": 250, "vonage": 100}


def held(subject: Subject) -> HeldNumber:
    """Return our number as the account holds it."""
    found = subject.carrier.find_held(NUMBER)
    assert found is not None
    return found


def numbered(subject: Subject) -> Number:
    """Return our row of the number that the account holds."""
    return a_number(carrier=subject.name, carrier_number_id=held(subject).carrier_number_id)


# --- what is for sale ---


def test_a_search_shows_numbers_that_can_be_bought_as_it_says(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    with lab.requests() as made:
        found = subject.carrier.search(US)

    assert len(made) == 1
    assert len(found) == len({it.phone_number for it in found}) == US.limit
    assert all(it.country_code == "US" and it.capabilities.voice for it in found)
    lab.change_account(subject.account_id, require_search=True)
    with lab.requests() as made:
        subject.carrier.buy(replace(order, phone_number=found[0].phone_number))
    assert len(made) == subject.carrier.features.purchase_requests == len(subject.facts.buying)


def test_a_price_is_a_bare_decimal_or_none_at_all(subject: Subject) -> None:
    for number in subject.carrier.search(US):
        assert (number.setup_cost is not None) == subject.carrier.features.shows_prices
        for price in (number.setup_cost, number.monthly_cost):
            assert price is None or float(price) >= 0


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (replace(US, area_code="212"), lambda it: it.phone_number.startswith("+1212")),
        (replace(US, contains="55"), lambda it: "55" in it.phone_number),
        (replace(US, locality="San Francisco"), lambda it: it.locality == "San Francisco"),
        (replace(US, region="NY"), lambda it: it.region == "NY"),
        (replace(US, number_type="toll_free"), lambda it: it.phone_number[2] == "8"),
        (replace(US, country_code="GB", number_type="mobile"), lambda it: it.country_code == "GB"),
    ],
)
def test_every_filter_is_obeyed(subject: Subject, wanted: NumberSearch, fits: object) -> None:
    if (wanted.locality or wanted.region) and not subject.carrier.features.searches_places:
        with pytest.raises(InvalidRequest, match="no localities"):
            subject.carrier.search(wanted)
        return

    found = subject.carrier.search(wanted)

    assert found
    assert all(fits(it) for it in found)  # type: ignore[operator]


@pytest.mark.parametrize(
    "wanted",
    [
        replace(US, locality="Nowhere"),
        replace(US, area_code="415", region="NY"),
        # The United States have no numbers of their own for mobiles.
        replace(US, number_type="mobile"),
        replace(US, country_code="AQ"),
    ],
)
def test_nothing_is_widened_when_nothing_matches(subject: Subject, wanted: NumberSearch) -> None:
    if (wanted.locality or wanted.region) and not subject.carrier.features.searches_places:
        # Such a filter is not obeyed, and not passed over either.
        with pytest.raises(InvalidRequest):
            subject.carrier.search(wanted)
    else:
        assert subject.carrier.search(wanted) == []


def test_letters_are_the_keys_of_a_telephone(subject: Subject) -> None:
    by_letters = subject.carrier.search(replace(US, contains="kLL"))

    assert by_letters == subject.carrier.search(replace(US, contains="555"))
    assert by_letters


def test_capabilities_are_each_numbers_own(subject: Subject) -> None:
    found = subject.carrier.search(replace(US, limit=50, area_code="415"))

    texting = {it.phone_number[-1] for it in found if it.capabilities.sms}
    silent = {it.phone_number[-1] for it in found if not it.capabilities.sms}
    assert (silent, texting & silent) == ({"3", "8"}, set())
    faxing = {it.phone_number[-1] for it in found if it.capabilities.fax}
    assert faxing == ({"9"} if subject.carrier.features.sells_fax else set())


def test_it_lists_the_countries_in_which_it_sells(subject: Subject, lab: Lab) -> None:
    with lab.requests() as made:
        codes = subject.carrier.countries()

    # Vonage has no list: it is asked for each country that may be on it.
    assert len(made) == (52 if subject.name == "vonage" else 1)
    assert codes == sorted(codes)
    assert {"US", "CA", "GB", "DE"} <= set(codes)
    assert not {"AQ", "KP"} & set(codes)


@pytest.mark.parametrize("operation", ["search", "countries"])
def test_a_look_that_fails_says_that_it_may_be_tried_again(
    subject: Subject, lab: Lab, operation: str
) -> None:
    for fault, kind in {
        "server_error": CarrierUnavailable,
        "lost_answer": CarrierUnavailable,
        "rate_limited": RateLimited,
        "invalid_credentials": InvalidCredentials,
    }.items():
        # Vonage has no list of countries: searches tell of them.
        asked = "search" if subject.name == "vonage" else operation
        lab.fault(subject.name, asked, fault)
        with pytest.raises(kind):
            subject.carrier.search(US) if operation == "search" else subject.carrier.countries()


# --- what is held ---


def test_a_number_that_was_bought_here_points_here(subject: Subject, order: NumberOrder) -> None:
    bought = subject.carrier.buy(order)

    found = held(subject)

    assert found.is_active
    assert (found.points_here, found.points_nowhere) == (True, False)
    assert found.capabilities.voice
    assert bought.carrier_number_id in (None, found.carrier_number_id)


def test_a_number_fresh_from_the_portal_points_nowhere(subject: Subject, lab: Lab) -> None:
    lab.enter(subject.name, NUMBER)

    assert (held(subject).points_here, held(subject).points_nowhere) == (False, True)


def test_only_the_very_number_is_found(subject: Subject, lab: Lab) -> None:
    lab.enter(subject.name, "+14155550101")

    assert subject.carrier.find_held(NUMBER) is None
    assert subject.carrier.inspect(NUMBER) is None


def test_every_page_of_the_account_is_listed(subject: Subject, lab: Lab) -> None:
    entered = lab.enter(subject.name, "+14155551000", 1200)

    with lab.requests() as made:
        found = {it.phone_number for it in subject.carrier.held_numbers()}

    assert found == set(entered)
    assert len(made) == -(-1200 // PAGE[subject.name])


def test_what_came_before_a_page_that_fails_counts(subject: Subject, lab: Lab) -> None:
    lab.enter(subject.name, "+14155551000", 1200)
    pages = subject.carrier.held_numbers()
    first = next(pages)
    lab.fault(subject.name, "list_numbers", "rate_limited")

    seen = [first]
    with pytest.raises(RateLimited):
        seen.extend(pages)

    assert len(seen) == PAGE[subject.name]


def test_a_closer_look_shows_where_calls_and_messages_go(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    subject.carrier.buy(order)

    with lab.requests() as made:
        found = subject.carrier.inspect(NUMBER)

    assert len(made) == INSPECTING[subject.name]
    assert found is not None
    assert found.voice_url == subject.context.webhook_url(subject.facts.webhook_path)
    assert found.configuration["voice_webhook_url"] == found.voice_url
    assert found.configuration["sms_webhook_url"] == found.sms_url
    assert found.sms_url is not None
    assert found.sms_url.startswith(subject.context.public_base_url)
    assert found.diagnosis["phone_number_id"] == found.carrier_number_id
    assert "voice" in found.diagnosis["features"]
    secrets = [
        value for key, value in subject.credentials.items() if key in ("auth_token", "api_key")
    ]
    assert not [it for it in secrets if it in str(found)]


# --- giving back ---


def test_a_number_is_given_back(subject: Subject, lab: Lab, order: NumberOrder) -> None:
    subject.carrier.buy(order)
    number = numbered(subject)

    with lab.requests() as made:
        subject.carrier.release(number)

    assert len(made) == RELEASING[subject.name]
    books = lab.books(subject.name)
    assert books["numbers"] == []
    assert [it["number"] for it in books["releases"]] == [NUMBER]
    subject.carrier.release(number)
    assert len(lab.books(subject.name)["releases"]) == 1


def test_a_number_whose_id_nobody_knows_is_looked_for(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    subject.carrier.buy(order)
    number = a_number(carrier=subject.name, carrier_number_id=None)

    subject.carrier.release(number)
    subject.carrier.release(number)

    assert [it["number"] for it in lab.books(subject.name)["releases"]] == [NUMBER]


def test_a_number_that_was_bought_anew_is_not_the_one_to_give_back(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    subject.carrier.buy(order)
    number = numbered(subject)
    lab.drop(subject.name, NUMBER)
    lab.enter(subject.name, NUMBER)
    if not subject.carrier.features.has_number_ids:
        # Bought anew, it is the same number.
        assert numbered(subject).carrier_number_id == number.carrier_number_id
        return

    subject.carrier.release(number)

    assert [it["number"] for it in lab.books(subject.name)["numbers"]] == [NUMBER]


@pytest.mark.parametrize("fault", LOST)
def test_a_release_without_an_answer_is_unknown_and_safe_to_repeat(
    subject: Subject, lab: Lab, order: NumberOrder, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    subject.carrier.buy(order)
    number = numbered(subject)
    monkeypatch.setattr(sys.modules[f"switchboard.carriers.{subject.name}.api"], "_TIMEOUT_S", 0.5)
    fresh = type(subject.carrier)(subject.credentials, subject.context)
    lab.fault(subject.name, "release", fault, delay_s=1)

    with pytest.raises(OutcomeUnknown, match="safe to repeat"):
        fresh.release(number)

    fresh.release(number)
    assert len(lab.books(subject.name)["releases"]) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("rate_limited", RateLimited), ("invalid_credentials", InvalidCredentials)],
)
def test_a_refused_release_leaves_the_number(
    subject: Subject, lab: Lab, order: NumberOrder, fault: str, kind: type[Exception]
) -> None:
    subject.carrier.buy(order)
    number = numbered(subject)
    lab.fault(subject.name, "release", fault)

    with pytest.raises(kind, match=str(NUMBER).replace("+", r"\+")):
        subject.carrier.release(number)

    assert held(subject).points_here


# --- pointing ---


def test_a_number_of_the_portal_is_made_ours_as_a_bought_one_is(subject: Subject, lab: Lab) -> None:
    lab.enter(subject.name, NUMBER)
    name = {"twilio": "FriendlyName", "telnyx": "customer_reference"}.get(subject.name)
    if name:
        lab.configure(subject.name, NUMBER, **{name: "Front desk"})
    number = numbered(subject)

    with lab.requests() as made:
        subject.carrier.wire(number)

    assert len(made) == subject.carrier.features.wiring_requests
    assert held(subject).points_here
    [row] = lab.books(subject.name)["numbers"]
    subject.facts.is_configured(lab, row, subject.credentials, subject.context)
    subject.carrier.wire(number)
    assert held(subject).points_here


def test_a_voice_only_number_is_wired_all_the_same(subject: Subject, lab: Lab) -> None:
    # At the sandbox, American numbers that end in 3 take no messages.
    voice_only = E164("+14155550103")
    lab.enter(subject.name, voice_only)

    subject.carrier.wire(
        a_number(phone_number=voice_only, carrier=subject.name, carrier_number_id=None)
    )

    found = subject.carrier.find_held(voice_only)
    assert found is not None
    assert found.points_here
    assert found.capabilities == Capabilities(voice=True)


def test_messages_are_switched_off_and_on(subject: Subject, lab: Lab, order: NumberOrder) -> None:
    subject.carrier.buy(order)
    number = numbered(subject)
    before = subject.carrier.inspect(NUMBER)
    assert before is not None
    if not subject.carrier.features.switches_messages:
        # They come with the application, as calls do.
        with pytest.raises(NotConfigurable, match="cannot be switched off"):
            subject.carrier.set_sms(number, enabled=False)
        lab.configure(subject.name, NUMBER, moHttpUrl="https://elsewhere.example")
        assert subject.carrier.set_sms(number, enabled=True) == f"enabled ({before.sms_url})"
        assert subject.carrier.inspect(NUMBER) == before
        return

    off = subject.carrier.set_sms(number, enabled=False)
    between = subject.carrier.inspect(NUMBER)
    on = subject.carrier.set_sms(number, enabled=True)

    assert off == {"twilio": "disabled (demo URL)", "telnyx": "disabled (empty URL)"}[subject.name]
    assert on == f"enabled ({before.sms_url})"
    assert between is not None
    assert between.sms_url in (None, "https://demo.twilio.com/welcome/sms/reply")
    assert between.points_here
    assert subject.carrier.inspect(NUMBER) == before


def test_calls_come_back_to_us(subject: Subject, lab: Lab) -> None:
    lab.enter(subject.name, NUMBER)
    ours = subject.context.webhook_url(subject.facts.webhook_path)

    subject.carrier.set_voice_url(numbered(subject), ours)

    assert held(subject).points_here


def test_calls_are_sent_elsewhere_where_a_number_has_a_url_of_its_own(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    subject.carrier.buy(order)
    elsewhere = "https://pbx.example.com/voice"

    if not subject.carrier.features.takes_any_voice_url:
        with pytest.raises(NotConfigurable, match="only voice_webhook_url"):
            subject.carrier.set_voice_url(numbered(subject), elsewhere)
        assert held(subject).points_here
        return
    subject.carrier.set_voice_url(numbered(subject), elsewhere)

    found = subject.carrier.inspect(NUMBER)
    assert found is not None
    assert (found.voice_url, found.points_here) == (elsewhere, False)


@pytest.mark.parametrize("known", [True, False])
def test_what_the_account_does_not_hold_cannot_be_pointed(
    subject: Subject, lab: Lab, known: bool
) -> None:
    lab.enter(subject.name, NUMBER)
    number = numbered(subject) if known else a_number(carrier_number_id=None)
    lab.drop(subject.name, NUMBER)
    url = subject.context.webhook_url(subject.facts.webhook_path)

    for change in (
        lambda: subject.carrier.wire(number),
        lambda: subject.carrier.set_sms(number, True),
        lambda: subject.carrier.set_voice_url(number, url),
    ):
        with pytest.raises(NumberNotHeld, match="another account"):
            change()


@pytest.mark.parametrize("fault", ["error_after_success", "lost_answer"])
def test_a_change_without_an_answer_says_that_it_may_be_repeated(
    subject: Subject, lab: Lab, fault: str
) -> None:
    lab.enter(subject.name, NUMBER)
    number = numbered(subject)
    lab.fault(subject.name, "update_number", fault)

    with pytest.raises(OutcomeUnknown, match="safe to repeat"):
        subject.carrier.wire(number)

    subject.carrier.wire(number)
    assert held(subject).points_here


# --- caller ids ---


def test_a_caller_id_is_verified_by_a_call(subject: Subject, lab: Lab) -> None:
    if not subject.carrier.features.verifies_caller_ids:
        assert subject.carrier.verified_caller_ids() == []
        assert not subject.carrier.has_verified(NUMBER)
        with pytest.raises(NotConfigurable, match="no verified caller ids"):
            subject.carrier.verify_caller_id(NUMBER, "Front desk")
        return
    begun = subject.carrier.verify_caller_id(NUMBER, "Front desk")

    assert not begun.is_verified
    assert (begun.code is None) == (subject.name == "telnyx")
    assert subject.carrier.verified_caller_ids() == []
    lab.verify(subject.name, NUMBER)
    name = {"twilio": "Front desk", "telnyx": NUMBER}[subject.name]
    assert subject.carrier.verified_caller_ids() == [(NUMBER, name)]
    assert subject.carrier.verify_caller_id(NUMBER, "Front desk").is_verified
    assert subject.carrier.has_verified(NUMBER)
