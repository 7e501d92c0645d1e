"""Build the template, deploy it to the emulator, and skip what has not changed."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from . import bytecode, gateway, trimming
from .problem import Problem
from .workspace import REGION, ROOT, STACK_NAME, STAGE, Workspace

# Inside the build, so that a `sam build` by hand, which empties the folder, takes it away.
_BUILD_FINGERPRINT = ROOT / ".aws-sam" / "build" / "fingerprint"
_SOURCES = (
    "template.yaml",
    "samconfig.toml",
    "functions",
    "layers",
    "local/bytecode.py",
    "local/trimming.py",
)
_LAYER = ROOT / ".aws-sam" / "build" / "SharedLayer"


def build(workspace: Workspace) -> bool:
    """Run `sam build`, trim the layer, compile all, unless nothing changed; tell whether it ran."""
    wanted = _fingerprint(ROOT / name for name in _SOURCES)
    if _BUILD_FINGERPRINT.exists() and _BUILD_FINGERPRINT.read_text() == wanted:
        return False
    _BUILD_FINGERPRINT.unlink(missing_ok=True)
    _sam(workspace, "build")
    trimming.trim_layer(_LAYER / "python")
    bytecode.compile_code(_LAYER, "/opt")
    for function in sorted(it for it in _LAYER.parent.iterdir() if it.is_dir() and it != _LAYER):
        bytecode.compile_code(function, "/var/task")
    _BUILD_FINGERPRINT.write_text(wanted)
    return True


def deploy(workspace: Workspace) -> bool:
    """Run `sam deploy` unless the emulator holds this very build, and tell whether it ran."""
    marker = workspace.home / "deployed"
    wanted = _BUILD_FINGERPRINT.read_text()
    held = outputs(workspace)
    if held and marker.exists() and marker.read_text() == wanted:
        return _point_at_this_machine(workspace, held)
    marker.unlink(missing_ok=True)
    _sam(workspace, "deploy", "--config-env", STAGE)
    held = outputs(workspace)
    _complete_gateway(workspace, held)
    _point_at_this_machine(workspace, held)
    marker.write_text(wanted)
    return True


def outputs(workspace: Workspace) -> dict[str, str]:
    """Return the deployed stack's outputs, or nothing when there is no stack."""
    try:
        (stack,) = _client(workspace, "cloudformation").describe_stacks(StackName=STACK_NAME)[
            "Stacks"
        ]
    except ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def base_url(workspace: Workspace, api_id: str) -> str:
    """Return the URL under which this machine's programs reach the emulated API."""
    return f"{workspace.emulator_url}/_aws/execute-api/{api_id}/{STAGE}"


def _point_at_this_machine(workspace: Workspace, held: dict[str, str]) -> bool:
    # The API's URL and the ports are known only now; they are parameters of the same template.
    wanted = {
        **workspace.carrier_urls,
        "PublicBaseUrl": base_url(workspace, held["ApiId"]),
        "EventUrlsAllowed": workspace.sandbox_url,
    }
    if all(held.get(name) == value for name, value in wanted.items()):
        return False
    cloudformation = _client(workspace, "cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    names = [parameter["ParameterKey"] for parameter in stack["Parameters"]]
    parameters = [
        {"ParameterKey": n, "ParameterValue": wanted[n]} if n in wanted
        else {"ParameterKey": n, "UsePreviousValue": True}
        for n in names
    ]  # fmt: skip
    cloudformation.update_stack(
        StackName=STACK_NAME, UsePreviousTemplate=True, Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )  # fmt: skip
    waiter = cloudformation.get_waiter("stack_update_complete")
    try:
        waiter.wait(StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    except WaiterError as error:
        raise Problem(f"The stack could not be updated ({error}): run `make up` again.") from error
    return True


def _complete_gateway(workspace: Workspace, held: dict[str, str]) -> None:
    reply: Any = _client(workspace, "cloudformation").get_template(
        StackName=STACK_NAME, TemplateStage="Processed"
    )
    template = reply["TemplateBody"]
    if isinstance(template, str):
        template = json.loads(template)
    gateway.complete(_client(workspace, "apigateway"), held["ApiId"], STAGE, template)


def _client(workspace: Workspace, service: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=workspace.emulator_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}),
    )


def _sam(workspace: Workspace, verb: str, *arguments: str) -> None:
    log = workspace.home / f"sam-{verb}.log"
    argv = [str(Path(sys.executable).parent / "sam"), verb, *arguments]
    with log.open("w") as output:
        run = subprocess.run(
            argv, cwd=ROOT, env=workspace.tool_env(), stdout=output, stderr=output, check=False
        )
    if run.returncode != 0:
        hint = "; is the network up?" if "ResolveDependencies" in log.read_text() else ""
        raise Problem(f"`sam {verb}` failed: {_reason(log)}{hint} (the whole output: {log}).")


def _reason(log: Path) -> str:
    lines = [line.strip() for line in log.read_text().splitlines() if line.strip()]
    errors = [line for line in lines if "rror" in line or "FAILED" in line]
    return (errors or lines or ["it printed nothing"])[-1]


def _fingerprint(sources: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(
                    str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0"
                )
    return digest.hexdigest()
