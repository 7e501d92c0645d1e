"""Builds the App of a container: the only place that reads the environment and opens clients."""

import json
import os
import time
from datetime import UTC, datetime
from functools import cache, partial

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from . import ids
from .app import App
from .connections import Connections
from .errors import ServiceUnavailable
from .secrets import Secrets
from .settings import Settings
from .store import Store

# botocore puts its own name together from twenty parts, twice for each request.
_NAME = "Switchboard"
# A caller is listening: rather the fallback after some seconds than the best answer too late.
AWS = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent=_NAME,
)
# The API's door has 5 s for all it asks, and API Gateway says "internal error" after that.
DOOR = Config(
    connect_timeout=0.5,
    read_timeout=0.75,
    retries={"mode": "standard", "total_max_attempts": 2},
    user_agent=_NAME,
)
# What a container asks the table is made by the store alone, in forms that the tests' clients
# check: to check each attribute again took a seventh of a call. The CLI, which reads files, does.
UNCHECKED = Config(parameter_validation=False)
# Who asks a carrier says how long it may take; what forgets to, does not wait for ever.
HTTP = urllib3.Timeout(connect=3, read=12)


@cache
def app() -> App:
    """Return the container's App, made on first use."""
    return build(Settings.from_env(os.environ), AWS.merge(UNCHECKED))


@cache
def door() -> App:
    """Return the App of the authorizer's container, made on first use."""
    return build(Settings.from_env(os.environ), DOOR.merge(UNCHECKED))


def build(settings: Settings, patience: Config = AWS) -> App:
    """Make an App that talks to AWS as the environment says, to the table with this patience."""

    def clock() -> datetime:
        return datetime.now(UTC)

    return App(
        settings=settings,
        store=Store(boto3.client("dynamodb", config=patience), settings.table_name, clock),
        secrets=Secrets(
            boto3.client("secretsmanager", config=AWS),
            settings.secrets_prefix,
            settings.session_key_secret,
            clock,
        ),
        http=Connections(timeout=HTTP),
        clock=clock,
        sleep=time.sleep,
        new_id=lambda: ids.new_id(clock()),
        fail_over=partial(invoke, settings.fail_over_function, "call_id"),
    )


def invoke(function: str, name: str, value: int) -> None:
    """Let a function begin with `{name: value}`; nobody waits for its end.

    AWS repeats it twice if it fails. Raises ServiceUnavailable when AWS does not take it.
    """
    try:
        # Made here: next to no container ever needs it.
        boto3.client("lambda", config=AWS).invoke(
            FunctionName=function,
            InvocationType="Event",
            Payload=json.dumps({name: value}).encode(),
        )
    except (ClientError, ConnectionError, HTTPClientError) as error:
        # What brought us here, a carrier's event or the table's stream, comes again.
        raise ServiceUnavailable(
            f"The function {function} could not be begun with {name} {value}. Send this again."
        ) from error
