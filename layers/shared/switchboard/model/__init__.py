"""What Switchboard knows about: numbers, orders, assistants, calls. Data and its own rules only."""

from .assistants import NOT_IN_COPIES, Assistant, ConversationFlow, Flow
from .audit import Actor, AuditEntry
from .calls import (
    Call,
    CallEvent,
    CallStatus,
    CallStep,
    CallSummary,
    CallTotals,
    Direction,
    TrunkAttempt,
)
from .dialing import DialOptions, Lease, Limits, MachinePolicy, Spending
from .directory import CallerId, Organization, Token
from .e164 import E164, is_e164, masked, parse_e164, without_numbers
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
from .refusal import Refusal
from .trunks import BYO, Bridge, SipRoute, SipTrunk, TrunkSecrets

__all__ = [
    "BYO",
    "E164",
    "NOT_IN_COPIES",
    "Actor",
    "Assistant",
    "AuditEntry",
    "Bridge",
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
    "Dial",
    "DialOptions",
    "Direction",
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
    "PurchaseResult",
    "Refusal",
    "Release",
    "ReleaseClaim",
    "Say",
    "SipRoute",
    "SipTrunk",
    "Spending",
    "Token",
    "TrunkAttempt",
    "TrunkSecrets",
    "is_e164",
    "masked",
    "parse_e164",
    "without_numbers",
]
