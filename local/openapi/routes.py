"""Find every route of the API: in the template, and in the functions that serve them."""

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from ..workspace import ROOT

type Json = dict[str, Any]

_SCOPE = re.compile(r'authorized\(\s*\w+,\s*(?:"([a-z_:-]+)"|([\w.]+))')
_KEY = re.compile(r"\bidempotency_key\(")


@dataclass(frozen=True)
class TemplateRoute:
    """A route that the template gives to a function, or answers by itself."""

    method: str
    path: str
    function: str | None
    module: str | None
    """Where the handler is."""
    is_open: bool

    @property
    def key(self) -> tuple[str, str]:
        """Return what makes it the same route elsewhere, whatever its parameters are called."""
        return self.method, nameless(self.path)


@dataclass(frozen=True)
class CodeRoute:
    """A route as its function declares it; `route` is Powertools' own."""

    function: str
    route: Any

    @property
    def method(self) -> str:
        """Return the method, in the description's lower case."""
        return str(self.route.method).lower()

    @property
    def path(self) -> str:
        """Return the path with its parameters in braces."""
        return str(self.route.openapi_path)

    @property
    def key(self) -> tuple[str, str]:
        """Return what makes it the same route elsewhere, whatever its parameters are called."""
        return self.method, nameless(self.path)

    @property
    def scope(self) -> str | None:
        """Return the scope that the handler asks for, read where it does so."""
        found = _SCOPE.search(self._source)
        if found is None:
            return None
        return found[1] or str(self._constant(found[2]))

    @property
    def takes_idempotency_key(self) -> bool:
        """Return whether the handler reads the header Idempotency-Key."""
        return bool(_KEY.search(self._source))

    def _constant(self, name: str) -> Any:
        """Return what a handler's module knows by a name, which may have dots."""
        first, _, rest = name.partition(".")
        value = inspect.unwrap(self.route.func).__globals__[first]
        return attrgetter(rest)(value) if rest else value

    @property
    def _source(self) -> str:
        return inspect.getsource(inspect.unwrap(self.route.func))


def nameless(path: str) -> str:
    """Return a path with its parameters' names left out."""
    return re.sub(r"\{[^}]+\}", "{}", path)


def template() -> Json:
    """Return the template as it stands in the repository."""
    parsed: Json = yaml_parse((ROOT / "template.yaml").read_text())
    return parsed


def template_routes(parsed: Json) -> list[TemplateRoute]:
    """List every route of the deployed API."""
    return [*_of_functions(parsed), *_of_the_gateway(parsed)]


def _of_functions(parsed: Json) -> Iterator[TemplateRoute]:
    for name, resource in parsed["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"]
        handler = properties.get("Handler", parsed["Globals"]["Function"]["Handler"])
        # A folder of code is a package here, and the handler's module may lie deeper in it.
        module = ".".join([*Path(properties["CodeUri"]).parts, handler.rpartition(".")[0]])
        for event in properties.get("Events", {}).values():
            if event["Type"] != "Api":
                continue
            at = event["Properties"]
            is_open = at.get("Auth", {}).get("Authorizer") == "NONE"
            yield TemplateRoute(at["Method"], at["Path"], name, module, is_open)


def _of_the_gateway(parsed: Json) -> Iterator[TemplateRoute]:
    paths = parsed["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"]
    for path, operations in paths.items():
        for method in operations:
            yield TemplateRoute(method, path, None, None, True)


def resolvers() -> dict[str, Any]:
    """Return the resolver of each function that has one, by the function's folder."""
    found = {}
    for app in sorted((ROOT / "functions").glob("*/app.py")):
        module = importlib.import_module(f"functions.{app.parent.name}.app")
        if hasattr(module, "api"):
            found[app.parent.name] = module.api
    return found


def code_routes() -> list[CodeRoute]:
    """List every route that a function declares."""
    return [
        CodeRoute(function, route)
        for function, resolver in resolvers().items()
        # Powertools lists them only in its own description, which knows less of each.
        for route in (*resolver._static_routes, *resolver._dynamic_routes)
    ]
