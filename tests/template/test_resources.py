"""What holds money's records and secrets is protected, and errors speak the contract's form."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from switchboard import stopping
from switchboard.carriers.twilio import api as twilio
from switchboard.reconciling import running
from switchboard.recordings import fetching

Json = dict[str, Any]


def test_the_table_survives_mistakes(template: Json) -> None:
    table = template["Resources"]["Table"]
    properties = table["Properties"]

    assert table["UpdateReplacePolicy"] == "Retain"
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert properties["DeletionProtectionEnabled"] == {"Ref": "TableDeletionProtection"}
    assert template["Parameters"]["TableDeletionProtection"]["Default"] == "true"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": {"Fn::If": ["CustomerKey", "KMS", {"Ref": "AWS::NoValue"}]},
        "KMSMasterKeyId": {
            "Fn::If": [
                "CustomerKey",
                {"Fn::GetAtt": ["TableKey", "Arn"]},
                {"Ref": "AWS::NoValue"},
            ]
        },
    }
    assert template["Parameters"]["TableEncryption"]["Default"] == "customer-key"


def test_the_tables_key_is_rotated_and_outlives_the_stack(template: Json) -> None:
    key = template["Resources"]["TableKey"]
    governs, serves = key["Properties"]["KeyPolicy"]["Statement"]

    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == (
        "RetainExceptOnCreate",
        "Retain",
    )
    assert key["Properties"]["EnableKeyRotation"] is True
    # Without it, nobody at all could change the key's policy any more.
    assert governs["Principal"]["AWS"]["Fn::Sub"].endswith(":iam::${AWS::AccountId}:root")
    assert serves["Condition"]["StringEquals"] == {
        "kms:CallerAccount": {"Ref": "AWS::AccountId"},
        "kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"},
    }
    assert not {"kms:*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} & set(serves["Action"])


def of_type(template: Json, kind: str) -> dict[str, Json]:
    """Return the properties of all resources of a kind by their name."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def test_every_queue_is_encrypted_and_open_to_nobody(template: Json) -> None:
    queues = of_type(template, "AWS::SQS::Queue")

    assert len(queues) >= 4
    assert {queue.get("SqsManagedSseEnabled") for queue in queues.values()} == {True}
    assert of_type(template, "AWS::SQS::QueuePolicy") == {}


def test_every_bucket_is_private(template: Json) -> None:
    buckets = of_type(template, "AWS::S3::Bucket")
    policies = of_type(template, "AWS::S3::BucketPolicy").values()

    assert buckets
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        [policy] = [it for it in policies if it["Bucket"] == {"Ref": name}]
        assert {it["Effect"] for it in policy["PolicyDocument"]["Statement"]} == {"Deny"}


def test_the_table_forgets_what_expires_and_tells_what_changes(template: Json) -> None:
    properties = template["Resources"]["Table"]["Properties"]

    assert properties["TimeToLiveSpecification"] == {
        "AttributeName": "ttl",
        "Enabled": True,
    }
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_the_session_key_is_made_by_aws_and_seen_by_nobody(template: Json) -> None:
    properties = template["Resources"]["SessionKey"]["Properties"]

    assert "SecretString" not in properties
    assert properties["GenerateSecretString"]["PasswordLength"] >= 32


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("UNAUTHORIZED", 401, "unauthorized"), ("ACCESS_DENIED", 403, "forbidden")],
)
def test_a_refused_key_is_answered_as_the_contract_says(
    template: Json, kind: str, status: int, code: str
) -> None:
    response = template["Resources"]["Api"]["Properties"]["GatewayResponses"][kind]
    body = json.loads(response["ResponseTemplates"]["application/json"])

    assert response["StatusCode"] == status
    assert response["ResponseParameters"]["Headers"] == {"WWW-Authenticate": "'Bearer'"}
    assert body["code"] == code


@pytest.mark.parametrize("kind", ["AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"])
def test_a_key_that_could_not_be_checked_is_no_error_of_ours(template: Json, kind: str) -> None:
    response = template["Resources"]["Api"]["Properties"]["GatewayResponses"][kind]
    body = json.loads(response["ResponseTemplates"]["application/json"])

    assert (response["StatusCode"], body["code"]) == (503, "service_unavailable")
    assert "send the request again" in body["detail"]


def test_every_gateway_error_has_the_contracts_form(template: Json) -> None:
    responses = template["Resources"]["Api"]["Properties"]["GatewayResponses"]

    assert {"DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE"} <= set(responses)
    for kind, response in responses.items():
        text = response["ResponseTemplates"]["application/json"]
        # The one variable that brings its own quotes.
        body = json.loads(text.replace("$context.error.messageString", '"text"'))
        assert set(body) == {"detail", "code", "request_id"}, kind
        assert re.fullmatch(r"[a-z_]+", body["code"]), kind
        assert body["request_id"] == "$context.requestId"


def test_the_command_line_tool_finds_what_it_needs(template: Json) -> None:
    assert {
        "ApiUrl",
        "TableName",
        "SecretsPrefix",
        "PublicBaseUrl",
        "TwilioApiUrl",
        "TelnyxApiUrl",
        "VonageApiUrl",
        "Stage",
        "SessionKeySecret",
    } <= set(template["Outputs"])


def test_messages_are_kept_when_the_function_fails_on_them(template: Json) -> None:
    queue = template["Resources"]["EventQueue"]["Properties"]
    function = template["Resources"]["DeliverEvent"]["Properties"]

    assert queue["SqsManagedSseEnabled"] is True
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": ["EventQueueRefused", "Arn"]
    }
    # What AWS asks for, so that no message is handled twice at once.
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert function["Events"]["Queue"]["Properties"]["FunctionResponseTypes"] == [
        "ReportBatchItemFailures"
    ]


def test_the_sender_of_events_is_in_no_network_of_ours(template: Json) -> None:
    assert "VpcConfig" not in template["Resources"]["DeliverEvent"]["Properties"]
    assert "VpcConfig" not in template["Globals"]["Function"]


def test_events_go_nowhere_but_to_public_https_unless_somebody_says_so(template: Json) -> None:
    assert template["Parameters"]["EventUrlsAllowed"]["Default"] == ""


def test_recordings_are_encrypted_private_and_forgotten_in_time(template: Json) -> None:
    bucket = template["Resources"]["RecordingBucket"]
    properties = bucket["Properties"]
    [rule] = properties["LifecycleConfiguration"]["Rules"]
    [policy] = template["Resources"]["RecordingBucketPolicy"]["Properties"]["PolicyDocument"][
        "Statement"
    ]

    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == (
        "RetainExceptOnCreate",
        "Retain",
    )
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == {"Ref": "RecordingRetentionDays"}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert (policy["Effect"], policy["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_a_recording_is_fetched_by_one_and_comes_again_when_that_fails(template: Json) -> None:
    function = template["Resources"]["FetchRecording"]["Properties"]
    noted = function["Events"]["Noted"]["Properties"]

    assert noted["BatchSize"] == fetching.AT_ONCE
    assert noted["MaximumRetryAttempts"] < 5  # a batch that kills it holds up the stream
    assert function["Events"]["Sweep"]["Properties"]["Schedule"] == "rate(1 minute)"
    # A claim outlives the function, so that nobody takes a slow fetch for a crashed one.
    assert fetching.LEASE.total_seconds() > function["Timeout"]


def test_an_account_stays_reserved_for_longer_than_whoever_mends_it_may_run(template: Json) -> None:
    assert template["Resources"]["Reconcile"]["Properties"]["Timeout"] < running.LEASE_S


def test_the_calls_of_a_tripped_fuse_are_ended_and_somebody_is_told(template: Json) -> None:
    function = template["Resources"]["StopCalls"]["Properties"]
    alarm = template["Resources"]["FuseAlarm"]["Properties"]
    relay = template["Resources"]["RelayEvents"]["Properties"]

    assert relay["Environment"]["Variables"]["STOP_CALLS_FUNCTION"] == {"Ref": "StopCalls"}
    # Looked at until then, begun until a while after that, and one carrier's answer at the end.
    longest = stopping._STAY + stopping._TIME + timedelta(seconds=2 * twilio._TIMEOUT_S)
    assert function["Timeout"] > longest.total_seconds()
    assert function["Events"]["Sweep"]["Properties"]["Schedule"] == "rate(1 minute)"
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Switchboard", "TrippedFuses")
    assert alarm["Dimensions"] == [{"Name": "stage", "Value": {"Ref": "Stage"}}]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)


def test_the_wall_before_the_api_is_an_option_that_lets_the_carriers_through(
    template: Json,
) -> None:
    resources = template["Resources"]
    [rule] = resources["Waf"]["Properties"]["Rules"]
    limited = rule["Statement"]["RateBasedStatement"]
    aside = limited["ScopeDownStatement"]["NotStatement"]["Statement"]["RegexMatchStatement"]
    webhooks = {
        event["Properties"]["Path"]
        for name, resource in resources.items()
        if name.startswith("CarrierWebhook") and "Events" in resource["Properties"]
        for event in resource["Properties"]["Events"].values()
        if event["Type"] == "Api"
    }

    assert template["Parameters"]["EnableWaf"]["Default"] == "false"
    assert resources["Waf"]["Condition"] == resources["WafOfApi"]["Condition"] == "UseWaf"
    assert len(aside["RegexString"]) <= 512
    passed = re.compile(aside["RegexString"])
    for path in (*webhooks, "/fallback/twilio.xml"):
        assert passed.search(path), path
        assert passed.search(f"/prod{path}"), path
    for path in ("/api/v1/calls/initiate", "/sms/send", "/calls/initiate", "/api/v1/twiml"):
        assert not passed.search(path), path


def test_every_route_has_a_flood_of_its_own(template: Json) -> None:
    [settings] = template["Resources"]["Api"]["Properties"]["MethodSettings"]

    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"]
