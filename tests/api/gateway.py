"""API Gateway in process: the template's routes, its authorizer and its own answers.

What a test sends goes the way of a deployed request: route, authorizer, event, function. It is
also a WSGI application, for clients and tools that speak HTTP.
"""

import importlib
import inspect
import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from local.openapi.routes import TemplateRoute, template, template_routes
from switchboard.app import App
from switchboard.errors import ServiceUnavailable
from tests.functions.events import Context

type Json = dict[str, Any]

STAGE = "v1"
REQUEST_ID = "5f6d7c1e-0000-4000-8000-000000000001"


@dataclass
class Reply:
    """What came back."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """Return the body, read."""
        return json.loads(self.text)

    @property
    def kind(self) -> str:
        """Return the content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0]


@dataclass
class Gateway:
    """The deployed API on an App in memory."""

    app: App
    # Read once: reading takes longer than most tests, and nobody changes it.
    template: Json = field(default_factory=cache(template))

    def __post_init__(self) -> None:
        self.routes = template_routes(self.template)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Send a request; `path` is as it stands in a URL, percent signs and all."""
        route = self._route(method, path.rstrip("/") or "/")
        if route is None:
            return self._own("MISSING_AUTHENTICATION_TOKEN")
        event = _event(route, method, path, query, headers or {}, body)
        if not route.is_open:
            try:
                identity = self._identity(event)
            except ServiceUnavailable:
                return self._own("AUTHORIZER_CONFIGURATION_ERROR")
            if identity is None:
                return self._own("UNAUTHORIZED")
            event["requestContext"]["authorizer"] = identity
        if route.function is None:
            return self._mocked(route)
        return self._invoke(route, event)

    def __call__(self, environ: Json, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        headers = {
            name[5:].replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        raw = environ.get("RAW_URI") or quote(environ["PATH_INFO"].encode("latin-1"), safe="/%")
        reply = self.send(
            environ["REQUEST_METHOD"],
            raw.partition("?")[0],
            query=environ.get("QUERY_STRING", ""),
            headers=headers,
            body=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        )
        status = f"{reply.status} {HTTPStatus(reply.status).phrase}"
        start_response(status, list(reply.headers.items()))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else reply.text.encode()]

    def _route(self, method: str, path: str) -> TemplateRoute | None:
        """Return the route that a path takes: the one with the most literal words."""
        fitting = [
            route
            for route in self.routes
            if route.method == method.lower() and _pattern(route).fullmatch(path)
        ]
        return min(fitting, key=lambda route: route.path.count("{"), default=None)

    def _identity(self, event: Json) -> Json | None:
        settings = self.template["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"]
        given = str(_header(event, "Authorization") or "")
        if not re.fullmatch(settings["ApiToken"]["Identity"]["ValidationExpression"], given):
            return None
        authorizer = importlib.import_module("functions.authorizer.app")
        request = {"type": "TOKEN", "methodArn": "arn:x", "authorizationToken": given}
        try:
            allowed = authorizer.lambda_handler(request, Context(), lambda: self.app)
        except Exception as error:
            if str(error) != "Unauthorized":
                raise
            return None
        context: Json = allowed["context"]
        return context | {"principalId": allowed["principalId"]}

    def _invoke(self, route: TemplateRoute, event: Json) -> Reply:
        handler = importlib.import_module(str(route.module)).lambda_handler
        properties = self.template["Resources"][route.function]["Properties"]
        variables = properties.get("Environment", {}).get("Variables", {})
        # What the template refers to is made by AWS: tests name their own.
        os.environ.update({name: v for name, v in variables.items() if isinstance(v, str)})
        takes_app = "app" in inspect.signature(handler).parameters
        # As Lambda does: what cannot be written as JSON is an error.
        event = json.loads(json.dumps(event))
        answer = handler(event, Context(), *([lambda: self.app] if takes_app else []))
        answer = json.loads(json.dumps(answer))
        headers = {name.lower(): str(v) for name, v in (answer.get("headers") or {}).items()}
        for name, values in (answer.get("multiValueHeaders") or {}).items():
            headers[name.lower()] = str(values[-1])
        return Reply(answer["statusCode"], answer.get("body") or "", headers)

    def _own(self, kind: str) -> Reply:
        said = self.template["Resources"]["Api"]["Properties"]["GatewayResponses"][kind]
        text = said["ResponseTemplates"]["application/json"]
        given = said.get("ResponseParameters", {}).get("Headers", {})
        headers = {name.lower(): value.strip("'") for name, value in given.items()}
        return Reply(
            said["StatusCode"],
            text.replace("$context.requestId", REQUEST_ID),
            headers | {"content-type": "application/json"},
        )

    def _mocked(self, route: TemplateRoute) -> Reply:
        body = self.template["Resources"]["Api"]["Properties"]["DefinitionBody"]
        operation = body["paths"][route.path][route.method]
        said = operation["x-amazon-apigateway-integration"]["responses"]["default"]
        [(kind, text)] = said["responseTemplates"].items()
        return Reply(int(said["statusCode"]), text, {"content-type": kind})


def _pattern(route: TemplateRoute) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(route.path)))


def _header(event: Json, wanted: str) -> str | None:
    found = (v for name, v in event["headers"].items() if name.lower() == wanted.lower())
    return next(found, None)


def _event(
    route: TemplateRoute, method: str, path: str, query: str, headers: Json, body: bytes
) -> Json:
    fits = _pattern(route).fullmatch(path.rstrip("/") or "/")
    named = {name: unquote(value) for name, value in (fits.groupdict() if fits else {}).items()}
    asked = parse_qs(query, keep_blank_values=True)
    return {
        "resource": route.path,
        "path": path,
        "httpMethod": method.upper(),
        "headers": headers or {},
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in asked.items()} or None,
        "multiValueQueryStringParameters": asked or None,
        "pathParameters": named or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route.path,
            "httpMethod": method.upper(),
            "path": f"/{STAGE}{path}",
            "stage": STAGE,
            "requestId": REQUEST_ID,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "test"},
        },
        "body": body.decode(errors="replace") if body else None,
        "isBase64Encoded": False,
    }
