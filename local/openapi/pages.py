"""Write the description as pages that can be read without running anything: docs/api/."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..workspace import ROOT

type Json = dict[str, Any]

FOLDER = ROOT / "docs" / "api"


def build(document: Json) -> dict[str, str]:
    """Return the pages by file name: one for each kind of thing, and a list of them."""
    pages = {f"{_slug(tag['name'])}.md": _page(document, tag) for tag in document["tags"]}
    return pages | {"README.md": _contents(document)}


def _slug(tag: str) -> str:
    return tag.lower().replace(" ", "-")


def _contents(document: Json) -> str:
    lines = ["# The API", "", "Made by `make openapi`; do not edit.", ""]
    lines += [document["info"]["description"], ""]
    for tag in document["tags"]:
        lines.append(f"- [{tag['name']}]({_slug(tag['name'])}.md): {tag['description']}")
    return "\n".join(lines) + "\n"


def _page(document: Json, tag: Json) -> str:
    lines = [f"# {tag['name']}", "", tag["description"], ""]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if tag["name"] in operation["tags"]:
                lines += _operation(document, f"{method.upper()} {path}", operation)
    return "\n".join(lines).rstrip() + "\n"


def _operation(document: Json, route: str, operation: Json) -> Iterator[str]:
    yield from (f"## {operation['summary']}", "", f"`{route}`", "")
    if operation["description"]:
        yield from (operation["description"], "")
    yield from _parameters(operation.get("parameters", []))
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield from _example("Request:", media)
    for status, reply in operation["responses"].items():
        yield from _reply(document, status, reply)
    yield ""


def _parameters(parameters: list[Json]) -> Iterator[str]:
    if not parameters:
        return
    yield from ("| parameter | in | |", "|---|---|---|")
    for parameter in parameters:
        text = _cell(parameter.get("description", ""))
        yield f"| `{parameter['name']}` | {parameter['in']} | {text} |"
    yield ""


def _reply(document: Json, status: str, reply: Json) -> Iterator[str]:
    if "$ref" in reply:
        name = reply["$ref"].rpartition("/")[2]
        said = document["components"]["responses"][name]["description"]
        yield f"- {status}: {_cell(said)}"
        return
    yield from (f"**{status}** {reply['description']}", "")
    for media in reply.get("content", {}).values():
        yield from _example("", media)


def _example(title: str, media: Json) -> Iterator[str]:
    if "example" in media:
        text = json.dumps(media["example"], indent=2, ensure_ascii=False)
        yield from ([title, ""] if title else [])
        yield from ("```json", text, "```", "")


def _cell(text: str) -> str:
    return re.sub(r"\s*\n", "; ", text).replace("|", "\\|")
