"""What holds of the audit record whatever a test does: only added to, and without secrets."""

import json
import re
from typing import Any

from switchboard.app import App
from tests.conftest import own_client

_CHANGES = ("Put", "Update", "Delete")
_KEY = re.compile(r"burki_[a-z0-9]{32}")


def watch(app: App, broken: list[Any]) -> None:
    """Append to `broken` whatever touches the record in another way than by adding to it."""

    def look(params: dict[str, Any], model: Any, **_: Any) -> None:
        for kind, request in _writes(model.name, params):
            row = request.get("Item") or request.get("Key") or {}
            if not row.get("pk", {}).get("S", "").startswith("AUDIT#"):
                continue
            fresh = request.get("ConditionExpression") == "attribute_not_exists(pk)"
            if kind != "Put" or not fresh:
                broken.append((kind, request))

    app.store._client.meta.events.register("provide-client-params.dynamodb", look)


def _writes(operation: str, params: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    if operation == "TransactWriteItems":
        return [it for write in params["TransactItems"] for it in write.items()]
    if operation == "BatchWriteItem":
        # No condition can go with these.
        asked = [it for writes in params["RequestItems"].values() for it in writes]
        return [(kind, request) for write in asked for kind, request in write.items()]
    return [(kind, params) for kind in _CHANGES if operation == f"{kind}Item"]


def rows(app: App) -> list[dict[str, Any]]:
    """Return the whole record, of all organizations."""
    pages = own_client("dynamodb").get_paginator("scan").paginate(TableName=app.settings.table_name)
    items = [item for page in pages for item in page["Items"]]
    return [item for item in items if item["pk"]["S"].startswith("AUDIT#")]


def secrets_in(app: App, text: str) -> list[str]:
    """Return which of the deployment's secrets a text holds."""
    client = own_client("secretsmanager")
    kept = [
        client.get_secret_value(SecretId=secret["ARN"])["SecretString"]
        for secret in client.list_secrets()["SecretList"]
    ]
    values = {value for secret in kept for value in _values(secret)}
    return [value for value in values if value in text] + _KEY.findall(text)


def _values(secret: str) -> list[str]:
    try:
        found = json.loads(secret)
    except ValueError:
        return [secret]
    # What is shorter than a password, or an id that is shown anyway, is no secret.
    return [str(it) for name, it in found.items() if it and not name.endswith(("_sid", "_id"))]
