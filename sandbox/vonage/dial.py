"""Take a dial: check it as Vonage does, enter the call, and let it run."""

import re
from typing import Any

from sandbox import ids
from sandbox.books import OwnedNumber, Resource
from sandbox.vonage.call import VonageCall
from sandbox.vonage.machines import BEHAVIORS, MODES
from sandbox.vonage.ncco import BadNcco, check
from sandbox.vonage.outbound import OutboundCall
from sandbox.vonage.rest import e164, problem
from sandbox.vonage.voice_api import application_of, bad_request
from sandbox.wire import Asked, Refused, Reply

_LONGEST_SIP_URI = 50
_RANGES = {"length_timer": (1, 86_400), "ringing_timer": (1, 120)}
_BEEP = (30, 120)
_METHODS = ("GET", "POST")
_WRONG_TYPE = "Invalid type parameter provided"


def dial(asked: Asked) -> Reply:
    """Place a call; it runs beside the request."""
    body, application = asked.body, application_of(asked)
    to = _checked_to(body)
    from_ = _checked_from(asked, application)
    _check_instructions(body)
    _check_options(body)
    if asked.account.balance <= 0:
        raise Refused(no_money())
    far_end = asked.world.far_ends.at(to)
    call = VonageCall(
        "vonage",
        asked.account.id,
        from_,
        to,
        ids.uuid(),
        far_end.plan,
        direction="outbound",
        reference=next(iter(body.get("answer_url") or body.get("event_url") or []), None),
        status="queued",
        application_id=application.id,
        dialled=body,
    )
    call.note("queued", f"{from_} dials {to} (vonage)", carrier_call_id=call.carrier_call_id)
    player = OutboundCall(asked.world, asked.account, application, call, far_end)
    asked.world.play(call, player.play())
    made = ("uuid", "status", "direction", "conversation_uuid")
    return Reply(201, {name: call.show()[name] for name in made})


def no_money() -> Reply:
    """Say that the balance does not cover it."""
    detail = "This request could not be performed due to your account balance being low."
    return problem(402, "low-balance", "Low balance", detail)


def _checked_to(body: dict[str, Any]) -> str:
    targets = body.get("to")
    if not isinstance(targets, list) or len(targets) != 1 or not isinstance(targets[0], dict):
        raise bad_request("to", _WRONG_TYPE)
    target = targets[0]
    if target.get("type") == "phone":
        number = e164(target.get("number"))
        if number and str(target["number"]).isdigit():
            return number
        raise bad_request("to[0].number", "Invalid number")
    uri = str(target.get("uri", ""))
    if target.get("type") == "sip" and re.match(r"sips?:\S+@\S+$", uri):
        if len(uri) <= _LONGEST_SIP_URI:
            return uri
        raise bad_request("to[0].uri", "must not be longer than 50 characters")
    raise bad_request("to[0].type", "The sandbox rings phones and SIP addresses")


def _checked_from(asked: Asked, application: Resource) -> str:
    own = [
        number
        for number in asked.world.books.numbers_of(asked.account)
        if number.config.get("app_id") == application.id
    ]
    if asked.body.get("random_from_number"):
        return _picked(own, asked.body)
    caller = asked.body.get("from")
    if not isinstance(caller, dict) or caller.get("type") != "phone":
        raise bad_request("from", "must be a phone, or send random_from_number")
    number = e164(caller.get("number"))
    if number not in [n.number for n in own]:
        raise bad_request("from", "The number is not linked to the application")
    return number


def _picked(own: list[OwnedNumber], body: dict[str, Any]) -> str:
    if body.get("from"):
        raise bad_request("random_from_number", "cannot be used together with from")
    if not own:
        raise bad_request("random_from_number", "The application has no number")
    return own[0].number


def _check_instructions(body: dict[str, Any]) -> None:
    for name in ("answer_url", "event_url"):
        urls = body.get(name)
        if urls is not None and not _is_url_list(urls):
            raise bad_request(name, _WRONG_TYPE)
    for name in ("answer_method", "event_method"):
        if body.get(name, "POST") not in _METHODS:
            raise bad_request(name, "must be GET or POST")
    if ("ncco" in body) == ("answer_url" in body):
        raise bad_request("ncco", "Send either ncco or answer_url")
    try:
        check(body.get("ncco", []))
    except BadNcco as error:
        raise bad_request("ncco", str(error)) from error


def _is_url_list(urls: Any) -> bool:
    if not isinstance(urls, list) or len(urls) != 1:
        return False
    return re.match(r"https?://[^/?#\s]+([/?#]\S*)?$", str(urls[0])) is not None


def _check_options(body: dict[str, Any]) -> None:
    for name, (least, most) in _RANGES.items():
        _check_figure(name, body.get(name, least), least, most)
    if body.get("machine_detection", "continue") not in BEHAVIORS:
        raise bad_request("machine_detection", "must be continue or hangup")
    advanced = body.get("advanced_machine_detection", {})
    if not isinstance(advanced, dict):
        raise bad_request("advanced_machine_detection", _WRONG_TYPE)
    if advanced.get("behavior", "continue") not in BEHAVIORS:
        raise bad_request("advanced_machine_detection.behavior", "must be continue or hangup")
    if advanced.get("mode", "detect") not in MODES:
        raise bad_request("advanced_machine_detection.mode", f"must be one of {', '.join(MODES)}")
    least, most = _BEEP
    name = "advanced_machine_detection.beep_timeout"
    _check_figure(name, advanced.get("beep_timeout", least), least, most)


def _check_figure(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise bad_request(name, f"must be between {least} and {most}")
