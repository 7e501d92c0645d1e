"""Hold what Twilio knows of a call beside what every call has."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.transcript import Call


@dataclass(frozen=True)
class Entry:
    """Where a call's instructions are: at a URL, or right here in `twiml`."""

    url: str = ""
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    twiml: str | None = None


def entry_of(form: dict[str, Any]) -> Entry:
    """Read the instructions of a dial or a redirection; Twilio ignores Twiml beside a Url."""
    return Entry(
        form.get("Url", ""),
        form.get("Method", "POST"),
        form.get("FallbackUrl", ""),
        form.get("FallbackMethod", "POST"),
        None if form.get("Url") else form.get("Twiml"),
    )


@dataclass
class TwilioCall(Call):
    """A call with the form that dialled it and the instructions that are to replace its own."""

    dialled: dict[str, Any] = field(default_factory=dict)
    answered_by: str | None = None
    detour: Entry | None = None
    recording: Any = None
    """What TwiML has begun: see `recordings`."""

    @property
    def wording(self) -> str:
        """Return the direction as Twilio words it."""
        return "inbound" if self.direction == "inbound" else "outbound-api"

    def redirect(self, entry: Entry) -> None:
        """Give the call other instructions; what it is doing ends."""
        self.detour = entry
        self.interrupted.set()

    def take_detour(self) -> Entry | None:
        """Return the waiting instructions, once."""
        entry, self.detour = self.detour, None
        self.interrupted.clear()
        return entry
