"""Twilio's owned numbers: buy and configure in one request, list, update, release."""

import re
from typing import Any

from sandbox import ids, inventory
from sandbox.books import OwnedNumber
from sandbox.twilio.rest import API_VERSION, error, not_found, page
from sandbox.wire import Asked, Refused, Reply

# Twilio's documented test numbers; every other one can be bought unless somebody owns it.
MAGIC_TAKEN = "+15005550000"
MAGIC_INVALID = "+15005550001"
MAGIC_AREA, MAGIC_BOUGHT = "500", "+15005550006"

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
# Everything that can be set.
FIELDS = _URL_FIELDS + _METHOD_FIELDS + _SID_FIELDS + _OTHER_FIELDS


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
        "capabilities": _capabilities(number.number),
        "status": "in-use",
        "type": number.kind.replace("_", "-"),
        "origin": "twilio",
        "beta": False,
        "address_requirements": inventory.offer(number.number).address,
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


def _capabilities(number: str) -> dict[str, bool]:
    features = inventory.offer(number).features
    return {name: name in features for name in ("voice", "sms", "mms", "fax")}


def configure(number: OwnedNumber, form: dict[str, Any]) -> None:
    """Set what a form names; of a trunk and an application one drops out the other."""
    for name in FIELDS:
        if name in form:
            number.config[_snake(name)] = form[name] or None
    for name, other in (("TrunkSid", "VoiceApplicationSid"), ("VoiceApplicationSid", "TrunkSid")):
        if form.get(name) and not form.get(other):
            number.config[_snake(other)] = None
    number.config["date_updated"] = ids.iso()


def check(form: dict[str, Any]) -> None:
    """Refuse a form with an unusable URL."""
    for name in _URL_FIELDS:
        value = form.get(name, "")
        if value and not re.match(r"https?://[^/?#\s_]+([/?#]\S*)?$", value):
            raise Refused(error(400, 21502, f"{name} is not a valid URL: {value}"))


def new(account_id: str, number: str) -> OwnedNumber:
    """Make the resource of a number that an account has just bought."""
    offer = inventory.offer(number)
    sid, country = ids.sid("PN"), offer.country
    return OwnedNumber("twilio", account_id, sid, number, country, offer.kind, ids.iso(), {})


def buy(asked: Asked) -> Reply:
    """Buy a number, or update it when the account owns it already (Twilio answers 201 to both)."""
    number = _wanted_number(asked)
    check(asked.body)
    books = asked.world.books
    owned = books.owner("twilio", number)
    is_own = owned is not None and owned.account == asked.account.id
    if not is_own and number in asked.world.off_sale("twilio", asked.account.id):
        raise Refused(error(400, 21422, f"{number} is not available."))
    if owned is None:
        _check_address(asked, number)
        price = asked.world.settings.number_price
        if asked.account.balance < price:
            raise Refused(error(403, 20005, "Account is not active"))
        owned = new(asked.account.id, number)
        books.add_number(owned, price)
    configure(owned, asked.body)
    return Reply(201, show(owned))


def _check_address(asked: Asked, number: str) -> None:
    wanted = inventory.offer(number).address
    if wanted != "none" and not asked.body.get("AddressSid"):
        code = 21615 if wanted == "local" else 21631
        said = "Phone Number Requires an Address but the 'AddressSid' parameter was empty."
        raise Refused(error(400, code, said))


def _wanted_number(asked: Asked) -> str:
    number, area = asked.body.get("PhoneNumber"), asked.body.get("AreaCode")
    if number is None and area is not None:
        return _in_area(asked, str(area))
    if not isinstance(number, str) or not inventory.is_number(number) or number == MAGIC_INVALID:
        raise Refused(error(400, 21421, f"{number} is not a valid number."))
    if number == MAGIC_TAKEN:
        raise Refused(error(400, 21422, f"{number} is not available."))
    return number


def _in_area(asked: Asked, area: str) -> str:
    """Pick a number as Twilio does for who names only an area code."""
    if area == MAGIC_AREA:
        return MAGIC_BOUGHT
    hidden = asked.world.off_sale("twilio")
    found = [
        offer
        for country in ("US", "CA")
        for offer in inventory.first(
            inventory.search(
                country, ("local",), lambda it: it.national.startswith(area), hidden=hidden
            ),
            1,
        )
    ]
    if not found:
        raise Refused(error(400, 21452, f"No phone numbers found in area code {area}."))
    return found[0].number


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
    check(asked.body)
    configure(number, asked.body)
    return Reply(200, show(number))


def release(asked: Asked) -> Reply:
    """Give a number back: 204 once, 404 afterwards."""
    asked.world.books.release(_owned(asked))
    return Reply(204)


def list_owned(asked: Asked) -> Reply:
    """List the account's numbers, oldest first; in `PhoneNumber` a `*` is one digit."""
    wanted = re.compile(re.escape(asked.query.get("PhoneNumber", "")).replace(r"\*", r"\d"))
    name = asked.query.get("FriendlyName")
    origin = asked.query.get("Origin", "twilio")
    found = [
        number
        for number in asked.world.books.numbers_of(asked.account)
        if wanted.search(number.number)
        and origin == "twilio"
        and (name is None or show(number)["friendly_name"] == name)
    ]
    shown = page(
        asked,
        "IncomingPhoneNumbers.json",
        "incoming_phone_numbers",
        found,
        lambda number: number.id,
        show,
    )
    return Reply(200, shown)
