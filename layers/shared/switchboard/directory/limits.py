"""How much an organization may call, and where to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..app import App
from ..destinations import country_code
from ..errors import InvalidRequest
from ..model import Limits, Organization
from . import organizations

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

    Raises InvalidRequest, NotFound, or Conflict while others change it again and again.
    """
    values: dict[str, Any] = {it: _limit(it, v) for it, v in (changes.values or {}).items()}
    allow = [country_code(text) for text in changes.allow]
    forbid = [country_code(text) for text in changes.forbid]

    def changed(found: Organization) -> Organization:
        limits = replace(found.limits, **values)
        return replace(found, limits=_with_countries(limits, allow, forbid))

    return organizations.save(app, organization_id, changed)


def replaced(limits: Limits, values: Mapping[str, Any]) -> Limits:
    """Return limits with these values, by the limit's name; raise InvalidRequest.

    `allowed_countries` is the whole list, or None for the default one.
    """
    new = dict(values)
    if "allowed_countries" in new:
        new["allowed_countries"] = _countries(new["allowed_countries"])
    checked: dict[str, Any] = {
        it: v if it == "allowed_countries" else _limit(it, v) for it, v in new.items()
    }
    return replace(limits, **checked)


def _countries(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(dict.fromkeys(country_code(it) for it in given))


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
