"""Rows of what carriers said and will say again for a while."""

from datetime import datetime, timedelta

from .table import Table, key

# Served for so long when the carrier does not answer.
_KEPT_FOR = timedelta(days=30)


class Caches(Table):
    """What a carrier need not be asked every time."""

    def cached_countries(
        self, organization_id: int, carrier: str
    ) -> tuple[list[str], datetime] | None:
        """Return the countries in which a carrier sells numbers, and when it said so."""
        item = self.get_item(_row(organization_id, carrier))
        if item is None:
            return None
        return list(item["country_codes"]), datetime.fromisoformat(item["at"])

    def cache_countries(
        self, organization_id: int, carrier: str, country_codes: list[str], now: datetime
    ) -> None:
        """Keep what a carrier said just now."""
        self.put_item(
            _row(organization_id, carrier)
            | {
                "country_codes": country_codes,
                "at": now.isoformat(),
                "ttl": int((now + _KEPT_FOR).timestamp()),
            }
        )


def _row(organization_id: int, carrier: str) -> dict[str, str]:
    return key(f"CACHE#{organization_id}#{carrier}", "COUNTRIES")
