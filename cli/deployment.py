"""Which deployment the command works on: named by a stack, or by environment variables."""

import os
import re
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from switchboard import wiring
from switchboard.app import App
from switchboard.errors import ConfigError
from switchboard.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def open_app(stack: str | None) -> App:
    """Return the deployment that `stack` names, or else the environment; raise ConfigError."""
    if stack is None:
        return wiring.build(_from_environment())
    return wiring.build(from_stack(boto3.client("cloudformation", config=wiring.AWS), stack))


def from_stack(client: "CloudFormationClient", stack: str) -> Settings:
    """Read the settings from a stack's outputs: TableName is TABLE_NAME, and so on."""
    try:
        found = client.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        raise ConfigError(
            f"CloudFormation does not show stack '{stack}' in {client.meta.region_name}: "
            f"{error.response['Error']['Message']}"
        ) from error
    outputs = {
        _variable(output["OutputKey"]): output.get("OutputValue", "")
        for output in found.get("Outputs", [])
    }
    try:
        return Settings.from_env(outputs)
    except ConfigError as error:
        raise ConfigError(
            f"Stack '{stack}' lacks outputs, so it is not a Switchboard stack or not deployed to "
            f"the end. {error}"
        ) from error


def _from_environment() -> Settings:
    try:
        return Settings.from_env(os.environ)
    except ConfigError as error:
        raise ConfigError(
            f"{error}, or name a deployed stack: switchboard --stack NAME …"
        ) from error


def _variable(output_key: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output_key).upper()
