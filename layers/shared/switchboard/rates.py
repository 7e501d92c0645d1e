"""What outbound minutes roughly cost: an estimate for the daily spending limit, not a price.

Source: outbound list prices of Plivo and Twilio (US dollars, before any discount) as others had
copied them in 2026, read on 2026-11-21; no carrier was asked. They are for calls from a number in
North America or the European Economic Area, to the dearest ordinary network of each country,
mobiles included, and rounded up. India, the Netherlands, northern Canada, `UNLISTED` and
`BY_KIND` are guesses on the safe side. Carriers change prices monthly.

Origin surcharges are left out: a call to a European network whose calling number is from
elsewhere can cost ten times as much, or more.

The real prices: https://www.twilio.com/docs/voice/pricing and https://www.plivo.com/pricing/
The unit is the mill, a tenth of a US cent, per started minute.
"""

from collections.abc import Mapping
from types import MappingProxyType

BY_COUNTRY: Mapping[str, int] = MappingProxyType(
    {
        "AT": 50,
        "AU": 80,
        "BR": 100,
        "CA": 14,
        "CH": 120,
        "DE": 50,
        "ES": 35,
        "FR": 50,
        "GB": 40,
        "ID": 85,
        "IE": 85,
        "IL": 155,
        "IN": 70,
        "IT": 40,
        "JP": 140,
        "KR": 30,
        "MX": 40,
        "MY": 75,
        "NL": 50,
        "NZ": 75,
        "PH": 290,
        "PL": 60,
        "PT": 45,
        "SE": 600,
        "SG": 50,
        "TH": 90,
        "TR": 225,
        "US": 14,
        "ZA": 405,
    }
)

UNLISTED = 1000
"""Any other country. Most cost far less."""

BY_PREFIX: Mapping[str, int] = MappingProxyType(
    {
        "+1907": 90,  # Alaska
        "+1867": 200,  # Yukon, Northwest Territories, Nunavut
    }
)
"""Parts of a listed country that cost more than the rest of it."""

BY_KIND: Mapping[str, int] = MappingProxyType(
    {
        "premium_rate": 6000,  # France lists 5.50 USD
        "satellite": 25000,  # most networks 3 to 10 USD; those aboard aircraft above 20 USD
        "shared_cost": 300,
        "personal": 600,
        "pager": 600,
        "unknown": 6000,
    }
)
"""The least that a kind of number costs, in whatever country."""

MONTHLY: Mapping[tuple[str, str, str], str] = MappingProxyType(
    {
        ("twilio", "US", "local"): "1.15 USD",
        ("twilio", "CA", "local"): "1.15 USD",
        ("twilio", "US", "toll_free"): "2.15 USD",
        ("twilio", "CA", "toll_free"): "2.15 USD",
    }
)
"""What a number costs a month by carrier, country and kind, where its search shows no prices.

Twilio's list price before any discount, as a reseller had copied it, read on 2026-11-21; the real
ones: https://www.twilio.com/docs/phone-numbers/pricing
"""
