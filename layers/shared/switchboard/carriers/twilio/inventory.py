"""What Twilio has for sale. Searching reserves nothing, and shows no prices."""

from typing import TYPE_CHECKING, Any

from ...errors import NothingThere
from ...model import E164, Capabilities
from ..stock import AvailableNumber, NumberSearch
from .api import TwilioApi

if TYPE_CHECKING:
    from twilio.rest import Client


class TwilioInventory(TwilioApi):
    """What one Twilio account may buy."""

    def search(self, wanted: NumberSearch) -> list[AvailableNumber]:
        """Search in one request.

        A type that Twilio does not sell in a country is answered 404, 20404: nothing matches.
        """
        try:
            found = self._ask(
                "search for numbers",
                lambda client: [_available(it) for it in _list(client, wanted)],
            )
        except NothingThere:
            return []
        return found

    def countries(self) -> list[str]:
        """List them in one request; each that is listed has some type of number for sale."""
        return self._ask(
            "list its countries",
            lambda client: sorted(
                str(country.country_code)
                for country in client.available_phone_numbers.list()
                if country.subresource_uris
            ),
        )


def capabilities(shown: Any) -> Capabilities:
    """Return what a number can do. A search spells SMS and MMS so, an owned number sms and mms."""
    can = {key.lower(): bool(value) for key, value in dict(shown or {}).items()}
    return Capabilities(**{key: can.get(key, False) for key in ("voice", "sms", "mms", "fax")})


def _list(client: "Client", wanted: NumberSearch) -> list[Any]:
    offered = client.available_phone_numbers(wanted.country_code)
    kinds = {"local": offered.local, "toll_free": offered.toll_free, "mobile": offered.mobile}
    filters = {
        "area_code": wanted.area_code,
        "contains": wanted.contains,
        "in_locality": wanted.locality,
        "in_region": wanted.region,
    }
    given = {name: value for name, value in filters.items() if value is not None}
    found: list[Any] = kinds[wanted.number_type].list(
        **given, voice_enabled=True, limit=wanted.limit, page_size=wanted.limit
    )
    return found


def _available(number: Any) -> AvailableNumber:
    return AvailableNumber(
        phone_number=E164(number.phone_number),
        country_code=number.iso_country,
        capabilities=capabilities(number.capabilities),
        friendly_name=number.friendly_name,
        locality=number.locality,
        region=number.region,
    )
