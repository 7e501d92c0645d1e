"""A carrier speaks to us: verify, understand, act, and never leave a caller in silence."""

import logging
from functools import partial

from . import calls
from .app import App
from .carriers.base import (
    Ignored,
    InboundCall,
    InboundMessage,
    MessageReceipt,
    OrderUpdate,
    OutboundAnswer,
    Voice,
    WebhookReply,
    WebhookRequest,
)
from .errors import CarrierNotConnected, SignatureInvalid
from .model import CallEvent

logger = logging.getLogger(__name__)


def handle(
    app: App, carrier_name: str, organization_id: int, request: WebhookRequest
) -> WebhookReply:
    """Answer one webhook.

    Raises SignatureInvalid when the carrier did not sign it. When anything of ours fails,
    a caller who is listening hears an apology; otherwise the error goes up, and the
    carrier sends its event again.
    """
    try:
        carrier = app.voice(carrier_name, organization_id)
        carrier.verify(request)
        return _act(app, carrier, organization_id, request)
    except CarrierNotConnected as error:
        # To a stranger, an unknown organization looks like a wrong signature.
        raise app.voice_class(carrier_name).forgery("Invalid signature") from error
    except SignatureInvalid:
        raise
    except Exception:
        apology = app.voice_class(carrier_name).apology(request)
        if apology is None:
            raise
        logger.exception("apologized to a caller", extra={"organization_id": organization_id})
        return apology


def _act(app: App, carrier: Voice, organization_id: int, request: WebhookRequest) -> WebhookReply:
    match webhook := carrier.parse(request):
        case InboundCall():
            return calls.answer(app, carrier, organization_id, webhook)
        case OutboundAnswer():
            return calls.connect(app, carrier, organization_id, webhook)
        case CallEvent():
            call = calls.record(app, carrier, organization_id, webhook)
            # Also for a repeated event: the first time it may have failed here.
            carrier.follow_up(request, call, partial(calls.outbound_instruction, app, call))
        case OrderUpdate():
            # Imported here: a ringing phone has bought nothing.
            from .numbers import purchasing

            purchasing.settle_delivered(app, organization_id, webhook)
        case InboundMessage():
            # Imported here, as below: a ringing phone writes nothing.
            from .texting import receiving

            receiving.receive(app, carrier.name, organization_id, webhook)
            return WebhookReply(204)  # Twilio would send a body back as a text message
        case MessageReceipt():
            from .texting import receiving

            receiving.record(app, organization_id, webhook)
            return WebhookReply(204)
        case Ignored(type=kind):
            logger.info("event ignored", extra={"event_type": kind, "carrier": carrier.name})
    return WebhookReply()
