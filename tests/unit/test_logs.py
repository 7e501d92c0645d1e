"""Log lines give nothing away, and nobody but us begins one."""

import json
import logging
import time

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from switchboard.logs import line
from switchboard.model import without_numbers
from tests.logbook import Logbook

GIVEN_AWAY = [
    "to +14155550100",
    "PhoneNumber=%2B14155550100&x=1",
    "number 14155550100 not found",
    "burki_0123456789abcdefghijklmnopqrstuv",
    "Authorization: Bearer abcdef0123456789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
    "https://AC1:0123456789abcdef@api.twilio.com/",
]
HARMLESS = [
    "to +1415…00",
    "call 243982480515207",
    "event 1001-9001",
    "2026-11-21T15:55:00+00:00",
    "63f61863-4a51-4f6b-86e1-46edebcf9357",
    "CA00000000000000000000000000000001",
]


def found(text: str) -> list[str]:
    book = Logbook()
    book.look_at(text)
    return book.found


@pytest.mark.parametrize("text", GIVEN_AWAY)
def test_what_is_given_away_is_found(text: str) -> None:
    assert len(found(text)) == 1


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_passes(text: str) -> None:
    assert found(text) == []
    assert without_numbers(text) == text


def test_a_stored_secret_is_found_and_what_is_public_of_it_is_not() -> None:
    book = Logbook()
    book.learn(json.dumps({"account_sid": "AC0123456789ab", "auth_token": "0123456789abcdef"}))
    book.learn("the-key-of-the-sessions")

    for text in ("AC0123456789ab", "the token 0123456789abcdef", "by the-key-of-the-sessions"):
        book.look_at(text)

    assert len(book.found) == 2


def test_the_fields_of_a_record_and_its_exception_are_looked_at_too() -> None:
    for fields, problem in [({"phone_number": "+14155550100"}, None), ({}, "to +14155550100")]:
        book = Logbook()
        error = (RuntimeError, RuntimeError(problem), None) if problem else None
        record = logging.LogRecord("switchboard.x", logging.INFO, "x.py", 1, "said", (), error)
        record.__dict__ |= fields
        book.look_at(LambdaPowertoolsFormatter().format(record))
        assert len(book.found) == 1


@pytest.mark.parametrize("text", [it for it in GIVEN_AWAY if "14155550100 not" not in it])
def test_a_line_is_written_without_it(text: str) -> None:
    written = line({"message": "failed", "exception": f"ValueError: {text}"})

    assert found(written) == []
    assert json.loads(written)["message"] == "failed"


def test_a_number_without_its_plus_is_shortened_in_what_we_say() -> None:
    assert without_numbers("Phone number with ID 14155550100 not found.") == (
        "Phone number with ID 14155…00 not found."
    )


def test_nobody_else_begins_a_line() -> None:
    written = line({"route": 'x\n{"level":"ERROR","message":"forged"}\r\u2028\x85', "at": object()})

    assert len(written.splitlines()) == 1
    assert json.loads(written)["route"].startswith("x\n")


@pytest.mark.parametrize("text", ["eyJ", "+1", "Bearer ", "A", "://a", "-----BEGIN ", "burki_"])
def test_a_line_is_written_soon_whatever_is_in_it(text: str) -> None:
    began = time.process_time()

    line({"message": text * (200_000 // len(text))})

    assert time.process_time() - began < 2
