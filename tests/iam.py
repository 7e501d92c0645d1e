"""What the template allows each function, and what a request to AWS needs: in the same words."""

import fnmatch
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from samtranslator.yaml_helper import yaml_parse

from local.workspace import ROOT

type Json = dict[str, Any]

_SECRETS = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"


class Grant(NamedTuple):
    """An action on a resource, which is named as in the template."""

    action: str
    resource: str


@dataclass(frozen=True)
class Role:
    """What one function may do."""

    grants: frozenset[Grant]

    def allows(self, grant: Grant) -> bool:
        """Tell whether the role allows an action; the fake carrier stands for any real one."""
        return any(
            it.action == grant.action and fnmatch.fnmatchcase(it.resource, grant.resource)
            for it in self.grants
        )


@cache
def roles() -> dict[str, Role]:
    """Return the template's roles by function."""
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    return {
        name: Role(frozenset(_grants(resource["Properties"].get("Policies", []))))
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _grants(policies: list[Json]) -> Iterator[Grant]:
    for statement in (line for policy in policies for line in policy["Statement"]):
        for action in _listed(statement["Action"]):
            for resource in map(_name, _listed(statement["Resource"])):
                # No other request names an index.
                if "/index/" not in resource or action == "dynamodb:Query":
                    yield Grant(action, resource)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(resource: Any) -> str:
    match resource:
        case "*":
            return resource  # of an action that knows no resources
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return name
        case {"Fn::GetAtt": str(name)}:
            return name.removesuffix(".Arn")
        case {"Fn::Sub": str(text)} if text.startswith(_SECRETS):
            secret = text.removeprefix(f"{_SECRETS}${{SecretsPrefix}}/*/")
            return "secret:" + secret.removesuffix("-??????").removesuffix("/*")
        case {"Fn::Sub": str(text)}:
            return text.replace("${", "").replace(".Arn}", "")
    raise AssertionError(f"A resource that the tests cannot read: {json.dumps(resource)}")


_WRITES = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
_SAME = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchGetItem", "Scan"}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3 = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}


def needed(service: str, operation: str, params: Json) -> Iterator[Grant]:
    """Yield what a request needs; raise AssertionError for one that nobody has thought of."""
    match service, operation:
        case "dynamodb", "Query":
            index = params.get("IndexName")
            yield Grant("dynamodb:Query", f"Table/index/{index}" if index else "Table")
        case "dynamodb", "TransactWriteItems":
            for write in params["TransactItems"]:
                yield from (Grant(_WRITES[kind], "Table") for kind in write)
        case "dynamodb", name if name in _SAME:
            yield Grant(f"dynamodb:{name}", "Table")
        case "secretsmanager", "BatchGetSecretValue":
            yield Grant("secretsmanager:BatchGetSecretValue", "*")  # it knows no resources
            for name in params["SecretIdList"]:
                yield Grant("secretsmanager:GetSecretValue", _secret({"SecretId": name}))
        case "secretsmanager", name:
            yield Grant(f"secretsmanager:{name}", _secret(params))
        case "sqs", "SendMessage" | "SendMessageBatch":
            yield Grant("sqs:SendMessage", params["QueueUrl"].rpartition("/")[2])
        case "s3", name:
            yield Grant(f"s3:{_S3.get(name, name)}", "RecordingBucket/*")
        case "lambda", "Invoke":
            # Named as the tests name it: its name in the template, after the stack's.
            yield Grant("lambda:InvokeFunction", params["FunctionName"].partition("-")[2])
        case _:
            raise AssertionError(f"Which permission does {service} {operation} need?")


def _secret(params: Json) -> str:
    name = params.get("SecretId") or params["Name"]
    if name.endswith("session-key"):
        return "SessionKey"
    kind = name.split("/", 3)[3]
    # What is stored for the tests' own carrier may be any real one's.
    return "secret:*" if kind == "fake" else f"secret:{kind.partition('/')[0]}"
