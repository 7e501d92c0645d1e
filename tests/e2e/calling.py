"""What the end-to-end tests of outbound calls share: limits, far ends, and reading the table."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import httpx

from local import demo
from local.outbound import place, transcript_of
from sandbox import inventory
from switchboard.model import Limits
from switchboard.store import Store
from tests.e2e.conftest import LocalStack

Json = dict[str, Any]
_LIMIT_S = 60.0

# As much as any test needs: the limits have tests of their own.
WIDE = Limits(
    fuse_calls=100_000,
    fuse_calls_abroad=100_000,
    fuse_spend_cents=1_000_000,
    concurrent_calls=1_000,
    calls_per_second=1_000,
    calls_per_day=100_000,
    daily_spend_cents=100_000_000,
)


def eventually(look: Callable[[], Any]) -> Any:
    """Return what is found as soon as something is; what there is after a minute."""
    until = time.monotonic() + _LIMIT_S
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.5)
    return found


def dynamodb(local_stack: LocalStack) -> Any:
    """Return a client of the stack's DynamoDB."""
    aws = local_stack.workspace.aws_env()
    return boto3.client(
        "dynamodb",
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name=aws["AWS_DEFAULT_REGION"],
        aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
    )


def store(local_stack: LocalStack) -> Store:
    """Return the stack's table, read past the API."""
    return Store(dynamodb(local_stack), local_stack.env["TABLE_NAME"])


@contextmanager
def limits(local_stack: LocalStack, wanted: Limits) -> Iterator[None]:
    """Give the stack's organization other limits for a while."""
    table = store(local_stack)
    organization = table.organization(int(local_stack.env["ORGANIZATION_ID"]))
    assert organization
    table.add_organization(replace(organization, limits=wanted))
    try:
        yield
    finally:
        table.add_organization(organization)


def bought(local_stack: LocalStack, carrier: str) -> str:
    """Buy a number for the demo assistant and return it."""
    number = fresh_number()
    reply = demo.buy(local_stack.http, local_stack.env, carrier, number)
    assert reply.status_code == 200, reply.text
    return number


def called(local_stack: LocalStack, number: str, to: str, **more: Any) -> tuple[Json, Json]:
    """Place a call and wait for its end; return its transcript, and the call as the API shows."""
    placed = place(local_stack.http, local_stack.env, number, to, **more)
    assert placed.status_code == 200, placed.text
    transcript = transcript_of(local_stack.http, local_stack.env, placed)
    return transcript, shown(local_stack, placed.json()["call_id"])


def shown(local_stack: LocalStack, call_id: int) -> Json:
    """Return a call as the API shows it."""
    reply = local_stack.http.get(
        f"{local_stack.url}/api/v1/calls/{call_id}", headers=demo.bearer(local_stack.env)
    )
    call: Json = reply.raise_for_status().json()
    return call


@contextmanager
def far_end(local_stack: LocalStack, number: str, behaviour: str, **more: Any) -> Iterator[None]:
    """Decide for a while who is at the other end."""
    sandbox = local_stack.env["SANDBOX_URL"]
    wanted = {"number": number, "behaviour": behaviour} | more
    local_stack.http.post(f"{sandbox}/_/far-ends", json=wanted).raise_for_status()
    try:
        yield
    finally:
        local_stack.http.delete(f"{sandbox}/_/far-ends").raise_for_status()


@contextmanager
def setting(local_stack: LocalStack, **wanted: float) -> Iterator[None]:
    """Change figures of the sandbox for a while."""
    settings = f"{local_stack.env['SANDBOX_URL']}/_/settings"
    before = local_stack.http.get(settings).raise_for_status().json()
    local_stack.http.patch(settings, json=wanted).raise_for_status()
    try:
        yield
    finally:
        local_stack.http.patch(settings, json={name: before[name] for name in wanted})


@contextmanager
def fault(local_stack: LocalStack, **wanted: Any) -> Iterator[None]:
    """Let something go wrong at a carrier for a while."""
    faults = f"{local_stack.env['SANDBOX_URL']}/_/faults"
    local_stack.http.post(faults, json=wanted).raise_for_status()
    try:
        yield
    finally:
        local_stack.http.delete(faults).raise_for_status()


def fresh_number() -> str:
    """Return a number that nobody has bought yet, which takes calls and text messages."""
    while True:
        number = f"+1212{random.randint(2_200_000, 9_899_999)}"
        if {"voice", "sms"} <= inventory.offer(number).features:
            return number


def dials(local_stack: LocalStack, number: str) -> list[Json]:
    """Return what the carriers dialled from a number, once they have told all about it."""
    http, sandbox = local_stack.http, local_stack.env["SANDBOX_URL"]
    reply: httpx.Response = http.get(f"{sandbox}/_/dials")
    found = [dial for dial in reply.raise_for_status().json()["dials"] if dial["from"] == number]
    for call in (call for dial in found for call in dial["calls"]):
        http.get(f"{sandbox}/_/calls/{call}", params={"wait": "true"}).raise_for_status()
    return found
