"""The least a function of ours can be, by which the others are measured: a client and a logger."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger

FLOOR = True

logger = Logger(service="switchboard")
dynamodb = boto3.client("dynamodb")


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer nothing."""
    return {}
