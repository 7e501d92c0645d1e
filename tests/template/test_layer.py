"""The layer ships what the lock file says, for the project's own dependencies and theirs."""

import re
import tomllib

from local.workspace import ROOT

# The runtime brings it.
NOT_SHIPPED = {"boto3"}


def test_the_layer_ships_the_locked_versions() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = {package["name"]: package.get("version") for package in lock["package"]}

    shipped = _shipped()

    assert shipped
    assert {name: locked[name] for name in shipped} == shipped


def test_the_layer_ships_every_dependency_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=!~\[ ]", line, maxsplit=1)[0] for line in project["dependencies"]}

    assert wanted - NOT_SHIPPED <= set(_shipped())
    assert not NOT_SHIPPED & set(_shipped())


def _shipped() -> dict[str, str]:
    lines = (ROOT / "layers/shared/requirements.txt").read_text().splitlines()
    pinned = (re.match(r"([a-z0-9-]+)==([^ ;]+)", line) for line in lines)
    return {match[1]: match[2] for match in pinned if match}
