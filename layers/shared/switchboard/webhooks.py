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
    NotUnderstood,
    OrderUpdate,
    OutboundAnswer,
    Prewarm,
    RecordingSaved,
    Voice,
    WebhookReply,
    WebhookRequest,
)
from .errors import CarrierNotConnected, ConfigError, SignatureInvalid
from .model import BYO, Call, CallEvent

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
        carrier = _verified(app, carrier_name, organization_id, request)
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


def _verified(app: App, carrier_name: str, organization_id: int, request: WebhookRequest) -> Voice:
    """Return who speaks; raise SignatureInvalid unless it is who it says."""
    trunk_id = request.trunk_id
    if (carrier_name == BYO) is (trunk_id is None):
        raise app.voice_class(carrier_name).forgery("Invalid signature")
    if trunk_id is None:
        carrier = app.voice(carrier_name, organization_id)
        carrier.verify(request)
        return carrier
    bridge = app.bridge(organization_id, trunk_id)
    try:
        bridge.verify(request)
    except SignatureInvalid:
        renewed = app.secrets.renewed_trunk(organization_id, trunk_id)
        if renewed is None:
            raise
        bridge = app.bridge(organization_id, trunk_id, renewed)
        bridge.verify(request)
    return bridge


def _act(app: App, carrier: Voice, organization_id: int, request: WebhookRequest) -> WebhookReply:
    match webhook := carrier.parse(request):
        case InboundCall():
            return calls.answer(app, carrier, organization_id, webhook)
        case OutboundAnswer():
            return calls.connect(app, carrier, organization_id, webhook)
        case CallEvent():
            call = calls.record(app, carrier, organization_id, webhook)
            if call.waits_for_another_trunk:
                _fail_over(app, call)
                return WebhookReply()
            # Also for a repeated event: the first time it may have failed here.
            carrier.follow_up(request, call, partial(calls.instruction, app, call))
        case OrderUpdate():
            # Imported here: a ringing phone has bought nothing.
            from .numbers import purchasing

            purchasing.settle_delivered(app, organization_id, webhook)
        case NotUnderstood(reply=reply):
            return reply
        case Prewarm():
            from . import prewarming  # with templates, which no ringing phone needs

            return prewarming.prewarm(app, carrier, organization_id, webhook)
        case RecordingSaved():
            # Imported here: a ringing phone has recorded nothing.
            from .recordings import noting

            noting.note(app, carrier, organization_id, webhook)
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


def _fail_over(app: App, call: Call) -> None:
    # Not here: this function reads the secrets of its own carrier only, and nobody may wait for
    # the next trunk's bridge while the carrier waits for us.
    if app.fail_over is None:
        raise ConfigError("No function is set that goes on with calls: FAIL_OVER_FUNCTION")
    app.fail_over(call.id)
