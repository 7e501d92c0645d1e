"""Make the one document, and hold it against the template's routes."""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from switchboard import description

from ..problem import Problem
from ..workspace import ROOT
from . import operations, routes
from .routes import CodeRoute
from .schemas import Schemas
from .webhooks import OPERATIONS

type Json = dict[str, Any]

FILE = ROOT / "functions" / "api_docs" / "openapi.json"

_ABOUT = """Phone numbers, calls and the assistants that speak in them: the Burki telephony API, \
and beside it Switchboard's own finer words.

Send `Authorization: Bearer <API key>`. Numbers are E.164, times are UTC, durations are seconds. \
Errors are `{"detail": …, "code": …, "request_id": …}`: `detail` says what to do next, `code` is \
stable. A path may end in a slash."""
TAGS = {
    "Phone numbers": "Search, buy, assign and release numbers.",
    "Number assignment": "Say which assistant or flow answers a number.",
    "Calls": "Place calls, find them, take hold of them.",
    "Text messages": "Sending them, and how far they have come.",
    "Events": "What happened, what has not arrived, and having it sent again.",
    "Webhooks": "Who is told, and how they verify it.",
    "Assistants": "Who answers.",
    "Flows": "Conversation graphs.",
    "Organization": "Your own organization and its carrier accounts.",
    "SIP trunks": "Your own telephone lines.",
    "API keys": "Who may do what.",
    "Audit": "Who changed what.",
    "For the carriers": "Webhooks: signed by the carriers, for nobody else.",
    "This description": "Open to everybody.",
}
_SECURITY = {
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of the organization: `switchboard tokens create`. Each route "
        "names the scope that it needs; `admin` includes all.",
    },
    "session": {
        "type": "http",
        "scheme": "bearer",
        "description": "The session token that came with a call's media stream.",
    },
}


def build() -> Json:
    """Return the whole description; raise Problem when a route of the template is not in it."""
    declared = routes.code_routes()
    deployed = routes.template_routes(routes.template())
    is_open = {route.key for route in deployed if route.is_open}
    schemas = Schemas()
    for route in declared:
        operations.want(schemas, route)
    for name, model in sorted(description.models.items()):
        schemas.want(f"reply {name}", model)
    schemas.build()
    _name_replies(schemas)
    paths: dict[str, Json] = {}
    for name, route in _named(declared):
        made = operations.operation(schemas, route, name, is_open=route.key in is_open)
        paths.setdefault(route.path, {})[route.method] = made
    for (method, path), made in OPERATIONS.items():
        paths.setdefault(path, {})[method] = made
    compare(paths, deployed)
    return _document(paths, _used(paths, schemas.components))


def text(document: Json) -> str:
    """Return the document as it is kept: in lines, so that a change shows what changed."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _document(paths: Json, components: Json) -> Json:
    shared = _share_refusals(paths)
    used = {tag for path in paths.values() for made in path.values() for tag in made["tags"]}
    order = [*(tag for tag in TAGS if tag in used), *sorted(used - TAGS.keys())]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Switchboard", "version": "1", "description": _ABOUT},
        # Beside this document, under whatever name and stage it is served.
        "servers": [{"url": "./"}],
        "tags": [{"name": tag, "description": TAGS.get(tag, tag)} for tag in order],
        "security": [{"api_key": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": _SECURITY,
            "responses": shared,
            "schemas": dict(sorted(components.items())),
        },
    }


def _used(paths: Json, components: Json) -> Json:
    """Leave out what nothing refers to: models that only held a route's parameters."""
    found: Json = {}
    texts = [json.dumps(paths)]
    while texts:
        for name in re.findall(r'"#/components/schemas/([^"]+)"', texts.pop()):
            if name not in found:
                found[name] = components[name]
                texts.append(json.dumps(components[name]))
    return found


def _name_replies(schemas: Schemas) -> None:
    """Put every reply's shape among the components, where routes refer to it."""
    for name in description.models:
        found = schemas.of(f"reply {name}")
        if found != {"$ref": f"#/components/schemas/{name}"}:
            schemas.components.setdefault(name, found)


def _named(declared: list[CodeRoute]) -> Iterator[tuple[str, CodeRoute]]:
    """Name each route after its handler; further paths of the same one are its aliases."""
    seen: dict[Any, int] = {}
    ordered = sorted(declared, key=lambda route: not route.path.startswith("/api/v1/"))
    for route in ordered:
        handler = route.route.func
        seen[handler] = count = seen.get(handler, 0) + 1
        suffix = {1: "", 2: "_alias"}.get(count, f"_alias{count - 1}")
        yield handler.__name__ + suffix, route


def _share_refusals(paths: Json) -> Json:
    """Describe each refusal once: move it to the components, and refer to it there."""
    shared: Json = {}
    for made in (made for path in paths.values() for made in path.values()):
        for status, reply in made["responses"].items():
            if int(status) >= HTTPStatus.BAD_REQUEST:
                name = _refusal_name(status, reply, shared)
                shared[name] = reply
                made["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(shared.items()))


def _refusal_name(status: str, reply: Json, shared: Json) -> str:
    codes = re.findall(r"^`([a-z_]+)`", reply["description"], re.MULTILINE)
    name = "-".join([status, *codes])
    while shared.get(name, reply) != reply:
        name += "-other"
    return name


def compare(paths: Json, deployed: list[routes.TemplateRoute]) -> None:
    """Raise Problem unless the described paths are those of the template."""
    described = {(method, routes.nameless(path)) for path, made in paths.items() for method in made}
    wanted = {route.key for route in deployed}
    for missing, what in (
        (wanted - described, "are in template.yaml and have no code that declares them"),
        (described - wanted, "are declared and not in template.yaml"),
    ):
        if missing:
            names = ", ".join(f"{method.upper()} {path}" for method, path in sorted(missing))
            raise Problem(f"These routes {what}: {names}.")
