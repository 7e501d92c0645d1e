"""The market on which everything is explored."""

from collections.abc import Iterator

import pytest

from tests.explorer.world import Market, opened


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Return the carriers with our accounts made ready, one for all tests."""
    with pytest.MonkeyPatch.context() as patch, opened() as market:
        # Every client loads all root certificates, and there is no TLS here: half of the time.
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        yield market
