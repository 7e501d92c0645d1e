"""The API's description, and a page to read it: constants, open to everybody.

Nothing is imported but Python's own, so that a cold start costs nothing. The page's scripts come
with Powertools, which the layer holds anyway.
"""

import html
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_JSON = "application/json"

_HEADERS = {
    "Cache-Control": "public, max-age=300",
    # The page loads its own files and nothing else, sends requests to this API alone, and is
    # framed by nobody. Swagger UI writes style attributes and draws its icons from data URLs.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_FILES = {
    "swagger-ui.js": ("text/javascript", "swagger-ui-bundle.min.js"),
    "swagger-ui.css": ("text/css", "swagger-ui.min.css"),
}
"""What the page loads, by the name that it has here, with its type and its name at Powertools."""

# The page may stand at /docs or /docs/, below a stage or not: it finds the rest by its own name.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Switchboard API</title>
<link rel="stylesheet" href="{here}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui">Loading …</div>
<noscript>This page needs scripts. The description itself is at openapi.json.</noscript>
<script src="{here}/swagger-ui.js"></script>
<script src="{here}/start.js"></script>
</body>
</html>
"""
_START = """"use strict";
SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  validatorUrl: null,
});
"""


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer with one of the files."""
    # REST's `resource` is the route as the template has it, below whatever stage and domain.
    route, name = _text(event, "resource"), _text(event, "pathParameters", "file")
    if route == "/openapi.json":
        return _reply(_JSON, _description())
    if route == "/docs":
        # The stage is part of the path only under the API's own name, not under a mapped domain.
        here = _text(event, "requestContext", "path").rstrip("/")
        return _reply("text/html", _PAGE.format(here=html.escape(here)))
    if name == "start.js":
        return _reply("text/javascript", _START)
    if name in _FILES:
        kind, theirs = _FILES[name]
        return _reply(kind, _asset(theirs))
    return _missing(_text(event, "requestContext", "requestId"))


def _text(event: Any, *names: str) -> str:
    # Whatever else somebody may have put there is as good as nothing.
    for name in names:
        event = event.get(name) if isinstance(event, dict) else None
    return event if isinstance(event, str) else ""


@cache
def _description() -> str:
    # Kept in lines for people who read its changes; sent without them.
    return json.dumps(json.loads((_HERE / "openapi.json").read_text()), separators=(",", ":"))


@cache
def _asset(name: str) -> str:
    # The package is found, not imported: that would cost a hundred times the reading.
    found = find_spec("aws_lambda_powertools")
    assert found is not None
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0]) / "event_handler/openapi/swagger_ui"
    return (folder / name).read_text()


def _reply(kind: str, body: str, status: int = 200) -> dict[str, Any]:
    content_type = kind if kind == _JSON else f"{kind}; charset=utf-8"
    return {
        "statusCode": status,
        "headers": _HEADERS | {"Content-Type": content_type},
        "body": body,
        "isBase64Encoded": False,
    }


def _missing(request_id: str) -> dict[str, Any]:
    detail = "There is no such file: the page is at /docs, the description at /openapi.json."
    body = {"detail": detail, "code": "not_found", "request_id": request_id}
    return _reply(_JSON, json.dumps(body), 404)
