"""Finding a number to buy: what a carrier has for sale, and in which countries."""

import logging
from datetime import timedelta

from ..app import App
from ..carriers.stock import AvailableNumber, NumberSearch
from ..destinations import country_code
from ..errors import CarrierUnavailable

logger = logging.getLogger(__name__)

_COUNTRIES_HOLD = timedelta(days=1)


def search(
    app: App, organization_id: int, provider: str, wanted: NumberSearch
) -> list[AvailableNumber]:
    """Return numbers for sale; none when nothing matches, for no filter is ever widened.

    At Telnyx only what was shown here may be bought without another search. Raises
    InvalidRequest, UnknownProvider, CarrierNotConnected and CarrierError.
    """
    country_code(wanted.country_code)
    return app.carrier(provider, organization_id).search(wanted)


def countries(app: App, organization_id: int, provider: str) -> list[str]:
    """Return the countries in which a carrier sells numbers, as ISO 3166, sorted.

    Asked once a day; while the carrier is away, what it said within the last month stands.
    Raises UnknownProvider, CarrierNotConnected and CarrierError.
    """
    carrier = app.carrier(provider, organization_id)
    kept, now = app.store.cached_countries(organization_id, provider), app.clock()
    if kept and now - kept[1] < _COUNTRIES_HOLD:
        return kept[0]
    try:
        found = carrier.countries()
    except CarrierUnavailable:
        if kept is None:
            raise
        logger.warning("countries not renewed", extra={"carrier": provider, "of": kept[1]})
        return kept[0]
    app.store.cache_countries(organization_id, provider, found, now)
    return found
