"""Requests that nobody would write by hand, made from the description by Schemathesis."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from tests import figures
from tests.api.document import Operation, document, problems
from tests.api.gateway import Reply

type Json = dict[str, Any]

HOST = "http://api.example"


@dataclass(frozen=True)
class Made:
    """A request: `url` is the path and the query as they go over the wire."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


def check(operation: Operation, examples: int, send: Callable[[Made], Reply]) -> None:
    """Send so many requests that fit the description, and as many that do not.

    Each must be answered as described, and none with a fault of the API's own.
    """

    def try_one(made: Made) -> None:
        reply = send(made)
        figures.count("odd requests answered")
        assert reply.status < 500, f"{made}: {reply.text[:500]}"
        # Generated values may make a path into one that does not exist.
        if reply.status != 404 or "no such route" not in reply.text:
            assert problems(operation, reply) == [], made

    each(operation, GenerationMode.POSITIVE, examples, try_one)
    # Where nothing is taken, nothing can be wrong.
    if operation.takes_something:
        each(operation, GenerationMode.NEGATIVE, examples, try_one)


@cache
def _operations() -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig())
    found = (operation.ok() for operation in schema.get_all_operations())
    return {f"{op.method.lower()} {op.path}": op for op in found}


def each(
    operation: Operation, mode: GenerationMode, examples: int, try_one: Callable[[Made], None]
) -> None:
    """Try so many requests to an operation, always the same ones.

    Valid ones go to the things that the examples speak of, so that they come past 404.
    """
    ours = _operations()[f"{operation.method} {operation.path}"]
    known: Json = {}
    if mode is GenerationMode.POSITIVE and (path := operation.path_parameters):
        known = {"path_parameters": path}

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @seed(20261121)
    @given(case=ours.as_strategy(generation_mode=mode, **known))
    def run(case: Any) -> None:
        try_one(_made(case))

    run()


def _made(case: Any) -> Made:
    sent = case.as_transport_kwargs(base_url=HOST)
    headers = {str(name): str(value) for name, value in sent.pop("headers").items()}
    for name in ("cookies", "timeout", "allow_redirects", "verify"):
        sent.pop(name, None)
    ready = requests.Request(**sent).prepare()
    path, _, query = ready.path_url.partition("?")
    body = ready.body or b""
    kind = ready.headers.get("Content-Type")
    return Made(
        str(ready.method),
        path,
        query,
        ({"Content-Type": str(kind)} if kind else {})
        | {name: v for name, v in headers.items() if name.lower() != "authorization"},
        body.encode() if isinstance(body, str) else body,
    )
