"""Read the template the way the tests want it: intrinsics as {"Ref": …}, {"Fn::Sub": …}."""

from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.workspace import ROOT

Json = dict[str, Any]


@pytest.fixture(scope="session")
def template() -> Json:
    parsed: Json = yaml_parse((ROOT / "template.yaml").read_text())
    return parsed


@pytest.fixture(scope="session")
def functions(template: Json) -> dict[str, Json]:
    """Return each function's properties by its name."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
