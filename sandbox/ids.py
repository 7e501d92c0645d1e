"""Make identifiers and timestamps in the forms the carriers use."""

import secrets
from datetime import UTC, datetime
from email.utils import format_datetime
from uuid import uuid4


def sid(prefix: str) -> str:
    """Make a Twilio SID: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def numeric() -> str:
    """Make a Telnyx resource id: a 19-digit integer in a string."""
    return str(10**18 + secrets.randbelow(9 * 10**18))


def uuid() -> str:
    """Make a random UUID in a string."""
    return str(uuid4())


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def iso(at: datetime | None = None) -> str:
    """Format a time as Telnyx does, with microseconds and a Z."""
    return (at or now()).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def rfc2822(at: datetime | str | None = None) -> str:
    """Format a time (or one of our ISO strings) as Twilio does."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at or now()
    return format_datetime(moment)
