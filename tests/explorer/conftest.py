"""The market on which everything is explored."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.explorer.exchange import connected
from tests.explorer.world import Market, opened


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder of root certificates."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="session")
def market() -> Iterator[Market]:
    """Return the carriers with our accounts made ready, one for all tests."""
    with opened() as market:
        yield market


@pytest.fixture(autouse=True)
def _connected(
    market: Market, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Lead every client of this process to the market, and only while a test of it runs."""
    # Every client loads all root certificates, and there is no TLS here: half of the time.
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(certificates))
    with connected(market.exchange, lambda: market.clock()):
        yield
