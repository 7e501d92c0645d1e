"""Rows of text messages that came, and of what their senders want of our numbers."""

from .. import items
from ..announcements import message_received
from ..items import Item
from ..model import Consent, Message
from .outbox import outbox
from .table import FRESH, Table, key, listed, put


class Messages(Table):
    """The messages that numbers have received."""

    def add_message(
        self,
        message: Message,
        *,
        assistant_id: int | None = None,
        consent: Consent | None = None,
        is_ours: bool = True,
    ) -> None:
        """Write a message, what it says of wanting more, and its event; raise Taken if it is known.

        There is no event for a message to a number that we do not have (`is_ours`).
        """
        row = key(f"MESSAGE#{message.organization_id}#{message.message_sid}", "MESSAGE")
        at = listed(message.organization_id, "MESSAGE", message.received_at.isoformat())
        told = [message_received(message, assistant_id, self._clock())] if is_ours else []
        self.transact(
            put(row | at | items.fields_of(message), FRESH),
            *outbox(told),
            *([put(consent_item(consent))] if consent else []),
        )

    def messages(self, organization_id: int) -> list[Message]:
        """Return an organization's messages, oldest first. A request for each page of 1 MB."""
        return [items.message(item) for item in self.indexed(f"ORG#{organization_id}#MESSAGE")]

    def consent(
        self, organization_id: int, phone_number: str, customer_number: str
    ) -> Consent | None:
        """Return what a customer's number has last told one of ours; None if nothing."""
        item = self.get_item(consent_key(organization_id, phone_number, customer_number))
        return items.consent(item) if item else None

    def put_consent(self, consent: Consent) -> None:
        """Write what a customer's number wants of one of ours."""
        self.put_item(consent_item(consent))


def consent_key(organization_id: int, phone_number: str, customer_number: str) -> Item:
    """Return the key of what a customer's number has told one of ours."""
    return key(f"CONSENT#{organization_id}#{phone_number}", customer_number)


def consent_item(consent: Consent) -> Item:
    """Return its row."""
    place = (consent.organization_id, consent.phone_number, consent.customer_number)
    return consent_key(*place) | items.fields_of(consent)
