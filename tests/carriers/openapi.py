"""Hold a request and its answer against a carrier's own OpenAPI document."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property, reduce
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import yaml
from jsonschema.protocols import Validator
from openapi_schema_validator import (
    OAS30Validator,
    OAS31Validator,
    oas30_format_checker,
    oas31_format_checker,
)
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.carriers.lab import Exchange

type Json = dict[str, Any]
type Where = tuple[str, ...]

_DOCUMENT = "urn:description"


@dataclass
class Description:
    """A carrier's OpenAPI documents; `prefix` is what the sandbox puts before their paths."""

    files: tuple[Path, ...]
    prefix: str
    used: set[str] = field(default_factory=set)
    """The operations that were seen, as "GET /path"."""

    @cached_property
    def document(self) -> Json:
        """Return the documents as one, read once."""
        # JSON is YAML too, but is read faster as what it is.
        read = [
            json.loads(file.read_text())
            if file.suffix == ".json"
            else yaml.safe_load(file.read_text())
            for file in self.files
        ]
        return reduce(_joined, read)

    def problems(self, exchange: Exchange) -> list[str]:
        """List everything in a request and its answer that the document does not allow."""
        template, values = self._path(exchange.path.removeprefix(self.prefix))
        label = f"{exchange.method} {template}"
        where: Where = ("paths", template, exchange.method.lower())
        if exchange.method.lower() not in self.document["paths"].get(template, {}):
            return [f"{label}: not described"]
        self.used.add(label)
        found = [
            *self._parameters(where, "path", values),
            *self._parameters(where, "query", _form(exchange.query)),
            *self._body(where, exchange),
            *self._answer(where, exchange),
        ]
        return [f"{label} ({exchange.status}): {problem}" for problem in found]

    def event_problems(self, event: Json) -> list[str]:
        """List everything in a webhook's JSON body that the document does not allow."""
        kind = event["data"]["event_type"]
        for name in self.document["webhooks"]:
            body = ("webhooks", name, "post", "requestBody", "content", "application/json")
            data, _ = self._resolved((*self._resolved((*body, "schema"))[0], "properties", "data"))
            event_type = self._property(data, "event_type")
            if kind in event_type.get("enum", [event_type.get("example")]):
                found = self._misfits((*body, "schema"), event, "event")
                return [f"{kind}: {problem}" for problem in found]
        return [f"{kind}: not described"]

    def _property(self, at: Where, name: str) -> Json:
        """Return a property's schema, from wherever it is put together."""
        at, schema = self._resolved(at)
        if name in schema.get("properties", {}):
            return self._resolved((*at, "properties", name))[1]
        parts = [
            self._property((*at, "allOf", str(n)), name)
            for n, _ in enumerate(schema.get("allOf", []))
        ]
        return next((part for part in parts if part), {})

    def _path(self, path: str) -> tuple[str, Json]:
        """Return the template that fits a path, most literal first, and its values."""
        fitting = []
        for template in self.document["paths"]:
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
            if fits := re.fullmatch(pattern, path):
                values = {name: unquote(value) for name, value in fits.groupdict().items()}
                fitting.append((len(values), template, values))
        if not fitting:
            return path, {}
        _, template, values = min(fitting, key=lambda found: found[0])
        return template, values

    def _parameters(self, where: Where, place: str, given: Json) -> Iterator[str]:
        described = {}
        for owner in (where, where[:-1]):
            for index in range(len(self._at(owner).get("parameters", []))):
                at, parameter = self._resolved((*owner, "parameters", str(index)))
                if parameter["in"] == place:
                    described[parameter["name"]] = (at, parameter)
        # Some brackets are part of a name, the others make an object.
        given = _nested(given, described.keys())
        for name in given.keys() - described.keys():
            yield f"{place} parameter {name} is not described"
        for name, (at, parameter) in described.items():
            if name in given:
                yield from self._misfits(
                    (*at, "schema"), given[name], f"{place} {name}", spelt=True
                )
            elif parameter.get("required"):
                yield f"{place} parameter {name} is missing"

    def _body(self, where: Where, exchange: Exchange) -> Iterator[str]:
        if "requestBody" not in self._at(where):
            if exchange.body:
                yield "a body is not described"
            return
        at, described = self._resolved((*where, "requestBody"))
        if not exchange.body:
            if described.get("required"):
                yield "the body is missing"
            return
        kind = exchange.headers.get("content-type", "").partition(";")[0]
        if kind not in described["content"]:
            yield f"a body of type {kind} is not described"
            return
        schema = (*at, "content", kind, "schema")
        if kind == "application/json":
            yield from self._misfits(schema, json.loads(exchange.body), "body", strict=True)
        else:
            form = _form(exchange.body.decode())
            yield from self._misfits(schema, form, "body", strict=True, spelt=True)

    def _answer(self, where: Where, exchange: Exchange) -> Iterator[str]:
        status = str(exchange.status)
        if status not in self._at((*where, "responses")):
            yield f"the answer's status {status} is not described"
            return
        at, described = self._resolved((*where, "responses", status))
        content = described.get("content", {})
        kind = exchange.answer_type.partition(";")[0]
        if not content:
            if exchange.answer:
                yield "the answer has a body that is not described"
        elif kind not in content:
            yield f"an answer of type {kind!r} is not described"
        else:
            answer = json.loads(exchange.answer)
            yield from self._misfits((*at, "content", kind, "schema"), answer, "answer")

    def _misfits(
        self, at: Where, value: Any, name: str, *, strict: bool = False, spelt: bool = False
    ) -> Iterator[str]:
        """Check a value; `spelt` is one that came as text, `strict` allows no unknown fields."""
        if spelt:
            value = self._read(at, value)
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in at)
        validator = self._validator({"$ref": f"{_DOCUMENT}#/{pointer}"})
        for error in validator.iter_errors(value):
            yield f"{name}{error.json_path[1:]}: {error.message[:200]}"
        if strict and isinstance(value, dict):
            known = self._fields(at)
            for unknown in value.keys() - known if known else ():
                yield f"{name}.{unknown} is not described"

    def _validator(self, schema: Json) -> Validator:
        new = self.document["openapi"].startswith("3.1")
        kind = OAS31Validator if new else OAS30Validator
        formats = oas31_format_checker if new else oas30_format_checker
        made: Validator = kind(schema, registry=self._registry, format_checker=formats)
        return made

    @cached_property
    def _registry(self) -> Registry[Any]:
        resource = Resource(contents=self.document, specification=DRAFT202012)
        return Registry().with_resource(_DOCUMENT, resource)

    def _read(self, at: Where, value: Any) -> Any:
        """Turn text into what the schema at a place wants, where it can be read as that."""
        at, schema = self._resolved(at)
        kinds = schema.get("type", ())
        kinds = [kinds] if isinstance(kinds, str) else list(kinds)
        if isinstance(value, dict):
            parts = schema.get("properties", {})
            return {
                name: self._read((*at, "properties", name), part) if name in parts else part
                for name, part in value.items()
            }
        if "array" in kinds and isinstance(value, str):
            return [value]
        if isinstance(value, str) and {"integer", "boolean", "number"} & set(kinds):
            return _literal(value)
        return value

    def _fields(self, at: Where) -> set[str]:
        at, schema = self._resolved(at)
        found = set(schema.get("properties", {}))
        for keyword in ("allOf", "oneOf", "anyOf"):
            for index in range(len(schema.get(keyword, []))):
                found |= self._fields((*at, keyword, str(index)))
        return found

    def _at(self, where: Where) -> Any:
        node: Any = self.document
        for part in where:
            node = node[int(part)] if isinstance(node, list) else node[part]
        return node

    def _resolved(self, where: Where) -> tuple[Where, Json]:
        """Follow references; return where they lead and what is there."""
        node = self._at(where)
        while "$ref" in node:
            parts = node["$ref"].removeprefix("#/").split("/")
            where = tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)
            node = self._at(where)
        return where, node


def _joined(first: Json, second: Json) -> Json:
    """Add a second document's paths and components, of which none may have the same name."""
    joined = first | {"paths": first["paths"] | second["paths"]}
    assert len(joined["paths"]) == len(first["paths"]) + len(second["paths"])
    kinds = first["components"].keys() | second["components"].keys()
    joined["components"] = {}
    for kind in kinds:
        mine, others = (it["components"].get(kind, {}) for it in (first, second))
        assert not mine.keys() & others.keys(), mine.keys() & others.keys()
        joined["components"][kind] = mine | others
    return joined


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _form(text: str) -> Json:
    """Read a form; a field that comes several times is a list."""
    found: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in found:
            found[name] = [
                *(found[name] if isinstance(found[name], list) else [found[name]]),
                value,
            ]
        else:
            found[name] = value
    return found


def _nested(flat: Json, whole: Collection[str]) -> Json:
    """Make objects of names like `filter[a][b]`, unless the name as a whole is described."""
    found: Json = {}
    for name, value in flat.items():
        path = [name] if name in whole else re.findall(r"[^\[\]]+", name)
        node = found
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = value
    return found
