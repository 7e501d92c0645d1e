"""Telnyx's list of countries: by name, those too in which it sells nothing."""

from typing import Any

from sandbox.places import COUNTRIES, NOT_SOLD
from sandbox.telnyx.rest import data, not_found
from sandbox.wire import Asked, Refused, Reply

_TYPES = ("local", "toll_free", "mobile", "national", "shared_cost")
_AMERICAN = ["emergency", "fax", "hd_voice", "international_sms", "mms", "sms", "voice"]
_FEATURES = {"local": ["fax", "sms", "voice"], "mobile": ["sms", "voice"], "toll_free": ["voice"]}


def countries(asked: Asked) -> Reply:
    """Show every country under its name."""
    sold = {country.name: _coverage(code) for code, country in COUNTRIES.items()}
    rest = {name: _coverage(code) for code, name in NOT_SOLD.items()}
    return data(dict(sorted((sold | rest).items())))


def country(asked: Asked) -> Reply:
    """Show one country."""
    code = asked.path["code"].upper()
    if code not in COUNTRIES and code not in NOT_SOLD:
        raise Refused(not_found())
    return data(_coverage(code))


def _coverage(code: str) -> dict[str, Any]:
    known = COUNTRIES.get(code)
    kinds = known.kinds if known else ()
    by_kind = {kind: _of_kind(code, kind) if kind in kinds else {} for kind in _TYPES}
    features = {name for kind in kinds for name in by_kind[kind]["features"]}
    return {
        "code": code,
        "features": sorted(features),
        "international_sms": "international_sms" in features,
        "inventory_coverage": code in ("US", "CA"),
        "numbers": bool(kinds),
        "p2p": code in ("US", "CA"),
        "phone_number_type": list(kinds),
        "quickship": bool(kinds),
        "region": known.continent if known else None,
        "reservable": bool(kinds),
        **by_kind,
    }


def _of_kind(code: str, kind: str) -> dict[str, Any]:
    american = code in ("US", "CA")
    texting = ["mms", "sms", "voice"] if kind == "toll_free" else _AMERICAN
    return {
        "features": texting if american else _FEATURES[kind],
        "full_pstn_replacement": american and kind == "local",
        "international_sms": american and kind == "local",
        "p2p": american and kind == "local",
        "quickship": True,
        "reservable": True,
    }
