"""Sending a text message that is written down: claim it, ask the carrier once, settle it."""

import logging
from dataclasses import replace
from datetime import timedelta

from ..app import App
from ..errors import (
    CarrierUnavailable,
    OutcomeUnknown,
    RecipientOptedOut,
    ServiceUnavailable,
    SwitchboardError,
)
from ..model import Consent, Refusal, Text, TextStatus, masked
from ..store import Taken

logger = logging.getLogger(__name__)

_WRITE_TRIES = 6
# Longer than the function that sends may run: after this, whoever was sending is dead.
_IN_FLIGHT = timedelta(seconds=120)
# How often a carrier may say that it certainly did nothing: the last wait is about an hour.
_ATTEMPTS = 10
_FIRST_WAIT = timedelta(seconds=15)
# Behind its time by so much, a message is taken for lost on its way through the queue.
_LATE = timedelta(seconds=30)
_AGAIN = timedelta(minutes=5)
_AT_ONCE = 500
# The queue's clock and ours may differ a little.
_EARLY = timedelta(seconds=2)


def dispatch(app: App, text_id: str) -> None:
    """Send a message of the queue, if its turn has come and nobody else is at it.

    A message that comes twice, or was cancelled meanwhile, is sent no second time.
    """
    text = app.store.text(text_id)
    if text is None or text.status is not TextStatus.QUEUED:
        return
    if text.due and text.due > app.clock() + _EARLY:
        return  # it was put off meanwhile, and is brought again
    claimed = replace(
        text,
        status=TextStatus.SENDING,
        due=app.clock() + _IN_FLIGHT,
        attempts=text.attempts + 1,
    )
    try:
        claimed = app.store.save_text(text, claimed)
    except Taken:
        return  # somebody else sends it, or has cancelled it
    attempt(app, claimed)


def attempt(app: App, text: Text) -> Text:
    """Ask the carrier once to send a message that is claimed, and write down how it went."""
    try:
        # Whom it is for may have said STOP while it waited.
        consent = app.store.consent(text.organization_id, text.from_, text.to)
        if consent and consent.is_opted_out:
            raise RecipientOptedOut(f"{text.to} has told {text.from_} to stop. Nothing was sent.")
        sid = app.carrier(text.carrier, text.organization_id).send_text(text)
    except OutcomeUnknown as error:
        logger.warning("text outcome unknown", extra=_trace(text, error))
        after = _refused(replace(text, status=TextStatus.UNKNOWN, due=None), error)
    except (CarrierUnavailable, ServiceUnavailable) as error:
        logger.info("text not taken", extra=_trace(text, error))
        after = _later(app, text, error)
    except SwitchboardError as error:
        logger.info("text refused", extra=_trace(text, error))
        after = _refused(replace(text, status=TextStatus.FAILED, due=None), error)
        return _settled(app, text, after, _told_to_stop(app, text, error))
    else:
        after = replace(text, status=TextStatus.SENT, message_sid=sid, due=None)
    return _settled(app, text, after)


def given_up(app: App, text: Text) -> Text:
    """Settle a message whose sender died: whether the carrier was asked, nobody knows."""
    error = OutcomeUnknown(
        f"Whether the message to {text.to} was sent is not known: it is not sent again. A receipt "
        "of the carrier would still settle it."
    )
    return _settled(app, text, _refused(replace(text, status=TextStatus.UNKNOWN, due=None), error))


def sweep(app: App) -> int:
    """Wake what was lost on its way, give up what nobody settled; return how many."""
    now, found = app.clock(), 0
    for text in app.store.overdue_texts(now - _LATE, _AT_ONCE):
        try:
            if text.status is TextStatus.QUEUED:
                app.store.wake_text(text, now, now + _AGAIN)
            else:
                given_up(app, text)
        except Taken:
            continue  # somebody is at it
        found += 1
    return found


def _later(app: App, text: Text, error: SwitchboardError) -> Text:
    if not text.is_queued or text.attempts >= _ATTEMPTS:
        return _refused(replace(text, status=TextStatus.FAILED, due=None), error)
    due = app.clock() + _FIRST_WAIT * 2 ** (text.attempts - 1)
    return replace(text, status=TextStatus.QUEUED, due=due)


def _refused(text: Text, error: SwitchboardError) -> Text:
    return replace(text, refusal=Refusal(error.status, error.code, str(error)))


def _told_to_stop(app: App, text: Text, error: SwitchboardError) -> Consent | None:
    if not isinstance(error, RecipientOptedOut):
        return None
    known = app.store.consent(text.organization_id, text.from_, text.to)
    if known and known.is_opted_out:
        return None
    return carriers_word(app, text)


def carriers_word(app: App, text: Text) -> Consent:
    """Return that a message's addressee wants no more, as the carrier knew and we did not."""
    return Consent(text.organization_id, text.from_, text.to, True, "carrier", app.clock())


def _settled(app: App, before: Text, after: Text, consent: Consent | None = None) -> Text:
    """Write how sending went, unless a receipt has told better meanwhile."""
    try:
        for _ in range(_WRITE_TRIES):
            try:
                return app.store.save_text(before, after, consent)
            except Taken:
                before = app.store.text(after.id) or before
                if before.status.rank < after.status.rank:
                    after = replace(after, version=before.version)
                else:
                    after = replace(before, message_sid=before.message_sid or after.message_sid)
    except ServiceUnavailable as error:
        # It stays as claimed: the sweep finds it, and it is not sent again.
        logger.error("text not settled", extra=_trace(after, error))
    return after


def _trace(text: Text, error: Exception) -> dict[str, object]:
    return {
        "text_id": text.id,
        "organization_id": text.organization_id,
        "carrier": text.carrier,
        "to": masked(text.to),
        "problem": type(error).__name__,
    }
