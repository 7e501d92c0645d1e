"""Rows of receivers: how they are sent to, and whether they answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from .. import event_items
from ..items import Item, fields_of
from ..model import Endpoint
from .outbox import moment
from .table import FRESH, Table, key, put, update

_BROKEN = "BROKEN"


class Endpoints(Table):
    """Where an organization's events go."""

    def endpoint(self, organization_id: int, endpoint_id: str) -> Endpoint | None:
        """Return a receiver of this organization."""
        item = self.get_item(endpoint_key(organization_id, endpoint_id))
        return event_items.endpoint(item) if item else None

    def endpoints(self, organization_id: int) -> list[Endpoint]:
        """Return an organization's receivers. A request for each MB."""
        rows = self.below(_partition(organization_id), "ENDPOINT#")
        return [event_items.endpoint(item) for item in rows]

    def put_endpoint(
        self, endpoint: Endpoint, action: str | None = None, **details: object
    ) -> Endpoint:
        """Write a receiver's settings over those it was made from; raise Taken.

        Version 0 is a new one. Its health is left alone.
        """
        saved = replace(endpoint, version=endpoint.version + 1)
        told = (
            self.audit(endpoint.organization_id, action, endpoint.id, **details) if action else ()
        )
        self.transact(_first(saved) if endpoint.version == 0 else _settings(saved), *told)
        return saved

    def note_failure(self, endpoint: Endpoint) -> int:
        """Count a failed attempt; return how many failed one after another."""
        row = endpoint_key(endpoint.organization_id, endpoint.id)
        write = update(row, "ADD failures :one", {":one": 1}, condition="attribute_exists(pk)")
        return int(self.updated(write)["failures"])

    def take_for_dead(self, endpoint: Endpoint, probe_at: datetime) -> None:
        """Let nothing be sent to a receiver before `probe_at`; raise Taken."""
        self.update_item(
            update(
                endpoint_key(endpoint.organization_id, endpoint.id),
                "SET probe_at = :at, gsi1pk = :broken, gsi1sk = :place",
                {
                    ":at": moment(probe_at),
                    ":broken": _BROKEN,
                    ":place": f"{endpoint.organization_id}#{endpoint.id}",
                },
                condition="attribute_exists(pk)",
            )
        )

    def take_turn(self, endpoint: Endpoint, probe_at: datetime) -> None:
        """Claim the one attempt that a dead receiver gets now; raise Taken if another has it."""
        self.update_item(
            update(
                endpoint_key(endpoint.organization_id, endpoint.id),
                "SET probe_at = :at",
                {":at": moment(probe_at), ":seen": moment(endpoint.probe_at or probe_at)},
                condition="probe_at = :seen",
            )
        )

    def note_success(self, endpoint: Endpoint, now: datetime) -> None:
        """Count from zero again, and take the receiver for alive."""
        self.update_item(
            update(
                endpoint_key(endpoint.organization_id, endpoint.id),
                "SET failures = :none, recovered_at = :now REMOVE probe_at",
                {":none": 0, ":now": moment(now)},
                condition="attribute_exists(pk)",
            )
        )

    def broken_endpoints(self) -> Iterator[Endpoint]:
        """Yield the receivers, of all organizations, for whom something may be parked."""
        return map(event_items.endpoint, self.indexed(_BROKEN))

    def whole_again(self, endpoint: Endpoint) -> None:
        """Take a receiver that answers from the broken ones; raise Taken if it does not."""
        self.update_item(
            update(
                endpoint_key(endpoint.organization_id, endpoint.id),
                "REMOVE gsi1pk, gsi1sk",
                {},
                condition="attribute_not_exists(probe_at)",
            )
        )


def endpoint_key(organization_id: int, endpoint_id: str) -> Item:
    """Return the key of a receiver's row."""
    return key(_partition(organization_id), f"ENDPOINT#{endpoint_id}")


def _partition(organization_id: int) -> str:
    # Not the organization's own: nobody who reads that one shall have to pass over these.
    return f"RECEIVERS#{organization_id}"


def _first(endpoint: Endpoint) -> Item:
    fields = endpoint_key(endpoint.organization_id, endpoint.id) | fields_of(endpoint)
    return put(fields, FRESH)


_SETTINGS = (
    "is_registered", "types", "key_version", "previous_until", "uses_ed25519", "disabled_at",
    "disabled_reason", "version",
)  # fmt: skip


def _settings(endpoint: Endpoint) -> Item:
    fields = {name: value for name, value in fields_of(endpoint).items() if name in _SETTINGS}
    gone = [name for name in _SETTINGS if name not in fields]
    sets = ", ".join(f"#{name} = :{name}" for name in fields)
    removes = ", ".join(f"#{name}" for name in gone)
    return update(
        endpoint_key(endpoint.organization_id, endpoint.id),
        f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
        {f":{name}": value for name, value in fields.items()} | {":seen": endpoint.version - 1},
        condition="#version = :seen",
        names={f"#{name}": name for name in (*fields, *gone)},
    )
