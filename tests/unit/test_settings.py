"""What a deployment must be told, and what it may learn later."""

import pytest

from switchboard.errors import ConfigError
from switchboard.settings import Settings

ENV = {
    "TABLE_NAME": "t",
    "STAGE": "test",
    "PUBLIC_BASE_URL": "https://hooks.example.com/v1/",
    "SECRETS_PREFIX": "switchboard/test",
    "SESSION_KEY_SECRET": "key",
    "TWILIO_API_URL": "https://api.twilio.com/",
}


def test_addresses_lose_the_slash_at_their_end() -> None:
    settings = Settings.from_env(ENV)

    assert settings.public_base_url == "https://hooks.example.com/v1"
    assert settings.url_for_carriers() == "https://hooks.example.com/v1"
    assert settings.carrier_api_url("twilio") == "https://api.twilio.com"


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigError, match="variables: STAGE, PUBLIC_BASE_URL, SECRETS_PREFIX, "):
        Settings.from_env({"TABLE_NAME": "t", "STAGE": ""})


def test_a_carrier_without_an_address_is_named() -> None:
    with pytest.raises(ConfigError, match="Set the environment variable TELNYX_API_URL"):
        Settings.from_env(ENV).carrier_api_url("telnyx")


def test_the_public_address_may_be_learned_later_but_carriers_get_none_until_then() -> None:
    settings = Settings.from_env(ENV | {"PUBLIC_BASE_URL": ""})

    with pytest.raises(ConfigError, match="Deploy again with the parameter PublicBaseUrl"):
        settings.url_for_carriers()


def test_what_may_be_left_out_has_the_defaults_of_the_template() -> None:
    told = Settings.from_env(ENV | {"REQUESTS_PER_MINUTE": "60", "ANSWER_WITHIN": "2"})

    assert (told.requests_per_minute, told.answer_within_s) == (60, 2.0)
    left_out = Settings.from_env(ENV)
    assert (left_out.requests_per_minute, left_out.answer_within_s) == (1200, 3.0)
