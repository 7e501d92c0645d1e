"""List where the numbers on sale are at home.

Nobody's phone rings behind them: where a country keeps numbers for fiction, the stock lies there
(555-01xx in North America, the ranges of Ofcom, the Bundesnetzagentur, ARCEP and the ACMA);
elsewhere it lies around the example numbers of the numbering plan.
"""

from dataclasses import dataclass, field

LOCAL, MOBILE, TOLL_FREE = "local", "mobile", "toll_free"


@dataclass(frozen=True)
class Country:
    """A country with numbers on sale.

    `monthly` and `upfront` are Telnyx's prices in US dollars, by kind and of any kind; `address`
    says of which kinds a carrier wants what address before it sells.
    """

    name: str
    continent: str
    monthly: dict[str, str]
    upfront: str = "1.00"
    address: dict[str, str] = field(default_factory=dict)
    beta: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of number that there are."""
        return tuple(self.monthly)


_AMERICAN = {LOCAL: "1.00", TOLL_FREE: "1.50"}
COUNTRIES = {
    "US": Country("United States", "AMER", _AMERICAN),
    "CA": Country("Canada", "AMER", _AMERICAN),
    "GB": Country("United Kingdom", "EMEA", {LOCAL: "1.20", MOBILE: "2.50", TOLL_FREE: "4.00"}),
    "IE": Country(
        "Ireland", "EMEA", {LOCAL: "2.00", MOBILE: "6.00"}, address={MOBILE: "any"}, beta=True
    ),
    "DE": Country(
        "Germany",
        "EMEA",
        {LOCAL: "1.50", MOBILE: "10.00", TOLL_FREE: "15.00"},
        address={LOCAL: "local", MOBILE: "any"},
    ),
    "FR": Country("France", "EMEA", {LOCAL: "1.50", TOLL_FREE: "20.00"}, "2.50"),
    "NL": Country("Netherlands", "EMEA", {LOCAL: "1.50", MOBILE: "6.00", TOLL_FREE: "25.00"}),
    "ES": Country("Spain", "EMEA", {LOCAL: "1.50", TOLL_FREE: "20.00"}, "0.00"),
    "AU": Country(
        "Australia",
        "APAC",
        {LOCAL: "3.00", MOBILE: "6.50", TOLL_FREE: "16.00"},
        address={MOBILE: "any"},
    ),
}
# Telnyx's list of countries names those, too, in which it has no numbers.
NOT_SOLD = {"AF": "Afghanistan", "AQ": "Antarctica", "CU": "Cuba", "KP": "North Korea"}


@dataclass(frozen=True)
class Place:
    """An area of a country's numbering plan, and the numbers there that are in stock.

    `stem` holds their digits after the calling code up to a serial of `serial_digits`.
    """

    country: str
    kind: str
    area: str
    stem: str
    serial_digits: int = 3
    locality: str | None = None
    region: str | None = None
    rate_center: str | None = None
    lata: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    postal_code: str | None = None


# Area code, city, state or province, rate center, LATA, latitude, longitude, postal code.
_NORTH_AMERICA = {
    "US": """
        415 San Francisco|CA|SNFC CNTRL|722|37.775000|-122.419000|94103
        510 Oakland|CA|OKLD MN-PD|722|37.804000|-122.271000|94607
        408 San Jose|CA|SNJS WEST|722|37.338000|-121.886000|95112
        213 Los Angeles|CA|LSAN DA 01|730|34.052000|-118.244000|90012
        619 San Diego|CA|SNDG SNDG|732|32.716000|-117.161000|92101
        212 New York|NY|NWYRCYZN01|132|40.713000|-74.006000|10007
        718 Brooklyn|NY|NWYRCYZN08|132|40.650000|-73.950000|11203
        312 Chicago|IL|CHICAGOZN1|358|41.878000|-87.630000|60604
        617 Boston|MA|BOSTON|128|42.358000|-71.060000|02108
        202 Washington|DC|WSHNGTNZN1|236|38.895000|-77.037000|20006
        215 Philadelphia|PA|PHLADLPZN1|228|39.952000|-75.164000|19107
        305 Miami|FL|MIAMI|460|25.774000|-80.194000|33130
        404 Atlanta|GA|ATLANTA|438|33.749000|-84.388000|30303
        512 Austin|TX|AUSTIN|558|30.267000|-97.743000|78701
        214 Dallas|TX|DALLAS|552|32.783000|-96.807000|75201
        713 Houston|TX|HOUSTON|560|29.763000|-95.363000|77002
        303 Denver|CO|DENVER|656|39.739000|-104.985000|80202
        602 Phoenix|AZ|PHOENIX|666|33.448000|-112.074000|85003
        702 Las Vegas|NV|LAS VEGAS|721|36.175000|-115.137000|89101
        206 Seattle|WA|SEATTLE|674|47.606000|-122.332000|98101
        503 Portland|OR|PORTLAND|672|45.523000|-122.676000|97204
        612 Minneapolis|MN|TWINCITIES|628|44.980000|-93.264000|55401
        808 Hilo|HI|HILO|834|19.720000|-155.090000|96720
    """,
    "CA": """
        416 Toronto|ON|TORONTO|888|43.653000|-79.383000|M5H
        613 Ottawa|ON|OTTAWAHULL|888|45.421000|-75.697000|K1P
        514 Montreal|QC|MONTREAL|888|45.502000|-73.567000|H3B
        604 Vancouver|BC|VANCOUVER|888|49.283000|-123.121000|V6B
        403 Calgary|AB|CALGARY|888|51.045000|-114.057000|T2P
    """,
}
_NORTH_AMERICAN_TOLL_FREE = {
    "US": ("800", "888", "833", "844", "855"),
    "CA": ("866", "877"),
}
# Country, kind, area, stem, city, latitude, longitude.
_ELSEWHERE = (
    ("GB", LOCAL, "20", "2079460", "London", "51.507000", "-0.128000"),
    ("GB", LOCAL, "121", "1214960", "Birmingham", "52.480000", "-1.903000"),
    ("GB", LOCAL, "131", "1314960", "Edinburgh", "55.953000", "-3.189000"),
    ("GB", LOCAL, "161", "1614960", "Manchester", "53.479000", "-2.245000"),
    ("GB", MOBILE, "7400", "7400123", None, None, None),
    ("GB", TOLL_FREE, "808", "8081570", None, None, None),
    ("IE", LOCAL, "1", "12345", "Dublin", "53.344000", "-6.267000"),
    ("IE", LOCAL, "21", "21234", "Cork", "51.898000", "-8.471000"),
    ("IE", MOBILE, "85", "850123", None, None, None),
    ("DE", LOCAL, "30", "3023125", "Berlin", "52.520000", "13.405000"),
    ("DE", LOCAL, "40", "4066969", "Hamburg", "53.551000", "9.994000"),
    ("DE", LOCAL, "69", "6990009", "Frankfurt am Main", "50.110000", "8.682000"),
    ("DE", LOCAL, "89", "8999998", "Munich", "48.137000", "11.575000"),
    ("DE", MOBILE, "1512", "15123456", None, None, None),
    ("DE", TOLL_FREE, "800", "8001234", None, None, None),
    ("FR", LOCAL, "1", "199001", "Paris", "48.857000", "2.352000"),
    ("FR", LOCAL, "4", "465711", "Marseille", "43.296000", "5.370000"),
    ("FR", TOLL_FREE, "80", "801234", None, None, None),
    ("NL", LOCAL, "20", "201234", "Amsterdam", "52.373000", "4.892000"),
    ("NL", LOCAL, "10", "101234", "Rotterdam", "51.922000", "4.479000"),
    ("NL", MOBILE, "612", "612345", None, None, None),
    ("NL", TOLL_FREE, "800", "8001", None, None, None),
    ("ES", LOCAL, "91", "910123", "Madrid", "40.417000", "-3.703000"),
    ("ES", LOCAL, "93", "930123", "Barcelona", "41.383000", "2.183000"),
    ("ES", TOLL_FREE, "800", "800123", None, None, None),
    ("AU", LOCAL, "2", "255501", "Sydney", "-33.868000", "151.207000"),
    ("AU", LOCAL, "3", "370101", "Melbourne", "-37.814000", "144.963000"),
    ("AU", MOBILE, "4", "412345", None, None, None),
    ("AU", TOLL_FREE, "1800", "1800160", None, None, None),
)


def _north_american() -> list[Place]:
    places = []
    for country, table in _NORTH_AMERICA.items():
        for line in table.strip().splitlines():
            area, rest = line.strip().split(" ", 1)
            locality, region, rate_center, lata, latitude, longitude, postal = rest.split("|")
            places.append(
                Place(
                    country,
                    LOCAL,
                    area,
                    f"{area}55501",
                    2,
                    locality,
                    region,
                    rate_center,
                    lata,
                    latitude,
                    longitude,
                    postal,
                )
            )
    return places


PLACES: tuple[Place, ...] = (
    *_north_american(),
    *(
        Place(country, TOLL_FREE, area, f"{area}55501", 2)
        for country, areas in _NORTH_AMERICAN_TOLL_FREE.items()
        for area in areas
    ),
    *(
        Place(country, kind, area, stem, 3, city, latitude=latitude, longitude=longitude)
        for country, kind, area, stem, city, latitude, longitude in _ELSEWHERE
    ),
)
