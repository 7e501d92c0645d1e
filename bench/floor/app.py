"""The least a function of ours can be, by which the others are measured: a client and a logger."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger

FLOOR = True

logger = Logger(service="switchboard")
dynamodb = boto3.client("dynamodb")

_KEY = {"pk": {"S": "floor"}, "sk": {"S": "floor"}}


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Read once, write once, log one line, answer that it is done."""
    dynamodb.get_item(TableName="bench", Key=_KEY)
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "bench", "Item": _KEY}}])
    logger.info("floor")
    return {"statusCode": 200}
