"""Keep the text messages of one sandbox, and what the phones at the far end want of them."""

from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

from sandbox import ids

STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
START = frozenset({"start", "unstop", "yes"})


@dataclass
class TextMessage:
    """One text message, sent to a carrier or written by somebody to a number."""

    carrier: str
    account: str
    carrier_message_id: str
    direction: str
    from_: str
    to: str
    text: str
    media_urls: list[str] = field(default_factory=list)
    status: str = "queued"
    error: str | None = None
    at: str = field(default_factory=ids.iso)

    def report(self) -> dict[str, Any]:
        """Show the message as the control API lists it."""
        row = asdict(self)
        return row | {"from": row.pop("from_")}

    @property
    def parts(self) -> int:
        """Return how many parts it takes, taking all of ASCII for GSM's alphabet."""
        alone, each = (160, 153) if self.text.isascii() else (70, 67)
        units = len(self.text.encode("utf-16-le")) // 2
        return 1 if units <= alone else ceil(units / each)


@dataclass
class Texts:
    """All messages, oldest first, and who wants none from which number."""

    messages: list[TextMessage] = field(default_factory=list)
    opted_out: set[tuple[str, str, str]] = field(default_factory=set)

    def enter(self, message: TextMessage) -> TextMessage:
        """Put a message into the books; STOP and START of a phone are obeyed from now on."""
        self.messages.append(message)
        if message.direction == "inbound":
            pair = (message.carrier, message.to, message.from_)
            word = message.text.strip().casefold()
            if word in STOP:
                self.opted_out.add(pair)
            elif word in START:
                self.opted_out.discard(pair)
        return message

    def refuses(self, carrier: str, from_: str, to: str) -> bool:
        """Tell whether a phone wants nothing from a number."""
        return (carrier, from_, to) in self.opted_out

    def clear(self) -> None:
        """Forget everything."""
        self.messages.clear()
        self.opted_out.clear()
