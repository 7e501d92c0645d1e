"""What a carrier is told to do with a call that it has just announced."""

from dataclasses import dataclass

from .e164 import E164


@dataclass(frozen=True)
class ConnectStream:
    """Instruction: open a media stream to the assistant's runtime."""

    url: str
    parameters: dict[str, str]
    call_id: int
    session_token: str
    record: bool = False
    notice: str | None = None
    """Spoken first, before anything is recorded."""


@dataclass(frozen=True)
class Say:
    """Instruction: speak a sentence and hang up."""

    text: str


@dataclass(frozen=True)
class Dial:
    """Instruction: put the caller through to a person."""

    number: E164


@dataclass(frozen=True)
class Hangup:
    """Instruction: end the call."""


Instruction = ConnectStream | Say | Dial | Hangup
