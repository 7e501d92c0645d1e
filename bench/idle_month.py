"""What a deployment costs in a month in which nothing happens, from the template itself.

AWS's public prices in us-east-1, on demand: https://aws.amazon.com/pricing/. What AWS gives each
account for ever is deducted: a million requests of SQS and of Lambda, 400,000 GB-seconds, ten
alarms. `idle_month.beyond_free` is what it costs who has used that up elsewhere.
"""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from bench.figures import Figure
from bench.runtime import ROOT

_BUDGET_USD = 1
_MINUTES = 43_800
_MILLION = 1_000_000

_SECRET_USD = 0.40
# The first carrier account, without which nothing can be done; each further one is as much.
_ACCOUNTS = 1
_KEY_USD = 1.00
# Lambda asks an empty queue with five long polls of 20 s each.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
_POLLS_A_MINUTE = 5 * 3
_POLL_USD, _FREE_POLLS = 0.40 / _MILLION, _MILLION
_START_USD, _FREE_STARTS = 0.20 / _MILLION, _MILLION
_GB_SECOND_USD, _FREE_GB_SECONDS = 0.0000166667, 400_000
# A sweep that finds nothing, measured by `lambda.*.warm_p50` and rounded up; it asks two or three
# partitions of the index, half a read unit each.
_SWEEP_S, _QUERIES, _QUERY_USD = 0.03, 2.5, 0.5 * 0.125 / _MILLION
_ALARM_USD, _FREE_ALARMS = 0.10, 10
_STORED_USD = 0.01

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_IN_MINUTES = {"minute": 1, "hour": 60, "day": 1440}

type Json = dict[str, Any]


@dataclass(frozen=True)
class Idle:
    """What of a template costs money while nothing happens."""

    secrets: int
    polled_queues: int
    sweeps: float
    """In a month."""
    sweeps_gb_s: float
    alarms: int


def measure() -> Iterator[Figure]:
    """Yield the parts, and the sum for each stage of samconfig.toml that is deployed to AWS."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    idle = read(template)
    free, paid = _parts(idle, free=1), _parts(idle, free=0)
    for name, usd in free.items():
        yield Figure(f"idle_month.{name}", usd, "USD")
    yield Figure("idle_month.beyond_free", sum(paid.values()), "USD")
    # One's own key is a choice with its own price; AWS asks as much for it as for all the rest.
    for stage, budget in (("dev", _BUDGET_USD), ("prod", None)):
        usd = sum(free.values()) + _key_usd(template, stage)
        yield Figure(f"idle_month.{stage}", usd, "USD", budget)


def read(template: Json) -> Idle:
    """Count what of a template costs money while nothing happens."""
    memory = template["Globals"]["Function"]["MemorySize"]
    queues = 0
    sweeps = gb_s = 0.0
    for function in _of_type(template, "AWS::Serverless::Function"):
        for event in function.get("Events", {}).values():
            queues += event["Type"] == "SQS"
            if event["Type"] == "Schedule" and "State" not in event["Properties"]:
                times = _MINUTES / _minutes(event["Properties"]["Schedule"])
                sweeps += times
                gb_s += times * _SWEEP_S * function.get("MemorySize", memory) / 1024
    secrets = len(_of_type(template, "AWS::SecretsManager::Secret")) + _ACCOUNTS
    alarms = len(_of_type(template, "AWS::CloudWatch::Alarm"))
    return Idle(secrets, queues, sweeps, gb_s, alarms)


def _parts(idle: Idle, free: int) -> dict[str, float]:
    polls = idle.polled_queues * _POLLS_A_MINUTE * _MINUTES
    return {
        "secrets": idle.secrets * _SECRET_USD,
        "queues": _over(polls, free * _FREE_POLLS) * _POLL_USD,
        "sweeps": _over(idle.sweeps, free * _FREE_STARTS) * _START_USD
        + _over(idle.sweeps_gb_s, free * _FREE_GB_SECONDS) * _GB_SECOND_USD
        + idle.sweeps * _QUERIES * _QUERY_USD,
        "alarms": _over(idle.alarms, free * _FREE_ALARMS) * _ALARM_USD,
        "storage": _STORED_USD,
    }


def _over(used: float, free: float) -> float:
    return max(0.0, used - free)


def _key_usd(template: Json, stage: str) -> float:
    chosen = template["Parameters"]["TableEncryption"]["Default"]
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for override in settings[stage]["deploy"]["parameters"]["parameter_overrides"]:
        name, _, value = shlex.split(override)[0].partition("=")
        chosen = value if name == "TableEncryption" else chosen
    return _KEY_USD if chosen == "customer-key" else 0.0


def _minutes(schedule: str) -> int:
    found = _RATE.fullmatch(schedule)
    if found is None:
        raise ValueError(f"How often is {schedule}?")
    return int(found[1]) * _IN_MINUTES[found[2]]


def _of_type(template: Json, kind: str) -> list[Json]:
    found = (it for it in template["Resources"].values() if it["Type"] == kind)
    return [it.get("Properties", {}) for it in found]
