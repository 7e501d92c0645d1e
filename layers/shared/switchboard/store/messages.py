"""Rows of text messages."""

from .. import items
from ..model import Message
from .table import Table, key, listed


class Messages(Table):
    """The messages that numbers have received."""

    def put_message(self, message: Message) -> None:
        """Write a message; the same one again changes nothing that matters."""
        self.put_item(
            key(f"MESSAGE#{message.organization_id}#{message.message_sid}", "MESSAGE")
            | listed(message.organization_id, "MESSAGE", message.received_at.isoformat())
            | items.fields_of(message)
        )

    def messages(self, organization_id: int) -> list[Message]:
        """Return an organization's messages, oldest first. A request for each page of 1 MB."""
        return [items.message(item) for item in self.indexed(f"ORG#{organization_id}#MESSAGE")]
