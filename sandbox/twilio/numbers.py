"""Twilio's number resources: search, buy and configure in one request, list, update, release."""

import re
from typing import Any

from sandbox import ids, inventory
from sandbox.books import OwnedNumber
from sandbox.twilio.rest import API_VERSION, EMPTY_BALANCE, PAGE_SIZE, error, not_found, page
from sandbox.wire import Asked, Refused, Reply

# Twilio's documented test numbers; every other one can be bought unless somebody owns it.
MAGIC_TAKEN = "+15005550000"
MAGIC_INVALID = "+15005550001"

_URL_FIELDS = ("VoiceUrl", "VoiceFallbackUrl", "StatusCallback", "SmsUrl", "SmsFallbackUrl")
_METHOD_FIELDS = (
    "VoiceMethod",
    "VoiceFallbackMethod",
    "StatusCallbackMethod",
    "SmsMethod",
    "SmsFallbackMethod",
)
_SID_FIELDS = (
    "VoiceApplicationSid",
    "SmsApplicationSid",
    "TrunkSid",
    "AddressSid",
    "BundleSid",
    "IdentitySid",
    "EmergencyAddressSid",
)
_OTHER_FIELDS = ("FriendlyName", "VoiceReceiveMode", "EmergencyStatus")
_SEARCH_KINDS = {"Local": "local", "Mobile": "mobile", "TollFree": "toll_free"}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _base(asked: Asked) -> str:
    return f"/{API_VERSION}/Accounts/{asked.account.id}"


def show(number: OwnedNumber) -> dict[str, Any]:
    """Show an IncomingPhoneNumber with all its fields."""
    fields: dict[str, Any] = {_snake(n): None for n in _URL_FIELDS + _SID_FIELDS}
    fields |= {_snake(n): "POST" for n in _METHOD_FIELDS}
    fields |= {
        "sid": number.id,
        "account_sid": number.account,
        "phone_number": number.number,
        "friendly_name": inventory.local_form(number.number),
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "status": "in-use",
        "type": number.kind.replace("_", "-"),
        "origin": "twilio",
        "beta": False,
        "address_requirements": "none",
        "voice_receive_mode": "voice",
        "voice_caller_id_lookup": False,
        "emergency_status": "Inactive",
        "emergency_address_status": "unregistered",
        "api_version": API_VERSION,
        "date_created": ids.rfc2822(number.bought_at),
        "date_updated": ids.rfc2822(number.config["date_updated"]),
        "uri": f"/{API_VERSION}/Accounts/{number.account}/IncomingPhoneNumbers/{number.id}.json",
    }
    return fields | {k: v for k, v in number.config.items() if k != "date_updated"}


def _configure(number: OwnedNumber, form: dict[str, Any]) -> None:
    for name in _URL_FIELDS + _METHOD_FIELDS + _SID_FIELDS + _OTHER_FIELDS:
        if name in form:
            number.config[_snake(name)] = form[name] or None
    number.config["date_updated"] = ids.iso()


def _check_urls(form: dict[str, Any]) -> None:
    for name in _URL_FIELDS:
        value = form.get(name, "")
        if value and not re.match(r"https?://[^/?#\s_]+([/?#]\S*)?$", value):
            raise Refused(error(400, 21502, f"{name} is not a valid URL: {value}"))


def buy(asked: Asked) -> Reply:
    """Buy a number, or update it when the account owns it already (Twilio answers 201 to both)."""
    number = _wanted_number(asked)
    _check_urls(asked.body)
    books = asked.world.books
    owned = books.owner("twilio", number)
    if owned is not None and owned.account != asked.account.id:
        raise Refused(error(400, 21422, f"{number} is not available."))
    if owned is None:
        price = asked.world.settings.number_price
        if asked.account.balance < price:
            raise Refused(error(403, 20005, "Account is not active"))
        owned = OwnedNumber(
            "twilio",
            asked.account.id,
            ids.sid("PN"),
            number,
            inventory.country_of(number),
            inventory.kind_of(number),
            ids.iso(),
            {},
        )
        books.add_number(owned, price)
    _configure(owned, asked.body)
    return Reply(201, show(owned))


def _wanted_number(asked: Asked) -> str:
    number, area = asked.body.get("PhoneNumber"), asked.body.get("AreaCode")
    if number is None and area is not None:
        taken = frozenset(n.number for n in asked.world.books.numbers)
        found = inventory.for_sale("US", starts=str(area), taken=taken, limit=1)
        if not found or area == "533":
            raise Refused(error(400, 21452, f"No phone numbers found in area code {area}."))
        return found[0]
    if not isinstance(number, str) or not inventory.E164.match(number) or number == MAGIC_INVALID:
        raise Refused(error(400, 21421, f"{number} is not a valid number."))
    if number == MAGIC_TAKEN:
        raise Refused(error(400, 21422, f"{number} is not available."))
    return number


def _owned(asked: Asked) -> OwnedNumber:
    sid = asked.path["sid"]
    number = asked.world.books.number_by_id(asked.account, sid)
    if number is None:
        raise Refused(not_found(f"{_base(asked)}/IncomingPhoneNumbers/{sid}.json"))
    return number


def get(asked: Asked) -> Reply:
    """Show one number."""
    return Reply(200, show(_owned(asked)))


def update(asked: Asked) -> Reply:
    """Change a number's configuration."""
    number = _owned(asked)
    _check_urls(asked.body)
    _configure(number, asked.body)
    return Reply(200, show(number))


def release(asked: Asked) -> Reply:
    """Give a number back: 204 once, 404 afterwards."""
    asked.world.books.numbers.remove(_owned(asked))
    return Reply(204)


def list_owned(asked: Asked) -> Reply:
    """List the account's numbers; `PhoneNumber` is a pattern in which `*` is one digit."""
    pattern = re.escape(asked.query.get("PhoneNumber", "")).replace(r"\*", r"\d")
    name = asked.query.get("FriendlyName")
    found = [
        fields
        for fields in map(show, asked.world.books.numbers_of(asked.account))
        if re.search(pattern, fields["phone_number"])
        and (name is None or fields["friendly_name"] == name)
    ]
    return Reply(200, page(asked, "IncomingPhoneNumbers.json", "incoming_phone_numbers", found))


def search(asked: Asked) -> Reply:
    """Search for numbers on sale; it reserves nothing."""
    country, kind = asked.path["country"], asked.path["kind"]
    kinds = inventory.COUNTRIES.get(country, ("", ()))[1]
    path = f"{_base(asked)}/AvailablePhoneNumbers/{country}/{kind}.json"
    if _SEARCH_KINDS.get(kind) not in kinds:
        raise Refused(not_found(path))
    taken = frozenset(n.number for n in asked.world.books.numbers if n.carrier == "twilio")
    numbers = inventory.for_sale(
        country,
        _SEARCH_KINDS[kind],
        starts=asked.query.get("AreaCode", ""),
        contains=re.sub(r"\D", "", asked.query.get("Contains", "")),
        taken=taken,
        limit=int(asked.query.get("PageSize", PAGE_SIZE)),
    )
    rows = [_available(number, country) for number in numbers]
    return Reply(200, {"available_phone_numbers": rows, "uri": path})


def _available(number: str, country: str) -> dict[str, Any]:
    return {
        "friendly_name": inventory.local_form(number),
        "phone_number": number,
        "lata": None,
        "locality": None,
        "rate_center": None,
        "latitude": None,
        "longitude": None,
        "region": None,
        "postal_code": None,
        "iso_country": country,
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
    }


def countries(asked: Asked) -> Reply:
    """List the countries that have numbers on sale."""
    base = f"{_base(asked)}/AvailablePhoneNumbers"
    rows = [
        {
            "country_code": code,
            "country": name,
            "uri": f"{base}/{code}.json",
            "beta": False,
            "subresource_uris": {
                kind: f"{base}/{code}/{path}.json"
                for path, kind in _SEARCH_KINDS.items()
                if kind in kinds
            },
        }
        for code, (name, kinds) in inventory.COUNTRIES.items()
    ]
    return Reply(200, {"countries": rows, "uri": f"{base}.json"})


def balance(asked: Asked) -> Reply:
    """Show the balance; it is empty right after a purchase failed for want of money."""
    empty = asked.fault is not None and asked.fault.fault == EMPTY_BALANCE
    amount = 0.0 if empty else asked.account.balance
    body = {"account_sid": asked.account.id, "balance": f"{amount:.2f}", "currency": "USD"}
    return Reply(200, body)


def account(asked: Asked) -> Reply:
    """Show the account; people ask for it to learn whether their credentials work."""
    return Reply(
        200,
        {
            "sid": asked.account.id,
            "friendly_name": "Sandbox account",
            "status": "active",
            "type": "Full",
            "date_created": ids.rfc2822(),
            "date_updated": ids.rfc2822(),
            "owner_account_sid": asked.account.id,
            "uri": f"{_base(asked)}.json",
        },
    )
