"""Telnyx's applications, voice and messaging profiles, and the balance."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import ids
from sandbox.books import Resource
from sandbox.telnyx.rest import data, error, not_found, page
from sandbox.wire import Asked, Refused, Reply

APPLICATIONS = "call_control_applications"
VOICE_PROFILES = "outbound_voice_profiles"
MESSAGING_PROFILES = "messaging_profiles"


@dataclass(frozen=True)
class Shape:
    """What one kind of resource is made of."""

    kind: str
    record_type: str
    name_field: str
    required: tuple[str, ...]
    defaults: dict[str, Any]
    new_id: Callable[[], str]
    created_status: int


SHAPES = (
    Shape(
        APPLICATIONS,
        "call_control_application",
        "application_name",
        ("application_name", "webhook_event_url"),
        {
            "active": True,
            "anchorsite_override": "Latency",
            "webhook_event_failover_url": None,
            # Telnyx's default; version 2, which everybody wants, must be asked for.
            "webhook_api_version": "1",
            "webhook_timeout_secs": None,
            "first_command_timeout": True,
            "first_command_timeout_secs": 30,
            "call_cost_in_webhooks": False,
            "dtmf_type": "RFC 2833",
            "inbound": {},
            "outbound": {},
            "tags": [],
        },
        ids.numeric,
        201,
    ),
    Shape(
        VOICE_PROFILES,
        "outbound_voice_profile",
        "name",
        ("name",),
        {
            "enabled": True,
            "traffic_type": "conversational",
            "service_plan": "global",
            "usage_payment_method": "rate-deck",
            "concurrent_call_limit": None,
            "whitelisted_destinations": ["US", "CA"],
            "connections_count": 0,
            "tags": [],
        },
        ids.numeric,
        200,
    ),
    Shape(
        MESSAGING_PROFILES,
        "messaging_profile",
        "name",
        ("name", "whitelisted_destinations"),
        {
            "enabled": True,
            "webhook_url": None,
            "webhook_failover_url": None,
            "webhook_api_version": "2",
        },
        ids.uuid,
        200,
    ),
)


class Collection:
    """The handlers of one kind of resource."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def list_all(self, asked: Asked) -> Reply:
        """List the account's resources of this kind, filtered by name."""
        shape = self._shape
        rows = [r.body for r in asked.world.books.resources_of(asked.account, shape.kind)]
        return page(asked, [row for row in rows if _is_named(row, shape, asked.query)])

    def create(self, asked: Asked) -> Reply:
        """Make one."""
        shape = self._shape
        _require(shape, asked.body)
        body = shape.defaults | asked.body
        body |= {"id": shape.new_id(), "record_type": shape.record_type}
        body |= {"created_at": ids.iso(), "updated_at": ids.iso()}
        made = Resource("telnyx", asked.account.id, shape.kind, body["id"], body)
        asked.world.books.resources.append(made)
        return data(body, shape.created_status)

    def get(self, asked: Asked) -> Reply:
        """Show one."""
        return data(self._found(asked).body)

    def update(self, asked: Asked) -> Reply:
        """Change the named fields of one."""
        found = self._found(asked)
        fixed = {"id": found.id, "record_type": self._shape.record_type, "updated_at": ids.iso()}
        found.body |= asked.body | fixed
        return data(found.body)

    def delete(self, asked: Asked) -> Reply:
        """Delete one."""
        found = self._found(asked)
        asked.world.books.resources.remove(found)
        return data(found.body)

    def _found(self, asked: Asked) -> Resource:
        found = asked.world.books.resource(asked.account, self._shape.kind, asked.path["id"])
        if found is None:
            raise Refused(not_found())
        return found


def _require(shape: Shape, body: dict[str, Any]) -> None:
    for name in shape.required:
        if not body.get(name):
            detail = f"The {name} field is required."
            raise Refused(error(422, "10004", "Missing required parameter", detail, f"/{name}"))


def _is_named(row: dict[str, Any], shape: Shape, query: dict[str, str]) -> bool:
    name = str(row[shape.name_field])
    part = query.get(f"filter[{shape.name_field}][contains]", "")
    exact = query.get(f"filter[{shape.name_field}][eq]") or query.get(f"filter[{shape.name_field}]")
    return part.lower() in name.lower() and exact in (None, name)


def balance(asked: Asked) -> Reply:
    """Show the balance."""
    amount = f"{asked.account.balance:.2f}"
    return data(
        {
            "record_type": "balance",
            "balance": amount,
            "pending": "0.00",
            "credit_limit": "0.00",
            "available_credit": amount,
            "currency": "USD",
        }
    )
