"""What customers are told: which events a change makes, and what is in them.

Bodies are the contract's, each with our own fields beside: the event's id, its time, and its
place among the call's events.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from .model import (
    END_OF_CALL_REPORT,
    NUMBER_UPDATE,
    RECORDING_UPDATE,
    REPORT_UPDATE,
    SMS_RECEIVED,
    SMS_STATUS,
    STATUS_UPDATE,
    Call,
    CallStatus,
    Cost,
    Message,
    Number,
    NumberOrder,
    OutboxEvent,
    Recording,
    RecordingStatus,
    Report,
    Text,
    call_event_id,
)

# A media runtime writes its summary when the call is over: the report waits for it so long.
REPORT_GRACE = timedelta(seconds=30)

type Body = dict[str, Any]


def announced(before: Call | None, call: Call, now: datetime) -> tuple[Call, list[OutboxEvent]]:
    """Return a changed call with its counters moved on, and the events of the change.

    Every change of the status makes one; the first ending makes the end-of-call report too.
    """
    call = replace(call, event_count=_told(before), report_sequence=_report_of(before))
    if before is not None and before.status is call.status:
        return call, []
    call, status = _next(call, STATUS_UPDATE, now)
    if not call.status.is_final or call.report_sequence is not None:
        return call, [status]
    call, report = _next(call, END_OF_CALL_REPORT, now)
    return replace(call, report_sequence=report.sequence), [status, report]


def report_update(call: Call, report: Report, now: datetime) -> tuple[Call, OutboxEvent]:
    """Return the event of a report that came too late for the end-of-call report."""
    call, event = _next(call, REPORT_UPDATE, now)
    return call, with_report(event, report)


def recording_update(
    call: Call, recording: Recording, link: str, now: datetime
) -> tuple[Call, OutboxEvent]:
    """Return the event of how far a recording has come; `link` is where it can be heard."""
    call, event = _next(call, RECORDING_UPDATE, now)
    body: Body = json.loads(event.payload)
    is_there = recording.status is RecordingStatus.COMPLETED
    body["message"] |= {
        "recordingUrl": link if is_there else None,
        "recording": {
            "id": recording.id,
            "recording_sid": recording.recording_sid,
            "status": recording.status.value,
            "duration": recording.duration,
            "size": recording.size,
            "sha256": recording.sha256,
            "reason": recording.problem if recording.status is RecordingStatus.FAILED else None,
        },
    }
    # Whoever wants to know of calls only may leave it out, also when the call is over.
    return call, replace(event, payload=json.dumps(body), is_terminal=False)


def with_recording(event: OutboxEvent, link: str) -> OutboxEvent:
    """Return the end-of-call report of a recorded call with the link to what is recorded.

    What its media runtime reported goes before. The link answers from the start: while the
    file is not there yet, it says so.
    """
    body: Body = json.loads(event.payload)
    message = body["message"]
    if not message.get("recorded") or message["recordingUrl"] is not None:
        return event
    message["recordingUrl"] = link
    return replace(event, payload=json.dumps(body))


def with_cost(event: OutboxEvent, cost: Cost | None) -> OutboxEvent:
    """Return the end-of-call report with what the carrier said since then that the call cost."""
    body: Body = json.loads(event.payload)
    body["message"]["cost"] = _cost(cost)
    return replace(event, payload=json.dumps(body))


def with_report(event: OutboxEvent, report: Report | None) -> OutboxEvent:
    """Return an event with what the media runtime reported in its body."""
    if report is None:
        return event
    body: Body = json.loads(event.payload)
    _merge(body["message"], report.content)
    return replace(event, payload=json.dumps(body))


def number_changed(number: Number, action: str, event_id: str, now: datetime) -> OutboxEvent:
    """Return the event of a change to a number: `number.assigned` and the like."""
    data = {
        "action": action,
        "phone_number": number.phone_number,
        "phone_number_id": number.id,
        "provider": number.carrier,
        "status": number.status.value,
        "friendly_name": number.friendly_name,
        "assistant_id": number.assistant.id if number.assistant else None,
        "flow_id": number.flow.id if number.flow else None,
    }
    return made(number.organization_id, NUMBER_UPDATE, {"data": data}, event_id, now)


def order_failed(order: NumberOrder, event_id: str, now: datetime) -> OutboxEvent:
    """Return the event of an order that got no number, perhaps long after it was placed."""
    data = {
        "action": "number.order_failed",
        "phone_number": order.phone_number,
        "phone_number_id": int(order.phone_number[1:]),
        "provider": order.carrier,
        "status": order.status.value,
        "reason": order.refusal.message if order.refusal else None,
    }
    return made(order.organization_id, NUMBER_UPDATE, {"data": data}, event_id, now)


def message_received(message: Message, assistant_id: int | None, now: datetime) -> OutboxEvent:
    """Return the event of a text message that came, in the contract's form."""
    data = {
        "message_id": message.message_sid,
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "media_urls": list(message.media_urls),
        "provider": message.carrier,
        "keyword": message.keyword,
    }
    body = {"assistant_id": assistant_id, "data": data}
    # Of the carrier's id: whoever tells of it again cannot make another event of it.
    known = f"{message.organization_id} {message.message_sid}"
    event_id = f"evt_sms_{sha256(known.encode()).hexdigest()[:24]}"
    return made(
        message.organization_id, SMS_RECEIVED, body, event_id, now, assistant_id=assistant_id
    )


def text_ended(text: Text, now: datetime) -> OutboxEvent:
    """Return the event of how a text message ended that was sent."""
    data = {
        "message_id": text.id,
        "provider_message_id": text.message_sid,
        "from": text.from_,
        "to": text.to,
        "status": text.status.value,
        "error": text.refusal.message if text.refusal else None,
        "provider": text.carrier,
        "segments": text.segments,
    }
    body = {"assistant_id": text.assistant_id, "data": data}
    event_id = f"evt_text_{text.id.replace('-', '')}"
    return made(text.organization_id, SMS_STATUS, body, event_id, now)


def made(
    organization_id: int, kind: str, body: Body, event_id: str, now: datetime, **fields: Any
) -> OutboxEvent:
    """Return an event of some type with some body: every event is made here."""
    moment = now.isoformat(timespec="microseconds")
    envelope = {"id": event_id, "type": kind, "timestamp": moment} | body
    return OutboxEvent(
        id=event_id,
        organization_id=organization_id,
        type=kind,
        created_at=now,
        payload=json.dumps(envelope),
        cursor=f"{moment}#{event_id}",
        due=fields.pop("due", now),
        **fields,
    )


def _told(before: Call | None) -> int:
    if before is None or before.event_count or before.version > 1:
        return before.event_count if before else 0
    # As it was when its first row was written, with the events of that.
    return 2 if before.status.is_final else 1


def _report_of(before: Call | None) -> int | None:
    if before is None:
        return None
    if before.report_sequence is None and before.version == 1 and before.status.is_final:
        return 2
    return before.report_sequence


def _next(call: Call, kind: str, now: datetime) -> tuple[Call, OutboxEvent]:
    sequence = call.event_count + 1
    body = {
        "organization_id": call.organization_id,
        "sequence": sequence,
        "call_id": call.id,
        "call_sid": call.call_sid,
        "assistant_id": call.assistant_id,
        "message": _MESSAGES[kind](call, now),
    }
    event = made(
        call.organization_id,
        kind,
        body,
        call_event_id(call.id, sequence),
        now,
        call_id=call.id,
        assistant_id=call.assistant_id,
        sequence=sequence,
        is_terminal=call.status.is_final,
        due=now + REPORT_GRACE if kind == END_OF_CALL_REPORT and _may_report(call) else now,
    )
    return replace(call, event_count=sequence), event


def _may_report(call: Call) -> bool:
    # Only a runtime that got the call has something to say, and it may have said it already.
    heard = call.answered_with == "stream" or call.stream_url is not None
    return heard and call.answered_at is not None and call.reported_at is None


def _status_update(call: Call, now: datetime) -> Body:
    return {
        "type": STATUS_UPDATE,
        "status": _contract_status(call.status),
        "timestamp": now.isoformat(),
        "phoneNumber": {"number": call.phone_number},
        "call": _call(call),
        "endedReason": _ended_reason(call) if call.status.is_final else None,
        "messages": [],
    }


def _end_of_call_report(call: Call, now: datetime) -> Body:
    seconds = call.duration or 0
    return {
        "type": END_OF_CALL_REPORT,
        "timestamp": now.isoformat(),
        "phoneNumber": {"number": call.phone_number},
        "customer": {"number": call.customer_number},
        "call": _call(call),
        "summary": "",
        "recordingUrl": None,
        "recorded": call.is_recorded and call.answered_at is not None,
        "endedReason": _ended_reason(call),
        "disposition": _hyphened(call.status),
        "hangupCause": call.hangup_cause,
        "startedAt": call.answered_at.isoformat() if call.answered_at else None,
        "endedAt": call.ended_at.isoformat() if call.ended_at else None,
        "durationSeconds": seconds,
        "cost": _cost(call.cost),
        "messages": [],
        "analysis": {"summary": "", "durationSeconds": seconds, "structuredData": {}},
    }


def _report_update(call: Call, now: datetime) -> Body:
    return {
        "type": REPORT_UPDATE,
        "timestamp": now.isoformat(),
        "call": _call(call),
        "summary": "",
        "recordingUrl": None,
        "messages": [],
        "analysis": {"summary": "", "structuredData": {}},
    }


def _recording_update(call: Call, now: datetime) -> Body:
    return {
        "type": RECORDING_UPDATE,
        "timestamp": now.isoformat(),
        "phoneNumber": {"number": call.phone_number},
        "customer": {"number": call.customer_number},
        "call": _call(call),
    }


_MESSAGES = {
    STATUS_UPDATE: _status_update,
    END_OF_CALL_REPORT: _end_of_call_report,
    REPORT_UPDATE: _report_update,
    RECORDING_UPDATE: _recording_update,
}


def _call(call: Call) -> Body:
    return {
        # The contract's id of a call is its carrier's.
        "id": call.call_sid,
        "phoneCallProviderId": call.call_sid,
        "provider": call.carrier,
        "direction": call.direction.value,
        "status": _hyphened(call.status),
        "customer": {"number": call.customer_number},
        "metadata": call.metadata,
    }


def _contract_status(status: CallStatus) -> str:
    # completed or failed for every ending, as the contract's receivers expect.
    return status.summary if status.is_final else _hyphened(status)


def _hyphened(status: CallStatus) -> str:
    return status.value.replace("_", "-")


def _cost(cost: Cost | None) -> Body | None:
    return {"amount": cost.amount, "currency": cost.currency} if cost else None


_REASONS = {
    CallStatus.COMPLETED: "customer-ended-call",
    CallStatus.BUSY: "customer-busy",
    CallStatus.NO_ANSWER: "customer-did-not-answer",
    CallStatus.FAILED: "call-failed",
    CallStatus.CANCELLED: "call-cancelled",
}


def _ended_reason(call: Call) -> str:
    return _REASONS[call.status]


def _merge(message: Body, content: dict[str, Any]) -> None:
    summary = content.get("summary")
    if summary is not None:
        message["summary"] = message["analysis"]["summary"] = summary
    for ours, theirs in (("messages", "messages"), ("ended_reason", "endedReason")):
        if content.get(ours) is not None:
            message[theirs] = content[ours]
    if content.get("recording_url") is not None:
        message["recordingUrl"] = content["recording_url"]
    if content.get("structured_data") is not None:
        message["analysis"]["structuredData"] = content["structured_data"]
