"""What nobody would write by hand, sent to the deployed API: a few requests for each operation.

tests/api sends many more of them in process.
"""

import httpx
import pytest

from tests.api import fuzzing
from tests.api.document import all_operations
from tests.api.gateway import Reply
from tests.e2e.conftest import LocalStack

EXAMPLES = 1


@pytest.fixture
def key(local_stack: LocalStack) -> str:
    """Return an admin's key of an organization that nothing else here speaks of."""
    organization = str(local_stack.tool.tool("organizations", "create", "Stranger")["id"])
    made = local_stack.tool.tool(
        "tokens",
        "create",
        "--organization",
        organization,
        "--name",
        "any",
        "--scope",
        "admin",
    )
    return str(made["key"])


def test_whatever_is_sent_is_answered_as_described(local_stack: LocalStack, key: str) -> None:
    sent: list[str] = []

    def send(made: fuzzing.Made) -> Reply:
        request = local_stack.http.build_request(
            made.method,
            f"{local_stack.url}{made.path}" + (f"?{made.query}" if made.query else ""),
            headers=made.headers | {"Authorization": f"Bearer {key}"},
            content=made.body,
        )
        sent.append(made.path)
        return _reply(local_stack.http.send(request))

    for operation in all_operations():
        fuzzing.check(operation, EXAMPLES, send)

    assert len(sent) > len(all_operations())


def _reply(answer: httpx.Response) -> Reply:
    return Reply(answer.status_code, answer.text, dict(answer.headers))
