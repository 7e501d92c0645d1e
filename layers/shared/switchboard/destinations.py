"""Where a call may go, and what it may cost: pure rules, asked before any money moves.

`phonenumbers` is imported inside the functions, which only the outbound paths call, and numbers
that choose their callers: a function that answers calls loads this module without paying for it.
"""

import ipaddress
import re
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from . import rates
from .errors import DestinationNotAllowed, InvalidRequest
from .model import E164, Limits, masked
from .records import dataclass

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


class DestinationKind(StrEnum):
    """What sort of number it is, which decides who pays how much."""

    FIXED_OR_MOBILE = "fixed_or_mobile"
    TOLL_FREE = "toll_free"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    PERSONAL = "personal"
    VOIP = "voip"
    PAGER = "pager"
    UAN = "uan"
    """A company's number for the whole country, such as 03 in the United Kingdom."""
    SATELLITE = "satellite"
    UNKNOWN = "unknown"
    """In no numbering plan: invalid, or a service that nobody should be able to call."""


@dataclass(frozen=True)
class Destination:
    """Where a number is and what sort it is. `country` is None for what belongs to no country."""

    country: str | None
    kind: DestinationKind


_NOWHERE = Destination(None, DestinationKind.UNKNOWN)

# Inmarsat, the mobile satellite systems, and the two codes that "international networks" share:
# ships, aircraft and satellites mostly. All of 882 and 883 is treated alike.
_SATELLITE_CODES = frozenset({870, 881, 882, 883})
_NO_COUNTRY = "001"

# What the limit premium_rate opens: the number's holder, not the distance, sets the price.
# British personal numbers (070) pass for mobiles and are a favourite of toll fraud.
_DEAR = {
    DestinationKind.PREMIUM_RATE: "premium-rate",
    DestinationKind.SHARED_COST: "shared-cost",
    DestinationKind.PERSONAL: "personal",
    DestinationKind.PAGER: "pager",
}


def classify(number: E164) -> Destination:
    """Say where `number` is and what sort it is; what cannot be placed is UNKNOWN."""
    import phonenumbers

    parsed = _parsed(number)
    if parsed is None:
        return _NOWHERE
    if parsed.country_code in _SATELLITE_CODES:
        return Destination(None, DestinationKind.SATELLITE)
    country = phonenumbers.region_code_for_number(parsed)
    kind = _kind(parsed)
    if country is None or kind is DestinationKind.UNKNOWN:
        return _NOWHERE
    return Destination(None if country == _NO_COUNTRY else country, kind)


def country_of(caller: str) -> str | None:
    """Return the country of a caller's number as ISO 3166; None for no number, or none's.

    Costs a first caller some 60 ms: only numbers that choose their callers ask.
    """
    import phonenumbers

    try:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(caller))
    except phonenumbers.NumberParseException:
        return None
    return None if country == _NO_COUNTRY else country


def is_abroad(from_: E164, to: E164) -> bool:
    """Whether a number is in another country than that which calls it, or in none.

    The United States and Canada are one: a call costs the same. Toll-free numbers are nowhere.
    """
    there = classify(to)
    if there.kind is DestinationKind.TOLL_FREE:
        return False
    here = classify(from_).country
    return there.country is None or _region(there.country) != _region(here)


def _region(country: str | None) -> str | None:
    return "US" if country == "CA" else country


def check_destination(number: E164, limits: Limits) -> None:
    """Raise DestinationNotAllowed, which names the limit, unless `number` may be called."""
    where = classify(number)
    # Not the whole number: the text of a refusal also goes to the log.
    shown = masked(number)
    if where.kind is DestinationKind.UNKNOWN:
        raise DestinationNotAllowed(
            f"{shown} is in no country's numbering plan, so nobody can say what a call to it "
            "costs. Check it: it must be a complete, valid number in E.164 format."
        )
    if where.kind is DestinationKind.SATELLITE:
        if not limits.satellite:
            raise DestinationNotAllowed(
                f"satellite is false: {shown} is a satellite or international-network number. "
                "Set the organization's limit satellite to true to allow such calls."
            )
        return
    if where.kind in _DEAR and not limits.premium_rate:
        raise DestinationNotAllowed(
            f"premium_rate is false: {shown} is a {_DEAR[where.kind]} number. "
            "Set the organization's limit premium_rate to true to allow such calls."
        )
    _check_country(number, where, limits.countries)


def country_code(text: str) -> str:
    """Return an ISO 3166 code in capitals; raise InvalidRequest for a country nobody can call."""
    import phonenumbers

    code = text.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidRequest(
            f"'{text}' is no country with a numbering plan. Give its two letters from ISO 3166, "
            "such as US, GB or DE."
        )
    return code


def estimated_cents(number: E164, seconds: int) -> int:
    """Estimate, generously, what a call of `seconds` to `number` costs, in US cents.

    Billed per started minute and rounded up; 0 for a call that was never answered. See `rates` for
    where the figures come from and what they leave out.
    """
    where = classify(number)
    by_place = rates.BY_COUNTRY.get(where.country or "", rates.UNLISTED)
    # E.164 area codes: "+" and four digits.
    by_place = max(by_place, rates.BY_PREFIX.get(number[:5], 0))
    mills = max(by_place, rates.BY_KIND.get(where.kind, 0))
    return _rounded_up(_rounded_up(max(0, seconds), 60) * mills, 10)


def check_sip(uri: str) -> str:
    """Return a SIP address in its normal form, or raise InvalidRequest or DestinationNotAllowed.

    Promises that nothing in it can end a header, name another host (`maddr`), carry a password, or
    set a header other than `X-` ones.
    """
    if len(uri) > _SIP_LIMIT:
        raise InvalidRequest(f"A SIP address has at most {_SIP_LIMIT} characters.")
    parts = _SIP.fullmatch(uri)
    if parts is None or _CONTROL.search(unquote(uri)):
        raise InvalidRequest(_SIP_FORM)
    host = parts["host"].lower()
    _check_port(parts["port"])
    _check_host(host)
    _check_gateway(parts["user"], host)
    port = f":{parts['port']}" if parts["port"] else ""
    scheme, options = parts["scheme"].lower(), parts["options"].lower()
    return f"{scheme}:{parts['user']}@{host}{port}{options}{parts['headers'] or ''}"


def _parsed(number: E164) -> "PhoneNumber | None":
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    # The library forgives ("+44 (0)20…", letters, extensions) where a carrier may dial
    # what is written: judge no other number than the one that will be dialled.
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return parsed if written == number else None


def _kind(parsed: "PhoneNumber") -> DestinationKind:
    import phonenumbers

    kinds = phonenumbers.PhoneNumberType
    known = {
        kinds.FIXED_LINE: DestinationKind.FIXED_OR_MOBILE,
        kinds.MOBILE: DestinationKind.FIXED_OR_MOBILE,
        kinds.FIXED_LINE_OR_MOBILE: DestinationKind.FIXED_OR_MOBILE,
        kinds.TOLL_FREE: DestinationKind.TOLL_FREE,
        kinds.PREMIUM_RATE: DestinationKind.PREMIUM_RATE,
        kinds.SHARED_COST: DestinationKind.SHARED_COST,
        kinds.PERSONAL_NUMBER: DestinationKind.PERSONAL,
        kinds.VOIP: DestinationKind.VOIP,
        kinds.PAGER: DestinationKind.PAGER,
        kinds.UAN: DestinationKind.UAN,
    }
    return known.get(phonenumbers.number_type(parsed), DestinationKind.UNKNOWN)


def _check_country(number: E164, where: Destination, allowed: tuple[str, ...]) -> None:
    if where.country in allowed:
        return
    if where.kind is DestinationKind.TOLL_FREE and _shares_calling_code(number, allowed):
        return
    listed = ", ".join(allowed) or "empty"
    if where.country is None:
        raise DestinationNotAllowed(
            f"allowed_countries is {listed}: {masked(number)} belongs to no country, and "
            "international services of this kind cannot be called. Call a number in a country."
        )
    raise DestinationNotAllowed(
        f"allowed_countries is {listed}: {masked(number)} is in {where.country}. "
        f"Add {where.country} to the organization's limit allowed_countries to allow it."
    )


def _shares_calling_code(number: E164, allowed: tuple[str, ...]) -> bool:
    # Toll-free numbers are shared by all countries of a calling code, and cost the same.
    import phonenumbers

    codes = {phonenumbers.country_code_for_region(country) for country in allowed}
    return phonenumbers.parse(number).country_code in codes


def _rounded_up(amount: int, unit: int) -> int:
    return -(-amount // unit)


_SIP_LIMIT = 255
_SIP_FORM = (
    "A SIP address looks like sip:user@host, with an optional port, the parameters transport, "
    "user, secure and media (;transport=tls), and headers that begin with X- (?X-Name=value)."
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd]")
# A part of RFC 3261's grammar: no password (it would be logged), no quotes or brackets, no
# parameter such as maddr, which sends the call to another host than the one that is checked.
_SIP = re.compile(
    r"""(?P<scheme>sips?):
        (?P<user>(?:[a-z0-9\-_.!~*()+$,/=]|%[0-9a-f]{2})+)
        @(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.\-]+)
        (?::(?P<port>[0-9]{1,5}))?
        (?P<options>(?:;(?:transport|user|secure|media)=[a-z0-9]+)*)
        (?P<headers>\?X-[a-z0-9\-]+=(?:[a-z0-9\-_.!~*()+$/:]|%[0-9a-f]{2})*
            (?:&X-[a-z0-9\-]+=(?:[a-z0-9\-_.!~*()+$/:]|%[0-9a-f]{2})*)*)?""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
# The last label begins with a letter, as in RFC 3261: it keeps out 127.1, 0x7f.1 and 2130706433.
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9\-]*[a-z0-9]")
_LOCAL_DOMAINS = (".localhost", ".local", ".internal")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# A phone number at a carrier's own SIP host is a call into the telephone network.
_CARRIER_DOMAINS = (".twilio.com", ".telnyx.com", ".vonage.com", ".nexmo.com")
_DIGITS = re.compile(r"[0-9+*#().\-]+")


def _check_port(port: str | None) -> None:
    if port is not None and not 0 < int(port) < 65536:
        raise InvalidRequest(f"The port of a SIP address is 1 to 65535, not {port}.")


def _check_host(host: str) -> None:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        if host != "localhost" and not _DOMAIN.fullmatch(host):
            raise InvalidRequest(_SIP_FORM) from None
        local = f".{host}".endswith(_LOCAL_DOMAINS)
    else:
        hidden = address.is_multicast or address.is_reserved or address in _NAT64
        local = hidden or not address.is_global
    if local:
        raise DestinationNotAllowed(
            f"{host} is a local or private address, which a carrier cannot reach. "
            "Use a public host name or address."
        )


def _check_gateway(user: str, host: str) -> None:
    if f".{host}".endswith(_CARRIER_DOMAINS) and _DIGITS.fullmatch(unquote(user)):
        raise DestinationNotAllowed(
            f"A phone number at {host} is a call into the telephone network, past the limits on "
            "destinations. Give the phone number itself in E.164 format."
        )
