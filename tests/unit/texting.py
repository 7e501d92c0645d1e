"""What tests of text messages need: a number that has an assistant, a queue in a list."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from switchboard.app import App
from switchboard.carriers.base import InboundMessage, MessageReceipt
from switchboard.events import relaying
from switchboard.model import Text, TextStatus
from switchboard.texting import dispatching, receiving, sending
from tests.builders import CALLER, NUMBER, ORGANIZATION, a_number
from tests.delivery.conftest import stream_of


@dataclass
class Line:
    """A number, who writes with it, and the queue between."""

    app: App
    news: Callable[[], list[dict[str, Any]]]
    """What has changed in the table, as its stream tells."""
    queued: list[tuple[str, datetime]] = field(default_factory=list)

    def send(self, key: str | None = None, **changes: Any) -> sending.Accepted:
        """Ask for a message."""
        wanted = {"from_phone_number": NUMBER, "to_phone_number": CALLER, "message": "Hello"}
        return sending.send(self.app, ORGANIZATION, sending.TextRequest(**wanted | changes), key)

    def relay(self) -> None:
        """Let the stream fill the queue."""
        now = self.app.clock()
        for message, delay in relaying.messages(self.news(), now):
            if "text" in message:
                self.queued.append((str(message["text"]), now + timedelta(seconds=delay)))

    def work(self) -> None:
        """Let the queue bring what is due, once."""
        self.relay()
        now = self.app.clock()
        brought = [text for text, at in self.queued if at <= now]
        self.queued = [entry for entry in self.queued if entry[1] > now]
        for text in brought:
            dispatching.dispatch(self.app, text)

    def sweep(self) -> int:
        """Look for what was forgotten."""
        return dispatching.sweep(self.app)

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
    news = stream_of(app.settings.table_name)
    hold(app, **changes)
    return Line(app, news)


def hold(app: App, **changes: Any) -> None:
    """Put a number into the table."""
    app.store.transact(app.store._put_number(a_number(**changes), "attribute_not_exists(pk)"))
