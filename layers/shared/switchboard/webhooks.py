"""A carrier speaks to us: verify, understand, act, and never leave a caller in silence."""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from . import calls, rotation
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
from .model import BYO, Call, CallEvent, TrunkSecrets

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
    forgery = app.voice_class(carrier_name).forgery("Invalid signature")
    if (carrier_name == BYO) is (request.trunk_id is None):
        raise forgery
    app.secrets.read_for_call(organization_id, carrier_name, request.trunk_id)
    for credentials in _credentials(app, carrier_name, organization_id, request.trunk_id):
        speaker = app.voice(carrier_name, organization_id, credentials)
        before = rotation.former(credentials, speaker.verified_with, app.clock())
        for signer in (speaker, before and app.voice(carrier_name, organization_id, before)):
            try:
                if signer:
                    signer.verify(request)
                    return speaker
            except SignatureInvalid as error:
                forgery = error
    raise forgery


def _credentials(
    app: App, carrier_name: str, organization_id: int, trunk_id: str | None
) -> Iterator[dict[str, Any]]:
    """Yield the credentials that were kept, and those that are stored now if they are others."""
    if trunk_id is None:
        yield app.secrets.carrier(organization_id, carrier_name)
        if renewed := app.secrets.renewed_carrier(organization_id, carrier_name):
            yield renewed
        return
    # A trunk's own bridge: without a read of the trunk.
    yield _of_bridge(trunk_id, app.secrets.trunk(organization_id, trunk_id))
    if secrets := app.secrets.renewed_trunk(organization_id, trunk_id):
        yield _of_bridge(trunk_id, secrets)


def _of_bridge(trunk_id: str, secrets: TrunkSecrets) -> dict[str, Any]:
    return {
        "trunk_id": trunk_id,
        "signing_secret": secrets.signing_secret,
        rotation.FORMER: secrets.former,
    }


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
