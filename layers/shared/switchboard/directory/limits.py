"""How much an organization may call, and where to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..app import App
from ..destinations import country_code
from ..errors import Conflict, InvalidRequest
from ..model import Limits, Organization
from ..store import Taken
from . import organizations

_LIMITS_LEASE_S = 10
# Whoever takes up a place is named in the limit's one row, which holds 400 KB.
_MOST_AT_ONCE = 5_000
_MOST = 1_000_000_000
_SWITCHES = ("premium_rate", "satellite")
_AT_ONCE = ("concurrent_calls", "number_concurrent_calls")
_FOR_EACH_NUMBER = ("number_concurrent_calls", "number_calls_per_day")


@dataclass(frozen=True)
class LimitChanges:
    """What shall become different in an organization's limits; the rest stays."""

    allow: tuple[str, ...] = ()
    """Countries to add to the allowed ones."""
    forbid: tuple[str, ...] = ()
    """Countries to take from them."""
    values: Mapping[str, int | bool | None] | None = None
    """New values by the limit's name; None lifts a limit for each number."""

    @property
    def is_nothing(self) -> bool:
        """Whether all limits stay as they are."""
        return not (self.allow or self.forbid or self.values)


def change(app: App, organization_id: int, changes: LimitChanges) -> Organization:
    """Change an organization's limits, and return it with all of them.

    Raises InvalidRequest, NotFound, or Conflict while another change is being made.
    """
    values: dict[str, Any] = {
        name: _limit(name, value) for name, value in (changes.values or {}).items()
    }
    allow = [country_code(text) for text in changes.allow]
    forbid = [country_code(text) for text in changes.forbid]
    try:
        with app.store.lease(f"limits-{organization_id}", app.clock(), _LIMITS_LEASE_S):
            found = organizations.find(app, organization_id)
            limits = _with_countries(replace(found.limits, **values), allow, forbid)
            changed = replace(found, limits=limits)
            app.store.set_limits(changed)
    except Taken as error:
        raise Conflict(
            "Somebody else is changing these limits just now. Run this again."
        ) from error
    return changed


def _with_countries(limits: Limits, allow: list[str], forbid: list[str]) -> Limits:
    if not allow and not forbid:
        return limits
    both = sorted(set(allow) & set(forbid))
    if both:
        raise InvalidRequest(f"Allowed and forbidden at once: {', '.join(both)}")
    # In the order in which they were allowed, each once.
    wanted = dict.fromkeys((*limits.countries, *allow))
    return replace(limits, allowed_countries=tuple(it for it in wanted if it not in forbid))


def _limit(name: str, value: int | bool | None) -> int | bool | None:
    if name not in vars(Limits()) or name == "allowed_countries":
        raise InvalidRequest(f"There is no limit called {name}")
    if name in _SWITCHES:
        if not isinstance(value, bool):
            raise InvalidRequest(f"{name} is true or false")
        return value
    if value is None and name in _FOR_EACH_NUMBER:
        return None
    most = _MOST_AT_ONCE if name in _AT_ONCE else _MOST
    if value is None or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidRequest(f"{name} is a number from 1 to {most}")
    return value
