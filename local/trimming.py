"""Take out of the built layer what our code never imports: pip installs whatever is declared.

A layer that `sam build` alone made has all of it and works the same; it is 40 % larger.
"""

import shutil
from pathlib import Path

# Twilio's asynchronous client, and what only that one needs. We have none.
_PACKAGES = (
    *("aiohappyeyeballs", "aiohttp", "aiohttp_retry", "aiosignal", "attr", "attrs"),
    *("frozenlist", "multidict", "propcache", "yarl"),
)
# What the compiler reads, and type checkers.
_FILES = ("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h")
# Of Twilio's products, each in a folder of its own that is imported when it is first used, this
# one has everything: calls, numbers, messages, recordings, the account.
_TWILIO = Path("twilio") / "rest"
_TWILIO_KEPT = {"api", "__init__.py"}


def trim_layer(packages: Path) -> None:
    """Remove it from the folder in which a layer's packages are."""
    for name in _PACKAGES:
        shutil.rmtree(packages / name, ignore_errors=True)
    for entry in (packages / _TWILIO).glob("*"):
        if entry.name not in _TWILIO_KEPT:
            shutil.rmtree(entry)
    for pattern in _FILES:
        for file in packages.rglob(pattern):
            file.unlink()
