"""Whatever is sent, the API answers as described, and never with a fault of its own."""

import pytest

from tests.api import fuzzing, world
from tests.api.document import Operation, all_operations
from tests.api.gateway import Gateway, Reply

OPERATIONS = [pytest.param(operation, id=operation.name) for operation in all_operations()]


def check(gateway: Gateway, operation: Operation, examples: int) -> None:
    token = world.token(gateway.app, operation)

    def send(made: fuzzing.Made) -> Reply:
        return gateway.send(
            made.method,
            made.path,
            query=made.query,
            headers=made.headers | {"Authorization": f"Bearer {token}"},
            body=made.body,
        )

    fuzzing.check(operation, examples, send)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_request_is_answered_as_described(gateway: Gateway, operation: Operation) -> None:
    check(gateway, operation, examples=10)


@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_of_many_requests_is_answered_as_described(
    gateway: Gateway, operation: Operation
) -> None:
    check(gateway, operation, examples=300)
