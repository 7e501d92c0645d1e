"""The API's description and the page that shows it, driven by the files in events/."""

import json
import re
from typing import Any

import pytest

from functions.api_docs.app import lambda_handler
from tests.functions.events import Context, load

type Json = dict[str, Any]


def get(name: str, **changes: Any) -> Json:
    return lambda_handler(load(f"api_docs/{name}", **changes), Context())


def directives(reply: Json) -> dict[str, list[str]]:
    policy = reply["headers"]["Content-Security-Policy"]
    return {name: values for name, *values in map(str.split, policy.split(";"))}


def test_the_description_is_served_to_everybody() -> None:
    reply = get("description")

    assert reply["statusCode"] == 200
    assert reply["headers"]["Content-Type"] == "application/json"
    assert json.loads(reply["body"])["openapi"] == "3.1.0"


def test_the_page_loads_nothing_from_another_host() -> None:
    page = get("page")["body"]

    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded == ["/v1/docs/swagger-ui.css", "/v1/docs/swagger-ui.js", "/v1/docs/start.js"]
    assert "//" not in page.replace("<!DOCTYPE html>", "")


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/v1/docs"])
def test_the_page_finds_its_files_wherever_it_stands(path: str) -> None:
    event = load("api_docs/page")
    context = event["requestContext"] | {"path": path}

    page = get("page", requestContext=context)["body"]

    assert f'"{path.rstrip("/")}/start.js"' in page


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        ("swagger-ui.js", "text/javascript", "SwaggerUIBundle"),
        ("swagger-ui.css", "text/css", ".swagger-ui"),
        ("start.js", "text/javascript", "openapi.json"),
    ],
)
def test_the_page_gets_what_it_loads(name: str, kind: str, word: str) -> None:
    reply = get("file", pathParameters={"file": name})

    assert reply["statusCode"] == 200
    assert reply["headers"]["Content-Type"] == f"{kind}; charset=utf-8"
    assert word in reply["body"]
    assert len(reply["body"]) < 6_000_000  # what a reply of Lambda holds


@pytest.mark.parametrize("name", ["../app.py", "app.py", "openapi.json", "swagger-ui.js.map", ""])
def test_nothing_else_is_served(name: str) -> None:
    reply = get("file", pathParameters={"file": name})

    assert reply["statusCode"] == 404
    assert json.loads(reply["body"])["code"] == "not_found"


@pytest.mark.parametrize("name", ["description", "page", "file"])
def test_scripts_run_only_from_here_and_nobody_frames_the_page(name: str) -> None:
    reply = get(name)

    allowed = directives(reply)
    assert allowed["default-src"] == ["'none'"]
    assert allowed["script-src"] == allowed["connect-src"] == ["'self'"]
    assert allowed["frame-ancestors"] == ["'none'"]
    assert reply["headers"]["X-Content-Type-Options"] == "nosniff"
    assert "<script>" not in reply["body"] or name == "file"
