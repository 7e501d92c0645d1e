"""What tests of text messages need: a number that has an assistant, a queue in a list."""

from dataclasses import dataclass, field
from typing import Any

from switchboard.app import App
from switchboard.carriers.base import InboundMessage, MessageReceipt
from switchboard.model import Text, TextStatus
from switchboard.texting import dispatching, receiving, sending
from tests.builders import CALLER, NUMBER, ORGANIZATION, a_number


@dataclass
class Line:
    """A number, who writes with it, and the queue between."""

    app: App
    queued: list[Text] = field(default_factory=list)

    def send(self, key: str | None = None, **changes: Any) -> sending.Accepted:
        """Ask for a message."""
        wanted = {"from_phone_number": NUMBER, "to_phone_number": CALLER, "message": "Hello"}
        request = sending.TextRequest(**wanted | changes)
        return sending.send(self.app, ORGANIZATION, request, key, self.queued.append)

    def work(self) -> None:
        """Let the queue bring what it holds, once."""
        brought, self.queued = self.queued, []
        for text in brought:
            dispatching.dispatch(self.app, text.id, self.queued.append)

    def sweep(self) -> int:
        """Look for what was forgotten."""
        return dispatching.sweep(self.app, self.queued.append)

    def now(self, text: Text) -> Text:
        """Return a message as it stands."""
        found = self.app.store.text(text.id)
        assert found is not None
        return found

    def told(self, text: Text, status: TextStatus, **changes: Any) -> None:
        """Let a receipt arrive."""
        wanted: dict[str, Any] = {"message_sid": "SM1", "status": status, "text_id": text.id}
        receiving.record(self.app, ORGANIZATION, MessageReceipt(**wanted | changes))

    def hears(self, body: str, sid: str = "SMin1", **changes: Any) -> None:
        """Let somebody write to the number."""
        wanted: dict[str, Any] = {"message_sid": sid, "from_": CALLER, "to": NUMBER, "body": body}
        inbound = InboundMessage(**wanted | changes)
        receiving.receive(self.app, "fake", ORGANIZATION, inbound)


def a_line(app: App, **changes: Any) -> Line:
    """Return a line whose number is in the table."""
    hold(app, **changes)
    return Line(app)


def hold(app: App, **changes: Any) -> None:
    """Put a number into the table."""
    app.store.transact(app.store._put_number(a_number(**changes), "attribute_not_exists(pk)"))
