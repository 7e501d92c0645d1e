"""Vonage's numbers: search, buy, configure, list, cancel."""

from collections.abc import Callable
from typing import Any

from sandbox import ids, inventory
from sandbox.books import OwnedNumber
from sandbox.inventory import Offer
from sandbox.places import COUNTRIES
from sandbox.vonage.applications import APPLICATIONS
from sandbox.vonage.rest import ADDRESS_WANTED, METHOD_FAILED, e164, figure, msisdn, outcome
from sandbox.wire import Asked, Refused, Reply

# What `number/update` sets.
FIELDS = (
    "app_id",
    "moHttpUrl",
    "moSmppSysType",
    "voiceCallbackType",
    "voiceCallbackValue",
    "voiceStatusCallback",
)
_USUAL_PAGE = 10
_LARGEST_PAGE = 100
_SUCCESS = outcome(200, "success")
_FEATURES = ("VOICE", "SMS", "MMS")
_TYPES = {"local": "landline", "mobile": "mobile-lvn", "toll_free": "landline-toll-free"}
_STRATEGIES: dict[str, Callable[[str, str], bool]] = {
    "0": str.startswith,
    "1": str.__contains__,
    "2": str.endswith,
}


def type_of(offer: Offer) -> str:
    """Return the type of a number; North America's local ones are called mobile.

    https://developer.vonage.com/numbers/guides/numbers-cli shows one.
    """
    local_american = offer.kind == "local" and offer.calling_code == "1"
    return _TYPES["mobile" if local_american else offer.kind]


def features_of(offer: Offer) -> list[str]:
    """List what a number can do; Vonage knows no fax."""
    return [name for name in _FEATURES if name.lower() in offer.features]


def search(asked: Asked) -> Reply:
    """Search for numbers on sale; nothing is reserved, and nothing found is an empty object."""
    country = asked.query.get("country", "")
    if not country:
        raise Refused(Reply(400, {"country": "Is required."}))
    kind, wanted = asked.query.get("type"), _wanted_features(asked)
    is_like = _pattern(asked)

    def fits(offer: Offer) -> bool:
        right = kind is None or type_of(offer) == kind
        return right and wanted <= set(features_of(offer)) and is_like(offer.digits)

    kinds = COUNTRIES[country].kinds if country in COUNTRIES else ()
    found = (
        inventory.search(
            country,
            kinds,
            fits,
            asked_for=[asked.query.get("pattern", "")],
            hidden=asked.world.off_sale("vonage"),
        )
        if kinds
        else iter(())
    )
    return _page(asked, [_available(offer) for offer in found])


def _wanted_features(asked: Asked) -> set[str]:
    wanted = {name for name in asked.query.get("features", "").split(",") if name}
    if not wanted <= set(_FEATURES):
        raise Refused(Reply(400, {"features": "Is invalid."}))
    return wanted


def _pattern(asked: Asked) -> Callable[[str], bool]:
    """Read `pattern` and where it is to be: at the beginning (0), anywhere (1), at the end (2)."""
    pattern, where = asked.query.get("pattern", ""), asked.query.get("search_pattern", "0")
    if where not in _STRATEGIES:
        raise Refused(Reply(400, {"search_pattern": "Is invalid."}))
    return lambda digits: _STRATEGIES[where](digits, pattern)


def _page(asked: Asked, rows: list[dict[str, Any]]) -> Reply:
    size = figure(asked, "size", _USUAL_PAGE, _LARGEST_PAGE)
    start = (max(1, figure(asked, "index", 1)) - 1) * size
    if not rows:
        return Reply(200, {})
    return Reply(200, {"count": len(rows), "numbers": rows[start : start + size]})


def _available(offer: Offer) -> dict[str, Any]:
    return {
        "country": offer.country,
        "msisdn": offer.digits,
        "type": type_of(offer),
        "cost": offer.monthly,
        "initialPrice": offer.upfront,
        "features": features_of(offer),
    }


def new(account_id: str, number: str) -> OwnedNumber:
    """Make the entry of a number that an account has just bought; Vonage has no id for it."""
    offer = inventory.offer(number)
    return OwnedNumber(
        "vonage", account_id, offer.digits, number, offer.country, offer.kind, ids.iso(), {}
    )


def buy(asked: Asked) -> Reply:
    """Buy a number; what it shall do has to be said in a second request."""
    number = _named(asked)
    offer = inventory.offer(number) if number else None
    price = asked.world.settings.number_price
    if (
        offer is None
        or offer.country != asked.body["country"]
        or number in asked.world.off_sale("vonage", asked.account.id)
    ):
        raise Refused(outcome(420, METHOD_FAILED))
    if offer.address != "none":
        raise Refused(outcome(420, ADDRESS_WANTED))
    if asked.account.balance < price:
        raise Refused(outcome(420, METHOD_FAILED))
    asked.world.books.add_number(new(asked.account.id, number), price)
    return _SUCCESS


def update(asked: Asked) -> Reply:
    """Link a number to an application, or point it elsewhere; an empty field is removed."""
    number = _owned(asked)
    application = asked.body.get("app_id")
    if application and not asked.world.books.resource(asked.account, APPLICATIONS, application):
        raise Refused(outcome(420, METHOD_FAILED))
    configure(number, {k: v for k, v in asked.body.items() if k in FIELDS})
    return _SUCCESS


def configure(number: OwnedNumber, fields: dict[str, Any]) -> None:
    """Set what is named; an empty value removes it."""
    for name, value in fields.items():
        number.config.pop(name, None)
        if value:
            number.config[name] = value


def cancel(asked: Asked) -> Reply:
    """Give a number back: once, then it fails."""
    asked.world.books.release(_owned(asked))
    return _SUCCESS


def _named(asked: Asked) -> str:
    """Return the number that a form names, empty when there is none such."""
    for name in ("country", "msisdn"):
        if not asked.body.get(name):
            raise Refused(Reply(400, {name: "Is required."}))
    return e164(asked.body["msisdn"])


def _owned(asked: Asked) -> OwnedNumber:
    number = asked.world.books.owner("vonage", _named(asked))
    if (
        number is None
        or number.account != asked.account.id
        or number.country != asked.body["country"]
    ):
        raise Refused(outcome(420, METHOD_FAILED))
    return number


def list_owned(asked: Asked) -> Reply:
    """List the account's numbers, oldest first."""
    is_like = _pattern(asked)
    has, application = asked.query.get("has_application"), asked.query.get("application_id")
    rows = [
        show(number)
        for number in asked.world.books.numbers_of(asked.account)
        if is_like(msisdn(number.number))
        and asked.query.get("country") in (None, number.country)
        and has in (None, "true" if number.config.get("app_id") else "false")
        and application in (None, number.config.get("app_id"))
    ]
    return _page(asked, rows)


def show(number: OwnedNumber) -> dict[str, Any]:
    """Show an owned number; a field that was never set is not there."""
    offer, config = inventory.offer(number.number), number.config
    shown = {
        "country": number.country,
        "msisdn": msisdn(number.number),
        "type": type_of(offer),
        "features": features_of(offer),
    }
    shown |= {k: v for k, v in config.items() if k in ("app_id", "moHttpUrl")}
    if config.get("voiceCallbackType"):
        shown["voiceCallbackType"] = config["voiceCallbackType"]
        shown["voiceCallbackValue"] = config.get("voiceCallbackValue", "")
    elif config.get("app_id"):
        shown |= {"voiceCallbackType": "app", "voiceCallbackValue": config["app_id"]}
    return shown
