"""The API calls published versions of the webhooks: a change that makes no new one is not served.

Lambda refuses to publish what has not changed, so a deployment fails where there is one too many.
"""

import re
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from tests.template.deployment import Deployment, source

type Json = dict[str, Any]

SOURCE = source()
WEBHOOKS = [it for it in SOURCE["Resources"] if re.fullmatch("CarrierWebhook(?!.*Logs).*", it)]
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-version.html
LONGEST_DESCRIPTION = 256
# For those whose pattern knows more than letters.
OTHERWISE = {
    "PublicBaseUrl": "https://api.example.com",
    "EventUrlsAllowed": "https://sandbox.example.com",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
}


@cache
def _with_defaults() -> Deployment:
    return Deployment(SOURCE)


@pytest.fixture
def before() -> Deployment:
    """Return the template with its defaults."""
    return _with_defaults()


def another(name: str) -> str:
    """Return a value of a parameter that is not its default."""
    described = SOURCE["Parameters"][name]
    default = str(described["Default"])
    if "AllowedValues" in described:
        return next(str(it) for it in described["AllowedValues"] if str(it) != default)
    if described["Type"] == "Number":
        return str(int(default) + 1)
    value = OTHERWISE.get(name, f"{default}x")
    assert re.fullmatch(described.get("AllowedPattern", ".*"), value), f"{name}: see OTHERWISE"
    return value


def longest(name: str) -> str:
    """Return the longest value that a parameter takes; fail where it takes any."""
    described = SOURCE["Parameters"][name]
    if "AllowedValues" in described:
        return max(map(str, described["AllowedValues"]), key=len)
    if "MaxValue" in described:
        return str(described["MaxValue"])
    if "MaxLength" in described:
        return "x" * described["MaxLength"]
    pattern = described.get("AllowedPattern", ".*")
    fitting = [it for it in range(LONGEST_DESCRIPTION + 1) if re.fullmatch(pattern, "x" * it)]
    assert fitting[-1] < LONGEST_DESCRIPTION, f"{name} wants a MaxLength"
    return "x" * fitting[-1]


def version_of(deployment: Deployment, function: str) -> tuple[str, Json]:
    """Return the version that a deployment publishes of a function: its logical id and itself."""
    versions = deployment.of_type("AWS::Lambda::Version").items()
    [found] = [it for it in versions if it[1]["Properties"]["FunctionName"] == {"Ref": function}]
    return found


def published(deployment: Deployment, function: str) -> tuple[str, Any]:
    """Return that by which CloudFormation tells whether to publish anew."""
    logical_id, _ = version_of(deployment, function)
    return logical_id, deployment.properties(logical_id)


def changed(before: Deployment, after: Deployment) -> set[str]:
    """Return the webhooks that are configured otherwise, each of them published anew."""
    configured = {it for it in WEBHOOKS if before.properties(it) != after.properties(it)}
    anew = {it for it in WEBHOOKS if published(before, it) != published(after, it)}
    assert anew == configured
    return configured


@pytest.mark.parametrize("parameter", SOURCE["Parameters"])
def test_a_parameter_publishes_exactly_the_webhooks_that_it_configures(
    before: Deployment, parameter: str
) -> None:
    after = Deployment(SOURCE, **{parameter: another(parameter)})

    changed(before, after)


def test_each_carriers_address_publishes_its_own_webhook(before: Deployment) -> None:
    for carrier in ("Twilio", "Telnyx", "Vonage"):
        after = Deployment(SOURCE, **{f"{carrier}ApiUrl": "https://sandbox.example.com"})
        assert changed(before, after) == {f"CarrierWebhook{carrier}"}


@pytest.mark.parametrize("parameter", ["PublicBaseUrl", "AnswerWithin", "SnapStart"])
def test_what_all_webhooks_are_told_publishes_all(before: Deployment, parameter: str) -> None:
    after = Deployment(SOURCE, **{parameter: another(parameter)})

    assert changed(before, after) == set(WEBHOOKS)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CodeUri", "s3://artifacts/other"),
        ("Timeout", 14),
        ("MemorySize", 1024),
        ("LoggingConfig", {"LogFormat": "JSON"}),
        ("Environment", {"Variables": {"CARRIER": "twilio", "NEW": "x"}}),
    ],
)
def test_another_property_publishes_the_function_anew(
    before: Deployment, key: str, value: Any
) -> None:
    template = deepcopy(SOURCE)
    template["Resources"]["CarrierWebhookTwilio"]["Properties"][key] = value

    assert changed(before, Deployment(template)) == {"CarrierWebhookTwilio"}


def test_another_layer_publishes_all_webhooks(before: Deployment) -> None:
    template = deepcopy(SOURCE)
    template["Resources"]["SharedLayer"]["Properties"]["ContentUri"] = "s3://artifacts/other"

    assert changed(before, Deployment(template)) == set(WEBHOOKS)


@pytest.mark.parametrize("function", WEBHOOKS)
def test_a_description_holds_the_longest_values(function: str) -> None:
    _, version = version_of(Deployment(SOURCE), function)
    text, more = version["Properties"]["Description"]["Fn::Sub"]
    named = set(re.findall(r"\$\{(\w+)\}", text))
    assert more.keys() == {"Layer"}

    values = {name: longest(name) for name in named - {"Layer"}}
    described = Deployment(SOURCE, **values).value({"Fn::Sub": [text, {"Layer": "999999"}]})

    assert "x" * 100 in described
    assert len(described) <= LONGEST_DESCRIPTION


def test_the_api_calls_the_alias_of_the_newest_version(before: Deployment) -> None:
    text = str(before.resources["Api"]["Properties"]["Body"]["paths"])
    permissions = before.of_type("AWS::Lambda::Permission")

    for function in WEBHOOKS:
        alias, (version, _) = f"{function}Aliaslive", version_of(before, function)
        given = before.resources[alias]["Properties"]
        assert given["FunctionVersion"] == {"Fn::GetAtt": [version, "Version"]}
        events = SOURCE["Resources"][function]["Properties"]["Events"]
        routes = [name for name, event in events.items() if event["Type"] == "Api"]
        assert text.count(f"${{{alias}}}/invocations") == len(routes) > 0
        assert f"${{{function}.Arn}}" not in text
        own = [it["Properties"] for name, it in permissions.items() if name.startswith(function)]
        assert [it["FunctionName"] for it in own] == [{"Ref": alias}] * len(events)


def test_snapshots_are_taken_of_the_webhooks_alone_and_only_when_asked_for() -> None:
    parameter = SOURCE["Parameters"]["SnapStart"]
    taken = {}
    for wanted in parameter["AllowedValues"]:
        deployment = Deployment(SOURCE, SnapStart=wanted)
        functions = deployment.of_type("AWS::Lambda::Function")
        found = {name: deployment.properties(name).get("SnapStart") for name in functions}
        taken[wanted] = {name: it["ApplyOn"] for name, it in found.items() if it}

    assert parameter["Default"] == "off"
    assert taken == {
        "on": dict.fromkeys(WEBHOOKS, "PublishedVersions"),
        "off": dict.fromkeys(WEBHOOKS, "None"),
    }
    assert "1.98 USD a month" in parameter["Description"]


@pytest.mark.parametrize(("wanted", "state"), [("on", "ENABLED"), ("off", "DISABLED")])
def test_a_snapshot_is_asked_for_before_lambda_drops_it(wanted: str, state: str) -> None:
    deployment = Deployment(SOURCE, SnapStart=wanted)

    for function in WEBHOOKS:
        rule = f"{function}KeepSnapshot"
        [target] = deployment.resources[rule]["Properties"]["Targets"]
        assert target["Arn"] == {"Ref": f"{function}Aliaslive"}
        properties = deployment.properties(rule)
        assert (properties["ScheduleExpression"], properties["State"]) == ("rate(1 day)", state)


def test_nobody_pays_for_versions_of_the_past(before: Deployment) -> None:
    versions = before.of_type("AWS::Lambda::Version").values()

    assert len(versions) == len(WEBHOOKS) == 4
    assert {it["DeletionPolicy"] for it in versions} == {"Delete"}
    # Of one that is replaced; what is not said here is Delete.
    assert not any("UpdateReplacePolicy" in it for it in versions)
