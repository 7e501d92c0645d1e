"""Hold what Vonage knows of a call beside what every call has, and show it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox import ids
from sandbox.transcript import Call
from sandbox.vonage.rest import msisdn

RATE = "0.01000000"
NETWORK = "US-FIXED"


def conversation() -> str:
    """Make the id of a conversation."""
    return f"CON-{ids.uuid()}"


@dataclass(frozen=True)
class Script:
    """Where a call's instructions are: at a URL, or right here in `ncco`.

    `moves` marks those of a transfer, which takes the call to another conversation.
    """

    url: str = ""
    method: str = "GET"
    ncco: list[Any] | None = None
    moves: bool = False


@dataclass
class VonageCall(Call):
    """A call with the application it belongs to and what was asked of it."""

    application_id: str = ""
    conversation_id: str = field(default_factory=conversation)
    dialled: dict[str, Any] = field(default_factory=dict)
    word: str = "started"
    """Its status in Vonage's words."""
    detour: Script | None = None
    recordings: list[str] = field(default_factory=list)
    """The ids of its files."""

    def redirect(self, script: Script) -> None:
        """Give the call other instructions; what it is doing ends."""
        self.detour = script
        self.interrupted.set()

    def take_detour(self) -> Script | None:
        """Return the waiting instructions, once."""
        script, self.detour = self.detour, None
        self.interrupted.clear()
        return script

    @property
    def price(self) -> str:
        """Return what the call cost, in euros."""
        return f"{float(RATE) * self.duration_s / 60:.8f}"

    def show(self) -> dict[str, Any]:
        """Show the call as the Voice API does."""
        shown: dict[str, Any] = {
            "_links": {"self": {"href": f"/calls/{self.carrier_call_id}"}},
            "uuid": self.carrier_call_id,
            "conversation_uuid": self.conversation_id,
            "to": _endpoint(self.to),
            "from": _endpoint(self.from_),
            "status": self.word,
            "direction": self.direction,
        }
        if self.ended_at:
            shown |= {
                "rate": RATE,
                "price": self.price,
                "duration": str(self.duration_s),
                "start_time": _clock(self.started_at),
                "end_time": _clock(self.ended_at),
                "network": "65512",
            }
        return shown


def _endpoint(address: str) -> dict[str, str]:
    if address.startswith("sip"):
        return {"type": "sip", "uri": address}
    return {"type": "phone", "number": msisdn(address)}


def _clock(at: str) -> str:
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%S")
