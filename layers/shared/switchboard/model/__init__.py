"""What Switchboard knows about: numbers, orders, assistants, calls. Data and its own rules only."""

from .assistants import NOT_IN_COPIES, Assistant, ConversationFlow, Flow
from .audit import Actor, AuditEntry
from .calls import Call, CallEvent, CallStatus, CallStep, CallSummary, CallTotals, Direction
from .dialing import DialOptions, Lease, Limits, MachinePolicy, Spending
from .directory import CallerId, Organization, Token
from .e164 import E164, is_e164, masked, parse_e164, without_numbers
from .events import (
    END_OF_CALL_REPORT,
    EVENT_TYPES,
    NUMBER_UPDATE,
    RECORDING_UPDATE,
    REPORT_UPDATE,
    STATUS_UPDATE,
    WEBHOOK_TEST,
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    OutboxEvent,
    Report,
    call_event_id,
)
from .instructions import ConnectStream, Dial, Hangup, Instruction, Say
from .messages import Message
from .numbers import (
    Capabilities,
    Number,
    NumberOrder,
    NumberStatus,
    OrderStatus,
    PurchaseResult,
    Release,
    ReleaseClaim,
)
from .recordings import Recording, RecordingStatus
from .refusal import Refusal

__all__ = [
    "E164",
    "END_OF_CALL_REPORT",
    "EVENT_TYPES",
    "NOT_IN_COPIES",
    "NUMBER_UPDATE",
    "RECORDING_UPDATE",
    "REPORT_UPDATE",
    "STATUS_UPDATE",
    "WEBHOOK_TEST",
    "Actor",
    "Assistant",
    "Attempt",
    "AuditEntry",
    "Call",
    "CallEvent",
    "CallStatus",
    "CallStep",
    "CallSummary",
    "CallTotals",
    "CallerId",
    "Capabilities",
    "ConnectStream",
    "ConversationFlow",
    "Delivery",
    "DeliveryState",
    "Dial",
    "DialOptions",
    "Direction",
    "Endpoint",
    "Flow",
    "Hangup",
    "Instruction",
    "Lease",
    "Limits",
    "MachinePolicy",
    "Message",
    "Number",
    "NumberOrder",
    "NumberStatus",
    "OrderStatus",
    "Organization",
    "OutboxEvent",
    "PurchaseResult",
    "Recording",
    "RecordingStatus",
    "Refusal",
    "Release",
    "ReleaseClaim",
    "Report",
    "Say",
    "Spending",
    "Token",
    "call_event_id",
    "is_e164",
    "masked",
    "parse_e164",
    "without_numbers",
]
