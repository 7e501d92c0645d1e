"""What CloudFormation makes of the template: SAM's own translator, and the values filled in."""

import re
from copy import deepcopy
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from local.workspace import ROOT

type Json = dict[str, Any]

_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "switchboard-prod",
    "AWS::URLSuffix": "amazonaws.com",
}
_NO_VALUE = object()
# A resource that has another one of these is another resource.
_NAMES = ("FunctionName", "LogGroupName", "Name", "RoleName", "TableName")


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def source() -> Json:
    """Return the template as it is written, code and layers in S3 as `sam deploy` has them."""
    template: Json = yaml_parse((ROOT / "template.yaml").read_text())
    for name, resource in template["Resources"].items():
        for key in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][key] = f"s3://artifacts/{name}"
    return template


class Deployment:
    """A deployment of the template with some parameters; the others have their defaults."""

    def __init__(self, template: Json, **parameters: str) -> None:
        described = template["Parameters"].items()
        defaults = {name: str(it["Default"]) for name, it in described}
        self.parameters = _PSEUDO | defaults | parameters
        # The translator fills in what it is given.
        made: Json = transform(deepcopy(template), dict(self.parameters), _NoManagedPolicies())
        self.resources: dict[str, Json] = made["Resources"]
        self._conditions: Json = made["Conditions"]

    def of_type(self, kind: str) -> dict[str, Json]:
        """Return the resources of a kind by their logical ids."""
        return {name: it for name, it in self.resources.items() if it["Type"] == kind}

    def properties(self, name: str) -> Any:
        """Return what a resource is configured with."""
        return self.value(self.resources[name]["Properties"])

    def value(self, given: Any) -> Any:
        """Return what stands where the template has `given`."""
        match given:
            case {"Ref": str(name)}:
                return self._ref(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return f"{self._ref(name)}.{attribute}"
            case {"Fn::Sub": str(text)}:
                return self._sub(text, {})
            case {"Fn::Sub": [str(text), dict(names)]}:
                return self._sub(text, self.value(names))
            case {"Fn::If": [str(condition), yes, no]}:
                return self.value(yes if self._holds(self._conditions[condition]) else no)
            case {"Fn::Select": [int(index), values]}:
                return self.value(values)[index]
            case {"Fn::Split": [str(mark), text]}:
                return self.value(text).split(mark)
            case dict():
                assert not any(key.startswith("Fn::") for key in given), given
                found = {key: self.value(it) for key, it in given.items()}
                return {key: it for key, it in found.items() if it is not _NO_VALUE}
            case list():
                return [self.value(it) for it in given]
        return given

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self.parameters:
            return self.parameters[name]
        resource = self.resources[name]
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            # Its logical id follows its content, its version counts them.
            return f"arn:aws:lambda:us-east-1:123456789012:layer:SharedLayer:{int(name[-5:], 16)}"
        given = resource.get("Properties", {})
        return str([name, *(self.value(given[key]) for key in _NAMES if key in given)])

    def _sub(self, text: str, names: Json) -> str:
        def put(found: re.Match[str]) -> str:
            name = found[1]
            return str(names[name] if name in names else self._ref(name))

        return re.sub(r"\$\{([\w:]+)\}", put, text)

    def _holds(self, condition: Json) -> bool:
        match condition:
            case {"Fn::Equals": [one, other]}:
                return bool(self.value(one) == self.value(other))
            case {"Fn::Not": [it]}:
                return not self._holds(it)
        raise AssertionError(f"A condition that the tests cannot read: {condition}")
