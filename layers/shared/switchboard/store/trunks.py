"""Rows of SIP trunks, each with a row that keeps its name from another one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from .. import items
from ..items import Item
from ..model import Number, SipTrunk
from .table import FRESH, Table, check, delete, key, put

_UNCHANGED = "version = :seen"
_OWN_NAME = "trunk_id = :trunk"


class Trunks(Table):
    """An organization's SIP trunks."""

    def trunks(self, organization_id: int) -> list[SipTrunk]:
        """Return an organization's trunks, first those that are tried first."""
        found = map(items.trunk, self.below(f"ORG#{organization_id}", "TRUNK#"))
        living = (trunk for trunk in found if trunk.deleted_at is None)
        return sorted(living, key=lambda trunk: (trunk.priority, trunk.created_at, trunk.id))

    def trunk(self, organization_id: int, trunk_id: str) -> SipTrunk | None:
        """Return a trunk of this organization, unless it is being deleted."""
        found = self.dying_trunk(organization_id, trunk_id)
        return None if found is None or found.deleted_at else found

    def dying_trunk(self, organization_id: int, trunk_id: str) -> SipTrunk | None:
        """Return a trunk of this organization, also while it is being deleted."""
        item = self.get_item(trunk_key(organization_id, trunk_id))
        return items.trunk(item) if item else None

    def add_trunk(self, trunk: SipTrunk) -> SipTrunk:
        """Write a new trunk; raise Taken([…, holder of the name]) when its name is taken."""
        saved = replace(trunk, version=1)
        self.transact(
            put(_trunk_item(saved), FRESH),
            _claimed(saved),
            *self.audit(saved.organization_id, "trunk.created", saved.id, name=saved.name),
        )
        return saved

    def put_trunk(self, before: SipTrunk, after: SipTrunk, fields: Sequence[str] = ()) -> SipTrunk:
        """Write a trunk over the version that was read; `fields` have changed, for the record.

        Raises Taken: at place 0 when it was changed meanwhile, at 1 when its name is taken.
        """
        saved = replace(after, version=before.version + 1)
        renamed = _name_row(before) != _name_row(saved)
        self.transact(
            put(_trunk_item(saved), _UNCHANGED, {":seen": before.version}),
            *([_claimed(saved), _freed(before)] if renamed else []),
            *(self._changed(saved, fields) if fields else []),
        )
        return saved

    def _changed(self, trunk: SipTrunk, fields: Sequence[str]) -> list[Item]:
        return self.audit(
            trunk.organization_id, "trunk.updated", trunk.id, name=trunk.name, fields=list(fields)
        )

    def condemn_trunk(self, trunk: SipTrunk, now: datetime) -> SipTrunk:
        """Begin to delete a trunk: nothing finds it any more. Raises Taken."""
        condemned = replace(trunk, version=trunk.version + 1, deleted_at=now)
        self.transact(
            put(_trunk_item(condemned), _UNCHANGED, {":seen": trunk.version}),
            *self.audit(trunk.organization_id, "trunk.deleted", trunk.id, name=trunk.name),
        )
        return condemned

    def bury_trunk(self, trunk: SipTrunk) -> None:
        """Take a condemned trunk from the table, and give its name free; raise Taken."""
        row = trunk_key(trunk.organization_id, trunk.id)
        self.transact(delete(row, _UNCHANGED, {":seen": trunk.version}), _freed(trunk))


def trunk_key(organization_id: int, trunk_id: str) -> Item:
    """Return the key of a trunk's row."""
    return key(f"ORG#{organization_id}", f"TRUNK#{trunk_id}")


def still_there(number: Number) -> list[Item]:
    """Return the condition that a number's trunk is there, for the transaction that gives it."""
    if number.sip_trunk_id is None:
        return []
    row = trunk_key(number.organization_id, number.sip_trunk_id)
    return [check(row, "attribute_exists(pk) AND attribute_not_exists(deleted_at)")]


def _trunk_item(trunk: SipTrunk) -> Item:
    return trunk_key(trunk.organization_id, trunk.id) | items.fields_of(trunk)


def _name_row(trunk: SipTrunk) -> Item:
    return key(f"ORG#{trunk.organization_id}", f"TRUNKNAME#{trunk.name.casefold()}")


def _claimed(trunk: SipTrunk) -> Item:
    return put(_name_row(trunk) | {"trunk_id": trunk.id}, FRESH)


def _freed(trunk: SipTrunk) -> Item:
    return delete(_name_row(trunk), _OWN_NAME, {":trunk": trunk.id})
