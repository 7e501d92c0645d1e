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
DELETE = {"dynamodb:DeleteItem"}
SECRET = {"secretsmanager:GetSecretValue"}
# Both secrets of a call at once.
SECRETS = SECRET | {"secretsmanager:BatchGetSecretValue"}
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
    | SECRETS,
    "FailOver": READ | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"} | SECRET,
    "Calls": READ
    | {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    | SECRET,
    "Reconcile": WRITE | {"dynamodb:BatchGetItem", "dynamodb:Query"} | SECRET,
    "ApiDocs": set(),
    "CarrierWebhookTwilio": WRITE - DELETE | {"dynamodb:BatchGetItem"} | SECRETS | INVOKE,
    "CarrierWebhookTelnyx": WRITE | {"dynamodb:BatchGetItem"} | SECRETS | INVOKE,
    "CarrierWebhookVonage": WRITE - DELETE | SECRETS,
    "CarrierWebhookSip": WRITE - DELETE | {"dynamodb:BatchGetItem"} | SECRETS | INVOKE,
    "Events": READ | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"} | SECRET,
    "RelayEvents": {"sqs:SendMessage"} | INVOKE,
    "DeliverEvent": READ
    | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    | SECRET
    | {"sqs:SendMessage"},
    "FetchRecording": READ
    | {"dynamodb:Query", "dynamodb:PutItem"}
    | SECRET
    | {"s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"},
    "Recordings": READ | {"dynamodb:Query", "s3:GetObject"} | SECRET,
    "SendMessage": READ | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"} | SECRET,
    "StopCalls": READ | {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"} | SECRET,
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
            if line["Action"] == "secretsmanager:BatchGetSecretValue":
                # AWS knows no resources of it: each secret must be allowed beside it.
                assert line["Resource"] == "*"
                continue
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


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_carriers_webhook_is_not_told_what_it_has_no_use_for(
    functions: dict[str, Json], carrier: str
) -> None:
    variables = functions[f"CarrierWebhook{carrier.capitalize()}"]["Environment"]["Variables"]

    withheld = {name for name, value in variables.items() if value == {"Ref": "AWS::NoValue"}}

    assert variables.keys() - withheld == {"CARRIER"}
    others = {f"{it.upper()}_API_URL" for it in CARRIERS if it != carrier}
    assert withheld == others | {"EVENT_URLS_ALLOWED"}


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
        properties = functions[f"CarrierWebhook{carrier.capitalize()}"]
        # Only a carrier that bridges SIP trunks can tell that one of them failed, and has many
        # numbers to look up; only Telnyx refuses an order later, whose number is then given up.
        common = [it for it in statements(properties) if listed(it["Action"]) != [*INVOKE]]
        own = [it for it in common[0]["Action"] if it not in ("dynamodb:BatchGetItem", *DELETE)]
        shared = [common[0] | {"Action": own}, *common[1:]]
        aside = {"Environment": {}, "Events": {}}
        text = json.dumps(properties | aside | {"Policies": shared})
        return text.replace(carrier.capitalize(), "Carrier").replace(carrier, "carrier")

    assert len({shape(carrier) for carrier in CARRIERS}) == 1


def test_functions_are_told_everything_the_settings_ask_for(
    template: Json, functions: dict[str, Json]
) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    # Nobody else counts requests.
    counting = functions["Authorizer"]["Environment"]["Variables"]

    source = (ROOT / "layers/shared/switchboard/settings.py").read_text()
    wanted = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', source))

    assert wanted
    assert wanted <= {*variables, *counting}
    assert counting == {"REQUESTS_PER_MINUTE": {"Ref": "RequestsPerMinute"}}


def test_the_runtime_is_the_one_we_develop_with(template: Json) -> None:
    version = (ROOT / ".python-version").read_text().strip()

    assert template["Globals"]["Function"]["Runtime"] == f"python{version}"
