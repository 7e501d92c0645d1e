"""Every function has its own logs, its settings, and no permission beyond its job."""

import json
import re
from typing import Any

import pytest

from local.workspace import ROOT
from switchboard.carriers import CARRIERS

Json = dict[str, Any]

READ = {"dynamodb:GetItem"}
WRITE = READ | {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
SECRET = {"secretsmanager:GetSecretValue"}
INVOKE = {"lambda:InvokeFunction"}
ALLOWED = {
    "Authorizer": READ | {"dynamodb:UpdateItem"},
    "PurchaseNumber": WRITE | {"dynamodb:Query", "dynamodb:ConditionCheckItem"} | SECRET,
    "PhoneNumbers": WRITE
    | {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem"}
    | SECRET,
    "Directory": WRITE
    | {"dynamodb:Query"}
    | SECRET
    | {
        "secretsmanager:PutSecretValue",
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
    },
    "InitiateCall": READ
    | {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    | SECRET,
    "FailOver": READ | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"} | SECRET,
    "Calls": READ
    | {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    | SECRET,
    "ApiDocs": set(),
    "CarrierWebhookTwilio": WRITE | {"dynamodb:BatchGetItem"} | SECRET | INVOKE,
    "CarrierWebhookTelnyx": WRITE | {"dynamodb:BatchGetItem"} | SECRET | INVOKE,
    "CarrierWebhookVonage": WRITE | {"dynamodb:BatchGetItem"} | SECRET | INVOKE,
    "CarrierWebhookSip": WRITE | {"dynamodb:BatchGetItem"} | SECRET | INVOKE,
    "Events": READ | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"} | SECRET,
    "RelayEvents": {"sqs:SendMessage"},
    "DeliverEvent": READ
    | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"}
    | SECRET
    | {"sqs:SendMessage"},
    "FetchRecording": READ
    | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    | SECRET
    | {"s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "sqs:SendMessage"},
    "Recordings": READ | {"dynamodb:Query", "s3:GetObject"} | SECRET,
    "SendMessage": READ | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"} | SECRET,
    "Sms": READ
    | {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    | SECRET,
}


def statements(properties: Json) -> list[Json]:
    return [line for policy in properties["Policies"] for line in policy["Statement"]]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_function_logs_to_a_group_that_forgets(
    template: Json, functions: dict[str, Json]
) -> None:
    groups = [properties["LoggingConfig"]["LogGroup"]["Ref"] for properties in functions.values()]

    assert len(set(groups)) == len(functions)
    for group in groups:
        resource = template["Resources"][group]
        assert resource["Type"] == "AWS::Logs::LogGroup"
        assert resource["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_every_function_may_do_its_job_and_nothing_else(functions: dict[str, Json]) -> None:
    actions = {
        name: {action for line in statements(properties) for action in listed(line["Action"])}
        for name, properties in functions.items()
    }

    assert actions == ALLOWED


def test_no_permission_holds_for_everything(functions: dict[str, Json]) -> None:
    for name, properties in functions.items():
        for line in statements(properties):
            assert not [a for a in listed(line["Action"]) if "*" in a], name
            for resource in listed(line["Resource"]):
                assert resource != "*", name
                # The wildcards are the organization, and its trunk, in the name of a secret, and
                # the bucket's objects.
                text = json.dumps(resource).replace("${RecordingBucket.Arn}/*", "")
                named = r"\$\{SecretsPrefix\}/\*/(\w+-\?{6}|sip-trunk/\*)"
                assert "*" not in re.sub(named, "", text), name


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_carriers_webhook_reads_no_other_carriers_secrets(
    functions: dict[str, Json], carrier: str
) -> None:
    properties = functions[f"CarrierWebhook{carrier.capitalize()}"]

    text = json.dumps(statements(properties))

    assert re.findall(r"/\*/(\w+)-", text) == [carrier]
    assert properties["Environment"]["Variables"] == {"CARRIER": carrier}


def test_a_function_that_asks_carriers_reads_the_secrets_of_all(
    functions: dict[str, Json],
) -> None:
    asking = {
        name: re.findall(r"/\*/(\w+)-\?", json.dumps(statements(properties)))
        for name, properties in functions.items()
        if not name.startswith("CarrierWebhook")
    }
    # It dials again over the carriers that bridge SIP trunks, and no others.
    assert asking.pop("FailOver") == ["twilio", "telnyx"]

    found = {name: carriers for name, carriers in asking.items() if carriers}
    assert len(found) > 1
    assert all(carriers == list(CARRIERS) for carriers in found.values()), found


def test_the_carriers_blocks_are_alike(functions: dict[str, Json]) -> None:
    def shape(carrier: str) -> str:
        text = json.dumps(functions[f"CarrierWebhook{carrier.capitalize()}"] | {"Events": {}})
        return text.replace(carrier.capitalize(), "Carrier").replace(carrier, "carrier")

    assert len({shape(carrier) for carrier in CARRIERS}) == 1


def test_functions_are_told_everything_the_settings_ask_for(template: Json) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]

    source = (ROOT / "layers/shared/switchboard/settings.py").read_text()
    wanted = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', source))

    assert wanted
    assert wanted <= set(variables)


def test_the_runtime_is_the_one_we_develop_with(template: Json) -> None:
    version = (ROOT / ".python-version").read_text().strip()

    assert template["Globals"]["Function"]["Runtime"] == f"python{version}"
