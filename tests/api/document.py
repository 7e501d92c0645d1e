"""The committed description, read strictly: a reply may hold nothing that is not described."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from openapi_schema_validator import OAS31Validator, oas31_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from local.openapi.document import FILE
from tests.api.gateway import Gateway, Reply

type Json = dict[str, Any]

_DOCUMENT = "urn:description"


@dataclass(frozen=True)
class Operation:
    """One operation of the description."""

    method: str
    path: str
    described: Json

    @property
    def name(self) -> str:
        """Return its operationId."""
        return str(self.described["operationId"])

    @property
    def scopes(self) -> list[str]:
        """Return the scopes of an API key that it asks for; none where no key is asked for."""
        return [scope for way in self.described["security"] for scope in way.get("api_key", ())]

    @property
    def wants_key(self) -> bool:
        """Return whether it asks for an API key."""
        return any("api_key" in way for way in self.described["security"])

    @property
    def url(self) -> str:
        """Return the path with its parameters' examples in it."""
        path = self.path
        for parameter in self._parameters("path"):
            value = quote(str(parameter["example"]), safe="")
            path = path.replace("{" + parameter["name"] + "}", value)
        return path

    @property
    def takes_something(self) -> bool:
        """Return whether a request holds anything but its path and the key."""
        return "requestBody" in self.described or bool(self.described.get("parameters"))

    @property
    def path_parameters(self) -> Json:
        """Return the examples of what stands in the path."""
        return {p["name"]: str(p["example"]) for p in self._parameters("path")}

    @property
    def query(self) -> str:
        """Return what must stand in the query, and what has an example."""
        given = {p["name"]: p["example"] for p in self._parameters("query") if "example" in p}
        return urlencode(given, doseq=True)

    @property
    def bodies(self) -> list[tuple[str, Any]]:
        """Return an example of each kind of body, with its type; ("", None) without a body."""
        content = self.described.get("requestBody", {}).get("content", {})
        return [(kind, media["example"]) for kind, media in content.items()] or [("", None)]

    def _parameters(self, place: str) -> Iterator[Json]:
        for parameter in self.described.get("parameters", ()):
            if parameter["in"] == place:
                yield parameter


@cache
def document() -> Json:
    """Return the description as it is committed."""
    found: Json = json.loads(FILE.read_text())
    return found


def all_operations() -> list[Operation]:
    """List the description's operations."""
    return [
        Operation(method, path, described)
        for path, operations in document()["paths"].items()
        for method, described in operations.items()
    ]


def for_customers() -> list[Operation]:
    """List the operations that a customer or a runtime uses."""
    return [op for op in all_operations() if op.described["security"]]


def request(gateway: Gateway, operation: Operation, token: str, n: int = 0) -> Reply:
    """Send an operation's example; `n` says which kind of body."""
    kind, example = operation.bodies[n]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = b""
    if kind:
        headers["Content-Type"] = kind
        form = kind == "application/x-www-form-urlencoded"
        body = (urlencode(example) if form else json.dumps(example)).encode()
    return gateway.send(
        operation.method, operation.url, query=operation.query, headers=headers, body=body
    )


def problems(operation: Operation, reply: Reply) -> list[str]:
    """List everything in a reply that the description does not say."""
    described = operation.described["responses"].get(str(reply.status))
    if described is None:
        return [f"the status {reply.status} is not described: {reply.text[:300]}"]
    at = f"/paths/{_escaped(operation.path)}/{operation.method}/responses/{reply.status}"
    if "$ref" in described:
        at = described["$ref"].removeprefix("#")
        described = document()["components"]["responses"][at.rpartition("/")[2]]
    content = described.get("content", {})
    if not content:
        return []
    if reply.kind not in content:
        return [f"the content type {reply.kind!r} is not described"]
    if reply.kind != "application/json":
        return []
    return misfits(f"{at}/content/{_escaped(reply.kind)}/schema", reply.json)


def misfits(pointer: str, value: Any) -> list[str]:
    """List what is wrong with a value that shall fit the schema at `pointer`."""
    schema = {"$ref": f"{_DOCUMENT}#{pointer}"}
    validator: Any = OAS31Validator(
        schema, registry=_registry(), format_checker=oas31_format_checker
    )
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


@cache
def _registry() -> Registry[Any]:
    resource = Resource(contents=_strict(document()), specification=DRAFT202012)
    return Registry().with_resource(_DOCUMENT, resource)


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(part) for part in node]
    if not isinstance(node, dict):
        return node
    strict = {name: _strict(part) for name, part in node.items()}
    if strict.get("type") == "object" and isinstance(strict.get("properties"), dict):
        strict.setdefault("additionalProperties", False)
    return strict


def _escaped(part: str) -> str:
    # A JSON pointer in a URI's fragment.
    return quote(part.replace("~", "~0").replace("/", "~1"), safe="~")
