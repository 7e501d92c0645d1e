"""A pytest plugin: which permissions each function needed while the tests ran it.

Every request to AWS that a `lambda_handler` makes, at whatever depth, is held against the role
that template.yaml gives to the function. One that the role lacks fails the test at once. What a
role allows and nothing ever used fails the run, when the run had all tests of the functions.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from botocore import signers
from botocore.client import BaseClient

from tests.iam import Grant, needed, roles
from tests.logbook import LOGBOOK

FUNCTIONS = Path(__file__).parents[1] / "functions"

_READ_SECRET = "secretsmanager:GetSecretValue"


def _secrets(*carriers: str, action: str = _READ_SECRET) -> set[Grant]:
    return {Grant(action, f"secret:{it}") for it in carriers}


# Granted although no test goes through the function's handler to it; each line says where it is
# needed. docs/security.md names these functions.
EXCEPTIONS: dict[str, set[Grant]] = {
    # A download that breaks off: tests/recordings/test_vault.py.
    "FetchRecording": {Grant("s3:AbortMultipartUpload", "RecordingBucket/*")},
    # The carrier is a fake one in these tests, in the place of any.
    "SendMessage": _secrets("telnyx", "vonage")
    # The sweep wakes what was lost: tests/unit/test_texting.py.
    | {Grant("dynamodb:UpdateItem", "Table")},
    "Sms": _secrets("telnyx", "vonage"),
    # One code connects them all: tests/functions/test_directory.py does two.
    "Directory": _secrets("telnyx", action="secretsmanager:PutSecretValue")
    | _secrets("telnyx", action="secretsmanager:CreateSecret"),
    # Asking a number's own bridge: tests/unit/test_trunk_numbers.py.
    "PhoneNumbers": _secrets("sip-trunk"),
    # The next trunk is asked to dial: tests/unit/test_trunk_calls.py.
    "FailOver": {Grant(_READ_SECRET, "SessionKey"), Grant("dynamodb:UpdateItem", "Table")},
    # An order that is refused later gives its number up: tests/unit/test_purchase.py.
    "CarrierWebhookTelnyx": {Grant("dynamodb:DeleteItem", "Table")},
}

USED: set[tuple[str, Grant]] = set()
_MISSING: list[str] = []
_thread = threading.local()
_make_api_call = BaseClient._make_api_call
_generate_presigned_url = signers.generate_presigned_url
_submit = ThreadPoolExecutor.submit
_start = threading.Thread.start


def running() -> str | None:
    """Return the function whose handler is on the stack, by its name in the template."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "lambda_handler":
            path = Path(code.co_filename)
            if path.is_relative_to(FUNCTIONS):
                return _named(path.parent.name)
        frame = frame.f_back
    return getattr(_thread, "function", None)


def _named(folder: str) -> str:
    if folder == "carrier_webhook":
        carrier = os.environ["CARRIER"]
        return "CarrierWebhook" + ("Sip" if carrier == "byo-sip-trunk" else carrier.capitalize())
    return "".join(word.capitalize() for word in folder.split("_"))


def _watched_call(self: BaseClient, operation: str, params: dict[str, Any]) -> Any:
    service = self.meta.service_model.service_name
    if service == "secretsmanager" and "SecretString" in params:
        LOGBOOK.learn(params["SecretString"])
    _look_at(service, operation, params)
    return _make_api_call(self, operation, params)


def _signed_url(
    self: BaseClient, ClientMethod: str, Params: dict[str, Any] | None = None, **options: Any
) -> Any:
    # Whoever follows a link may do what its maker may.
    operation = self.meta.method_to_api_mapping[ClientMethod]
    _look_at(self.meta.service_model.service_name, operation, Params or {})
    return _generate_presigned_url(self, ClientMethod, Params, **options)


def _look_at(service: str, operation: str, params: dict[str, Any]) -> None:
    function = running()
    if function is None:
        return
    role = roles()[function]
    for grant in needed(service, operation, params):
        USED.add((function, grant))
        if not role.allows(grant):
            _MISSING.append(f"{function} may not {grant.action} on {grant.resource}")


def _carried(self: ThreadPoolExecutor, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
    return _submit(self, _acting(work), *given, **named)


def _begun(self: threading.Thread) -> None:
    self.run = _acting(self.run)  # type: ignore[method-assign]
    _start(self)


def _acting(work: Callable[..., Any]) -> Callable[..., Any]:
    # A handler's threads act for it.
    function = running()

    def acting(*given: Any, **named: Any) -> Any:
        _thread.function = function
        return work(*given, **named)

    return acting


def pytest_configure(config: pytest.Config) -> None:
    """Look on from before the first client is made."""
    BaseClient._make_api_call = _watched_call
    signers.generate_presigned_url = _signed_url
    ThreadPoolExecutor.submit = _carried  # type: ignore[method-assign, assignment]
    threading.Thread.start = _begun  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _no_permission_is_missing() -> Iterator[None]:
    yield
    missing, _MISSING[:] = sorted(set(_MISSING)), []
    assert missing == [], "A function does what its role in template.yaml does not allow"


def unused() -> list[str]:
    """Return what the roles allow and nothing has used."""
    found = []
    for function, role in roles().items():
        used = {grant for name, grant in USED if name == function}
        left = role.grants - used - EXCEPTIONS.get(function, set())
        found += [f"{function} need not {it.action} on {it.resource}" for it in sorted(left)]
    return found


# --- the whole run ---

_complete = False


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note whether this process knows all tests of the functions, none left out by name."""
    global _complete
    _complete = _is_complete({item.nodeid for item in session.items}, session.config)


def _is_complete(node_ids: set[str], config: pytest.Config) -> bool:
    files = {path.name for path in (FUNCTIONS.parent / "tests/functions").glob("test_*.py")}
    files |= {"test_examples.py", "test_doors.py"}  # of tests/api
    seen = {Path(node_id.partition("::")[0]).name for node_id in node_ids}
    return files <= seen and not config.option.keyword and "::" not in " ".join(config.args)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what was used, or fail the run for what was not."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["grants"] = [(name, grant.action, grant.resource) for name, grant in USED]
        output["grants_complete"] = _complete
    elif _complete and (left := unused()):
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nRoles in template.yaml allow what nothing uses:", *left, sep="\n")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of a parallel run has seen."""
    global _complete
    output = getattr(node, "workeroutput", {})
    USED.update(
        (name, Grant(action, resource)) for name, action, resource in output.get("grants", [])
    )
    _complete = _complete or output.get("grants_complete", False)
