"""Every example of the description works as it stands, and is answered as described."""

import pytest

from tests.api import world
from tests.api.document import Operation, document, for_customers, misfits, problems, request
from tests.api.gateway import Gateway

OPERATIONS = [
    pytest.param(operation, n, id=f"{operation.name}-{n}" if n else operation.name)
    for operation in for_customers()
    for n in range(len(operation.bodies))
]


@pytest.mark.parametrize(("operation", "n"), OPERATIONS)
def test_an_example_is_carried_out_and_answered_as_described(
    gateway: Gateway, operation: Operation, n: int
) -> None:
    world.prepare(gateway.app, operation)

    reply = request(gateway, operation, world.token(gateway.app, operation), n)

    # A recording is heard by following a link.
    assert 200 <= reply.status < 300 or reply.status == 302, (
        f"{operation.name}: {reply.status} {reply.text[:500]}"
    )
    assert problems(operation, reply) == []


@pytest.mark.parametrize("path", list(document()["paths"]))
def test_examples_have_the_form_that_is_described(path: str) -> None:
    wrong = []
    for method, operation in document()["paths"][path].items():
        at = f"/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}"
        body = operation.get("requestBody", {}).get("content", {})
        replies = {
            f"responses/{status}/content/{kind}": media
            for status, reply in operation["responses"].items()
            for kind, media in reply.get("content", {}).items()
        }
        given = {f"requestBody/content/{kind}": media for kind, media in body.items()} | replies
        for where, media in given.items():
            if "example" in media:
                kind = where.partition("content/")[2]
                place = where.replace(kind, kind.replace("/", "~1"))
                pointer = f"{at}/{place}/schema".replace("{", "%7B").replace("}", "%7D")
                wrong += [f"{method} {where}: {w}" for w in misfits(pointer, media["example"])]
    assert wrong == []
