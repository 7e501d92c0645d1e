"""What an organization says about itself, and its settings."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import InvalidRequest, InvalidSettings
from ..model import Organization
from .limits import replaced
from .names import named, text
from .urls import stream_url

# The row is read for every call that is placed.
_MOST_BYTES = 16 * 1024
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}")


def changed(organization: Organization, given: Mapping[str, Any]) -> Organization:
    """Return an organization with what is given in place of what was.

    Raises InvalidRequest, which names the field.
    """
    values: dict[str, Any] = {}
    if "name" in given:
        values["name"] = named(given["name"])
    if "description" in given:
        values["description"] = text("description", given["description"])
    if "slug" in given:
        values["slug"] = _matching("slug", given["slug"], _SLUG, "acme-support")
    if "domain" in given:
        values["domain"] = _matching("domain", given["domain"], _DOMAIN, "acme.example.com")
    if "settings" in given:
        values["settings"] = _settings(given["settings"] or {})
    if "limits" in given:
        values["limits"] = replaced(organization.limits, given["limits"] or {})
    return replace(organization, **values)


def _matching(field: str, given: str | None, form: re.Pattern[str], example: str) -> str | None:
    found = text(field, given)
    if found is not None and not form.fullmatch(found):
        raise InvalidRequest(f"{field} is a text such as {example}")
    return found


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(json.dumps(given, allow_nan=False))
    except (ValueError, RecursionError) as error:
        raise InvalidSettings("settings is nested too deeply, or holds NaN or Infinity") from error
    if size > _MOST_BYTES:
        raise InvalidSettings(f"settings has at most {_MOST_BYTES // 1024} KB")
    url = given.get("stream_url")
    if url is not None:
        if not isinstance(url, str):
            raise InvalidRequest("settings.stream_url is a wss:// address")
        return given | {"stream_url": stream_url(url)}
    return given
