"""Take a dial: check it as Twilio does, enter the call, and let it run."""

import re
from typing import Any

from sandbox import ids, inventory
from sandbox.twilio import caller_ids
from sandbox.twilio.call import TwilioCall
from sandbox.twilio.calls import show
from sandbox.twilio.outbound import OutboundCall
from sandbox.twilio.rest import error
from sandbox.wire import Asked, Refused, Reply

# Twilio's documented test numbers, with what a dial from or to them gets.
MAGIC_FROM = {
    "+15005550001": (21212, "The 'From' number +15005550001 is not a valid phone number."),
}
MAGIC_FROM_OK = "+15005550006"
MAGIC_TO = {
    "+15005550001": (21217, "Phone number does not appear to be valid."),
    "+15005550002": (21214, "'To' phone number cannot be reached."),
    "+15005550003": (21215, "Account not authorized to call +15005550003."),
    "+15005550004": (21216, "Account not allowed to call +15005550004."),
}
_URL_FIELDS = (
    "Url",
    "FallbackUrl",
    "StatusCallback",
    "RecordingStatusCallback",
    "AsyncAmdStatusCallback",
)
_LONGEST_TWIML = 4000
_LONGEST_RING_S = 600
# A host with an underscore is not accepted.
_URL = re.compile(r"https?://[^/?#\s_]+([/?#]\S*)?$")
_ADDRESS = re.compile(r"^(sip|sips|client):\S+$")


def dial(asked: Asked) -> Reply:
    """Queue a call; it runs beside the request."""
    form = asked.body
    to = _checked_to(form)
    from_ = _checked_from(asked)
    _check_instructions(form)
    _check_figures(form)
    if asked.account.balance <= 0:
        raise Refused(error(403, 20005, "Account is not active"))
    far_end = asked.world.far_ends.at(to)
    call = TwilioCall(
        "twilio",
        asked.account.id,
        from_,
        to,
        ids.sid("CA"),
        far_end.plan,
        direction="outbound",
        reference=form.get("Url") or form.get("Twiml"),
        status="queued",
        dialled=form,
    )
    call.note("queued", f"{from_} dials {to} (twilio)", carrier_call_id=call.carrier_call_id)
    reply = Reply(201, show(call))
    asked.world.play(call, OutboundCall(asked.world, asked.account, call, far_end).play())
    return reply


def _refuse(code: int, message: str) -> Refused:
    return Refused(error(400, code, message))


def _checked_to(form: dict[str, Any]) -> str:
    to = form.get("To")
    if not to:
        raise _refuse(21201, "No 'To' number is specified")
    if to in MAGIC_TO:
        raise _refuse(*MAGIC_TO[to])
    if not isinstance(to, str) or not (inventory.E164.match(to) or _ADDRESS.match(to)):
        raise _refuse(21211, f"Invalid 'To' Phone Number: {to}")
    return to


def _checked_from(asked: Asked) -> str:
    from_ = asked.body.get("From")
    if not from_:
        raise _refuse(21213, "No 'From' number is specified")
    if from_ in MAGIC_FROM:
        raise _refuse(*MAGIC_FROM[from_])
    if not isinstance(from_, str) or not inventory.E164.match(from_):
        raise _refuse(21212, f"The 'From' number {from_} is not a valid phone number.")
    if _ADDRESS.match(asked.body["To"]):
        return from_  # over SIP any caller id is shown
    owned = asked.world.books.owner("twilio", from_)
    own = owned is not None and owned.account == asked.account.id
    if not own and from_ != MAGIC_FROM_OK and not caller_ids.is_verified(asked, from_):
        raise _refuse(
            21210,
            f"The source phone number provided, {from_}, is not yet verified for your account."
            " You may only make calls from phone numbers that you've verified or purchased"
            " from Twilio.",
        )
    return from_


def _check_instructions(form: dict[str, Any]) -> None:
    if form.get("ApplicationSid"):
        raise _refuse(21218, "Invalid ApplicationSid: the sandbox has no applications")
    if not form.get("Url") and not form.get("Twiml"):
        raise _refuse(21205, "Url parameter is required.")
    if len(form.get("Twiml") or "") > _LONGEST_TWIML:
        raise _refuse(20001, f"Twiml must not be longer than {_LONGEST_TWIML} characters")
    for name in _URL_FIELDS:
        value = form.get(name)
        if value and not _URL.match(str(value)):
            raise _refuse(21205, f"{name} is not a valid URL: {value}")


def _check_figures(form: dict[str, Any]) -> None:
    for name, most in (("Timeout", _LONGEST_RING_S), ("TimeLimit", None)):
        value = form.get(name, "1")
        if not str(value).isdigit() or (most is not None and int(value) > most):
            raise _refuse(20001, f"{name} is not valid: {value}")
