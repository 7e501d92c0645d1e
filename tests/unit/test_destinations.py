"""Where a call may go and what it may cost: real numbers of many countries."""

import subprocess
import sys
from dataclasses import replace

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from switchboard import rates
from switchboard.destinations import (
    Destination,
    DestinationKind,
    check_destination,
    classify,
    estimated_cents,
)
from switchboard.errors import DestinationNotAllowed, LimitExceeded
from switchboard.model import E164, Limits

NORMAL = DestinationKind.FIXED_OR_MOBILE
TOLL_FREE = DestinationKind.TOLL_FREE
PREMIUM = DestinationKind.PREMIUM_RATE
SATELLITE = DestinationKind.SATELLITE

PLACED = {
    "+14155550100": ("US", NORMAL),
    "+16135550142": ("CA", NORMAL),
    "+18765551234": ("JM", NORMAL),
    "+17875551234": ("PR", NORMAL),
    "+442079460958": ("GB", NORMAL),
    "+447400123456": ("GB", NORMAL),
    "+447911123456": ("GG", NORMAL),
    "+447624123456": ("IM", NORMAL),
    "+4930123456": ("DE", NORMAL),
    "+33123456789": ("FR", NORMAL),
    "+390612345678": ("IT", NORMAL),
    "+390669812345": ("VA", NORMAL),
    "+74951234567": ("RU", NORMAL),
    "+77012345678": ("KZ", NORMAL),
    "+5511912345678": ("BR", NORMAL),
    "+525512345678": ("MX", NORMAL),
    "+819012345678": ("JP", NORMAL),
    "+815012345678": ("JP", DestinationKind.VOIP),
    "+18005550199": ("US", TOLL_FREE),
    "+44800123456": ("GB", TOLL_FREE),
    "+19005550123": ("US", PREMIUM),
    "+449098791234": ("GB", PREMIUM),
    "+499001234567": ("DE", PREMIUM),
    "+33899123456": ("FR", PREMIUM),
    "+41900123456": ("CH", PREMIUM),
    "+61190212345": (None, DestinationKind.UNKNOWN),
    "+447012345678": ("GB", DestinationKind.PERSONAL),
    "+15005550006": ("US", DestinationKind.PERSONAL),
    "+443001234567": ("GB", DestinationKind.UAN),
    "+611300123456": ("AU", DestinationKind.SHARED_COST),
    "+447640123456": ("GB", DestinationKind.PAGER),
    "+870773123456": (None, SATELLITE),
    "+881612345678": (None, SATELLITE),
    "+8821612345678": (None, SATELLITE),
    "+88213123456": (None, SATELLITE),
    "+883510012345": (None, SATELLITE),
    "+80012345678": (None, TOLL_FREE),
    "+80812345678": (None, DestinationKind.SHARED_COST),
    "+979123456789": (None, PREMIUM),
    "+15551234567": (None, DestinationKind.UNKNOWN),
    "+12425551234": (None, DestinationKind.UNKNOWN),
    "+999123456789": (None, DestinationKind.UNKNOWN),
    "+44909879123": (None, DestinationKind.UNKNOWN),
}

UNWRITTEN = [
    "",
    "+",
    "911",
    "4155550100",
    "+1-415-555-0100",
    "+1415555٠100",
    "+1800FLOWERS",
    "+14155550100;ext=5",
    "+4402079460958",
    "tel:+14155550100",
]

EVERYTHING = Limits(
    allowed_countries=tuple(sorted(phonenumbers.SUPPORTED_REGIONS)),
    premium_rate=True,
    satellite=True,
)

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
DIGITS = st.text("0123456789", min_size=1, max_size=15).map(lambda it: E164(f"+{it}"))
REAL = st.sampled_from(sorted(PLACED)).map(E164)


def example_of(country: str) -> E164:
    number = phonenumbers.example_number(country)
    assert number is not None
    return E164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@pytest.mark.parametrize(("number", "expected"), PLACED.items())
def test_a_number_is_placed(number: str, expected: tuple[str | None, DestinationKind]) -> None:
    assert classify(E164(number)) == Destination(*expected)


@pytest.mark.parametrize("number", UNWRITTEN)
def test_only_the_number_that_would_be_dialled_is_judged(number: str) -> None:
    assert classify(E164(number)) == Destination(None, DestinationKind.UNKNOWN)
    with pytest.raises(DestinationNotAllowed):
        check_destination(E164(number), EVERYTHING)


def test_every_countrys_example_number_is_placed_in_it() -> None:
    elsewhere = {
        country for country in COUNTRIES if classify(example_of(country)).country != country
    }

    # Saint Martin shares the very numbers of Saint Barthélemy, Western Sahara those of Morocco.
    assert elsewhere <= {"MF", "BL", "GP", "EH", "MA", "SJ", "NO"}


@pytest.mark.parametrize("country", COUNTRIES)
def test_no_countrys_premium_numbers_can_be_called_by_default(country: str) -> None:
    dear = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.PREMIUM_RATE)
    if dear is None:
        return
    number = phonenumbers.format_number(dear, phonenumbers.PhoneNumberFormat.E164)
    with pytest.raises(DestinationNotAllowed):
        check_destination(E164(number), replace(EVERYTHING, premium_rate=False))


@pytest.mark.parametrize("number", ["+14155550100", "+16135550142", "+18005550199"])
def test_the_united_states_and_canada_can_be_called_by_default(number: str) -> None:
    check_destination(E164(number), Limits())


@pytest.mark.parametrize(
    ("number", "changes", "words"),
    [
        ("+442079460958", {}, "allowed_countries is US, CA: +4420…58 is in GB. Add GB"),
        ("+18765551234", {}, "allowed_countries is US, CA: +1876…34 is in JM. Add JM"),
        ("+447624123456", {"allowed_countries": ("GB",)}, "is GB: +4476…56 is in IM."),
        ("+14155550100", {"allowed_countries": ()}, "allowed_countries is empty: "),
        ("+14155550100", {"allowed_countries": ("us",)}, "is us: +1415…00 is in US."),
        ("+44800123456", {}, "is in GB"),
        ("+80012345678", {}, "belongs to no country"),
        ("+19005550123", {}, "premium_rate is false: +1900…23 is a premium-rate number."),
        ("+499001234567", {"premium_rate": True}, "is in DE"),
        ("+447012345678", {"allowed_countries": ("GB",)}, "premium_rate is false"),
        ("+611300123456", {"allowed_countries": ("AU",)}, "is a shared-cost number"),
        ("+979123456789", {"premium_rate": True}, "belongs to no country"),
        ("+870773123456", {}, "satellite is false: "),
        ("+881612345678", {"premium_rate": True}, "satellite is false: "),
        ("+15551234567", {}, "no country's numbering plan"),
    ],
)
def test_a_refusal_names_the_limit_its_value_and_the_remedy(
    number: str, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(DestinationNotAllowed) as refused:
        check_destination(E164(number), replace(Limits(), **changes))

    assert words in str(refused.value)
    assert number not in str(refused.value)
    assert (refused.value.status, refused.value.code) == (403, "destination_not_allowed")


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("+442079460958", {"allowed_countries": ("US", "GB")}),
        ("+44800123456", {"allowed_countries": ("GB",)}),
        ("+443001234567", {"allowed_countries": ("GB",)}),
        ("+815012345678", {"allowed_countries": ("JP",)}),
        ("+18005550199", {"allowed_countries": ("CA",)}),
        ("+19005550123", {"premium_rate": True}),
        ("+499001234567", {"premium_rate": True, "allowed_countries": ("DE",)}),
        ("+870773123456", {"satellite": True, "allowed_countries": ()}),
    ],
)
def test_what_the_limits_allow_can_be_called(number: str, changes: dict[str, object]) -> None:
    check_destination(E164(number), replace(Limits(), **changes))


@given(
    number=DIGITS | REAL | st.text(max_size=30).map(E164),
    limits=st.sampled_from([Limits(), EVERYTHING]),
)
@example(number=E164("+" + "9" * 1000), limits=EVERYTHING)
def test_a_check_allows_or_refuses_and_does_nothing_else(number: E164, limits: Limits) -> None:
    try:
        check_destination(number, limits)
    except DestinationNotAllowed:
        return
    assert classify(number).kind is not DestinationKind.UNKNOWN


@pytest.mark.parametrize(
    ("number", "seconds", "cents"),
    [
        ("+14155550100", -5, 0),
        ("+14155550100", 0, 0),
        ("+14155550100", 1, 2),
        ("+14155550100", 60, 2),
        ("+14155550100", 61, 3),
        ("+14155550100", 600, 14),
        ("+19072345678", 60, 9),
        ("+447400123456", 60, 4),
        ("+447012345678", 60, 60),
        ("+33899123456", 60, 600),
        ("+8821612345678", 60, 2500),
        ("+5352345678", 60, 100),
    ],
)
def test_a_call_is_estimated_by_started_minute(number: str, seconds: int, cents: int) -> None:
    assert estimated_cents(E164(number), seconds) == cents


@given(number=DIGITS | REAL, seconds=st.integers(-10, 20_000), more=st.integers(0, 20_000))
def test_a_longer_call_is_never_estimated_lower(number: E164, seconds: int, more: int) -> None:
    assert 0 <= estimated_cents(number, seconds) <= estimated_cents(number, seconds + more)


def test_the_rate_table_speaks_of_countries_and_kinds_that_exist() -> None:
    assert set(rates.BY_COUNTRY) <= phonenumbers.SUPPORTED_REGIONS
    assert set(rates.BY_KIND) <= set(DestinationKind)
    assert all(len(prefix) == 5 for prefix in rates.BY_PREFIX)
    assert max(rates.BY_COUNTRY.values()) <= rates.UNLISTED


def test_a_limit_that_is_reached_says_which_and_when_to_come_back() -> None:
    error = LimitExceeded("calls_per_second", 1, retry_after=2)

    assert (error.status, error.code) == (429, "limit_exceeded")
    assert (error.limit, error.value, error.retry_after) == ("calls_per_second", 1, 2)
    assert str(error).startswith("calls_per_second is 1, ")
    assert "Try again in 2 s" in str(error)


def test_a_function_that_answers_calls_can_load_the_rules_without_the_numbering_plans() -> None:
    code = "import sys, switchboard.destinations; sys.exit('phonenumbers' in sys.modules)"
    path = ";".join(("import sys", f"sys.path[:0] = {sys.path!r}", code))
    assert subprocess.run([sys.executable, "-c", path], check=False).returncode == 0
