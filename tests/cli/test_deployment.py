"""Where the command finds its deployment: a stack's outputs, or the environment."""

import subprocess
import sys

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner

from cli.deployment import from_stack
from cli.main import app as command
from switchboard.errors import ConfigError

OUTPUTS = {
    "ApiUrl": "https://abc.execute-api.eu-west-1.amazonaws.com/prod",
    "Stage": "prod",
    "PublicBaseUrl": "https://hooks.example.com/",
    "TableName": "switchboard-prod-Table",
    "SecretsPrefix": "switchboard/prod",
    "SessionKeySecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:SessionKey-AbCdEf",
    "TwilioApiUrl": "https://api.twilio.com",
    "TelnyxApiUrl": "https://api.telnyx.com/v2",
    "VonageApiUrl": "https://{host}",
}
VARIABLES = ("TABLE_NAME", "STAGE", "PUBLIC_BASE_URL", "SECRETS_PREFIX", "SESSION_KEY_SECRET")


def client_showing(outputs: dict[str, str]) -> tuple[object, Stubber]:
    """Return a CloudFormation client that knows one stack."""
    client = boto3.client("cloudformation")
    stubbed = Stubber(client)
    shown = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    stack = {
        "StackName": "prod",
        "CreationTime": "2026-03-02T09:00:00Z",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": shown,
    }
    stubbed.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "prod"})
    return client, stubbed


def test_a_stacks_outputs_are_the_settings() -> None:
    client, stubbed = client_showing(OUTPUTS)

    with stubbed:
        settings = from_stack(client, "prod")

    assert settings.table_name == "switchboard-prod-Table"
    assert settings.stage == "prod"
    assert settings.public_base_url == "https://hooks.example.com"
    assert settings.secrets_prefix == "switchboard/prod"
    assert settings.session_key_secret == OUTPUTS["SessionKeySecret"]
    assert settings.carrier_api_url("twilio") == "https://api.twilio.com"
    assert settings.carrier_api_url("telnyx") == "https://api.telnyx.com/v2"


def test_a_stack_that_does_not_know_its_url_yet_can_be_filled() -> None:
    client, stubbed = client_showing(OUTPUTS | {"PublicBaseUrl": ""})

    with stubbed:
        settings = from_stack(client, "prod")

    assert settings.public_base_url == ""


def test_another_kind_of_stack_is_told_from_ours() -> None:
    client, stubbed = client_showing({"BucketName": "b"})

    with stubbed, pytest.raises(ConfigError, match=r"'prod' lacks outputs.*TABLE_NAME"):
        from_stack(client, "prod")


def test_a_stack_that_does_not_exist_is_said_in_cloudformations_words() -> None:
    client = boto3.client("cloudformation")
    stubbed = Stubber(client)
    stubbed.add_client_error(
        "describe_stacks", "ValidationError", "Stack with id prod does not exist"
    )

    with stubbed, pytest.raises(ConfigError, match=r"'prod' in eu-west-1: .*does not exist"):
        from_stack(client, "prod")


def test_without_settings_all_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "SWITCHBOARD_STACK"):
        monkeypatch.delenv(name, raising=False)

    result = CliRunner().invoke(command, ["organizations", "create", "Demo"])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"Error: Set these environment variables: {', '.join(VARIABLES)}, or name a deployed "
        "stack: switchboard --stack NAME …\n"
    )


def test_without_a_region_botocore_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")

    result = CliRunner().invoke(command, ["--stack", "prod", "organizations", "create", "Demo"])

    assert result.exit_code == 1
    assert result.stderr == "Error: AWS cannot be used: You must specify a region.\n"


def test_help_loads_no_sdk() -> None:
    script = (
        "import sys, cli.main as m; from typer.testing import CliRunner;"
        "r = CliRunner().invoke(m.app, ['carriers', 'connect', '--help']); assert not r.exit_code;"
        "print([n for n in ('boto3', 'botocore', 'telnyx', 'twilio') if n in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert loaded.stdout == "[]\n"
