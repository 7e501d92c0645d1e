"""A call's two secrets: read together, kept for minutes, and old ones rather than none."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from switchboard.errors import CarrierNotConnected, ServiceUnavailable
from switchboard.secrets import Secrets
from tests.clock import Clock

STORED = {"sw/7/twilio": '{"auth_token": "t"}', "arn:session-key": "k" * 64}


class SecretStore:
    """Secrets Manager, which remembers what it was asked."""

    class exceptions:
        """What boto3's client has."""

        class ResourceNotFoundException(Exception):
            """There is no such secret."""

    def __init__(self) -> None:
        self.stored = dict(STORED)
        self.asked: list[str] = []
        self.fails: dict[str, Exception] = {}

    def batch_get_secret_value(self, **request: Any) -> dict[str, Any]:
        """Return those that there are."""
        self._ask("batch")
        found = [name for name in request["SecretIdList"] if name in self.stored]
        return {
            "SecretValues": [
                {"ARN": name, "Name": name, "SecretString": self.stored[name]} for name in found
            ]
        }

    def get_secret_value(self, **request: Any) -> dict[str, str]:
        """Return one."""
        self._ask("one")
        if request["SecretId"] not in self.stored:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.stored[request["SecretId"]]}

    def _ask(self, how: str) -> None:
        self.asked.append(how)
        if how in self.fails:
            raise self.fails[how]


@pytest.fixture
def aws() -> SecretStore:
    """Secrets Manager with what a call needs."""
    return SecretStore()


@pytest.fixture
def secrets(aws: SecretStore, clock: Clock) -> Secrets:
    """A cold container's secrets."""
    client: Any = aws
    return Secrets(client, "sw", "arn:session-key", clock)


@pytest.fixture
def answer(secrets: Secrets) -> Callable[[], tuple[object, str]]:
    """What a webhook reads on its way to an answer."""

    def read() -> tuple[object, str]:
        secrets.read_for_call(7, "twilio")
        return secrets.carrier(7, "twilio"), secrets.session_key()

    return read


READ = ({"auth_token": "t"}, "k" * 64)
AWAY = ConnectTimeoutError(endpoint_url="https://secretsmanager")
FORBIDDEN = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Batch")


def test_a_cold_call_asks_once_and_the_next_not_at_all(
    answer: Callable[[], object], aws: SecretStore
) -> None:
    assert answer() == READ
    assert answer() == READ
    assert aws.asked == ["batch"]


def test_after_five_minutes_it_asks_once_again(
    answer: Callable[[], object], aws: SecretStore, clock: Clock
) -> None:
    answer()
    clock.advance(minutes=5)
    aws.stored["sw/7/twilio"] = '{"auth_token": "new"}'

    assert answer() == ({"auth_token": "new"}, "k" * 64)
    assert aws.asked == ["batch", "batch"]


def test_an_unknown_organization_is_not_connected(
    answer: Callable[[], object], aws: SecretStore
) -> None:
    del aws.stored["sw/7/twilio"]

    with pytest.raises(CarrierNotConnected, match="carriers connect twilio"):
        answer()


def test_what_may_not_be_read_at_once_is_read_one_by_one(
    answer: Callable[[], object], aws: SecretStore
) -> None:
    aws.fails["batch"] = FORBIDDEN

    assert answer() == READ
    assert aws.asked == ["batch", "one", "one"]


def test_a_store_that_is_away_is_waited_for_once(
    answer: Callable[[], object], aws: SecretStore
) -> None:
    aws.fails = {"batch": AWAY, "one": AWAY}

    with pytest.raises(ServiceUnavailable):
        answer()
    assert aws.asked == ["batch"]


def test_old_secrets_answer_the_phone_while_the_store_is_away(
    answer: Callable[[], object], aws: SecretStore, clock: Clock
) -> None:
    answer()
    clock.advance(minutes=6)
    aws.fails = {"batch": AWAY, "one": AWAY}

    assert answer() == READ
    clock.advance(seconds=9)
    assert answer() == READ
    # Those who ring meanwhile do not wait for it too.
    assert aws.asked == ["batch", "batch"]
    clock.advance(seconds=1)
    aws.fails = {}
    assert answer() == READ
    assert aws.asked == ["batch", "batch", "batch"]
