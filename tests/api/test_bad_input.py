"""Whatever is sent, the API answers as described, and never with a fault of its own."""

import pytest
from schemathesis import GenerationMode

from tests.api import fuzzing, world
from tests.api.document import Operation, all_operations, problems
from tests.api.gateway import Gateway

OPERATIONS = [pytest.param(operation, id=operation.name) for operation in all_operations()]


def check(gateway: Gateway, operation: Operation, examples: int) -> None:
    token = world.token(gateway.app, operation)

    def try_one(made: fuzzing.Made) -> None:
        reply = gateway.send(
            made.method,
            made.path,
            query=made.query,
            headers=made.headers | {"Authorization": f"Bearer {token}"},
            body=made.body,
        )
        assert reply.status < 500, f"{made}: {reply.text[:500]}"
        # Generated values may make a path into one that does not exist.
        if reply.status != 404 or "no such route" not in reply.text:
            assert problems(operation, reply) == [], made

    fuzzing.each(operation, GenerationMode.POSITIVE, examples, try_one)
    # Where nothing is taken, nothing can be wrong.
    if operation.takes_something:
        fuzzing.each(operation, GenerationMode.NEGATIVE, examples, try_one)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_request_is_answered_as_described(gateway: Gateway, operation: Operation) -> None:
    check(gateway, operation, examples=10)


@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_of_many_requests_is_answered_as_described(
    gateway: Gateway, operation: Operation
) -> None:
    check(gateway, operation, examples=300)
