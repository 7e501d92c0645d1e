"""A bridge's real SIP side, over UDP on this machine: signalling and SDP, no audio.

Whoever speaks SIP can call it: `sipp`, a softphone, a PBX. Its calls become Switchboard's calls.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiosipua import IncomingCall, OutgoingCall, SdpMessage, SipUAC, SipUAS
from aiosipua.dialog import DialogState
from aiosipua.message import SipRequest
from aiosipua.sdp_negotiate import build_sdp
from aiosipua.transport import UdpSipTransport

from sandbox.bridge.player import BridgeCall
from sandbox.bridge.protocol import CARRIER, Bridge
from sandbox.transcript import Call, Plan

if TYPE_CHECKING:
    from sandbox.world import World

_HOST = "127.0.0.1"
# Named in the SDP; nothing listens there.
_RTP_PORT = 40_000
_PCMU = 0
# What Switchboard looks at beside From and To.
_TOLD_HEADERS = (
    "diversion",
    "history-info",
    "p-called-party-id",
    "p-asserted-identity",
    "privacy",
)


class SipLine:
    """The SIP address of one bridge."""

    def __init__(self, world: "World", bridge: Bridge) -> None:
        self._world = world
        self._bridge = bridge
        self._transport = UdpSipTransport((_HOST, 0))
        self._uac = SipUAC(self._transport)
        self._uas = SipUAS(self._transport, user_agent="switchboard-sandbox", uac=self._uac)
        self._legs: dict[str, CallerLeg] = {}

    @property
    def address(self) -> str:
        """Return host and port."""
        host, port = self._transport.local_addr
        return f"{host}:{port}"

    async def start(self) -> None:
        """Listen on a free port."""
        self._uas.on_invite = self._invited
        self._uas.on_bye = self._over
        self._uas.on_cancel = self._cancelled
        await self._uas.start()
        listening = self._transport._udp_transport
        assert listening is not None
        # A port was asked for by 0: Via and Contact must name the one that it became.
        self._transport.local_addr = (_HOST, listening.get_extra_info("sockname")[1])

    async def stop(self) -> None:
        """Give the port back."""
        await self._uas.stop()

    def outgoing(self, call: Call) -> "CalleeLeg":
        """Return the telephone that a call of ours rings, behind the bridge's gateway."""
        assert self._bridge.gateway is not None
        leg = CalleeLeg(self._uac, call, self.address, self._bridge.gateway)
        return leg

    def _invited(self, invite: IncomingCall) -> None:
        request = invite.invite
        if invite.call_id in self._legs:
            return  # sent again before our first answer came
        call = Call(
            CARRIER,
            self._bridge.id,
            _value(request, "from"),
            _value(request, "to"),
            invite.call_id,
            Plan(hangup_after_s=self._world.settings.call_limit_s),
        )
        call.note("ringing", f"INVITE {request.uri}", carrier_call_id=call.carrier_call_id)
        leg = CallerLeg(invite, call, self._world.settings.far_end_answers_after_s)
        self._legs[invite.call_id] = leg
        player = BridgeCall(self._world, self._bridge, call, leg)
        self._world.play(call, player.take(_headers(request)))

    def _over(self, ended: IncomingCall, request: SipRequest) -> None:
        for call in self._world.calls.values():
            if request.call_id in (call.carrier_call_id, call.reference_sip):
                call.hang_up(call.far_side)

    def _cancelled(self, request: SipRequest, source: tuple[str, int]) -> None:
        leg = self._legs.get(request.call_id or "")
        if leg:
            leg.call.hang_up("caller")


def _value(request: SipRequest, name: str) -> str:
    address = request.from_addr if name == "from" else request.to_addr
    return f"{address.uri.scheme}:{address.uri.user}@{address.uri.host}" if address else ""


def _headers(request: SipRequest) -> dict[str, Any]:
    told = {
        name: values
        for name, values in request.headers.items()
        if name.lower() in _TOLD_HEADERS or name.lower().startswith("x-")
    }
    return told | {"Request-URI": request.uri}


def _sdp() -> SdpMessage:
    return build_sdp(_HOST, _RTP_PORT, _PCMU, "PCMU")


class CallerLeg:
    """Whoever called the bridge over SIP."""

    def __init__(self, invite: IncomingCall, call: Call, rings_s: float) -> None:
        self._invite = invite
        self.call = call
        self._rings_s = rings_s

    def ringing(self) -> None:
        """Send 180."""
        if not self._is_gone():
            self._invite.ringing()

    async def answer(self) -> bool:
        """Send 200 with our SDP, unless the caller has cancelled."""
        # As long as a person would: time in which the caller may give up.
        with suppress(TimeoutError):
            await asyncio.wait_for(self.call.over.wait(), self._rings_s)
        if self._is_gone():
            return False
        self._invite.accept(_sdp())
        return True

    def reject(self, code: int) -> None:
        """Send the final code."""
        if not self._is_gone():
            self._invite.reject(code)

    def hang_up(self) -> None:
        """Send BYE, if the call is still going on."""
        self._invite.hangup()

    async def ring(self, limit_s: float, rung: Callable[[], None]) -> int:
        """Nobody rings who calls."""
        raise NotImplementedError

    def refer(self, to: str) -> None:
        """Let the caller go: nobody is behind the other number here."""

    def _is_gone(self) -> bool:
        return self._invite.dialog.state is DialogState.TERMINATED


class CalleeLeg:
    """Whoever the bridge calls over SIP."""

    def __init__(self, uac: SipUAC, call: Call, own: str, gateway: tuple[str, int]) -> None:
        self._uac = uac
        self._call = call
        self._own = own
        self._gateway = gateway
        self._sent: OutgoingCall | None = None

    def ringing(self) -> None:
        """Nothing: it is we who call."""

    async def answer(self) -> bool:
        """Nobody is answered who is called."""
        raise NotImplementedError

    def reject(self, code: int) -> None:
        """Nothing: it is we who call."""

    async def ring(self, limit_s: float, rung: Callable[[], None]) -> int:
        """Send an INVITE and wait for the final answer; cancel it when it takes too long."""
        host, port = self._gateway
        sent = self._sent = self._uac.send_invite(
            f"sip:{self._call.from_}@{self._own}",
            f"sip:{self._call.to}@{host}:{port}",
            self._gateway,
            _sdp(),
        )
        sent.on_ringing = lambda _: rung()
        self._call.reference_sip = sent.call_id
        waiting = asyncio.create_task(sent.wait_answered(limit_s))
        over = asyncio.create_task(self._call.over.wait())
        await asyncio.wait({waiting, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not waiting.done():
            waiting.cancel()
            sent.cancel(self._uac)
            return 487
        return self._final(sent, waiting.exception())

    def _final(self, sent: OutgoingCall, problem: BaseException | None) -> int:
        if problem is None:
            return 200
        if isinstance(problem, TimeoutError):
            sent.cancel(self._uac)
            return 408
        return sent._reject_code

    def hang_up(self) -> None:
        """Send BYE, if the call is still going on."""
        if self._sent:
            self._sent.hangup(self._uac)

    def refer(self, to: str) -> None:
        """Let the callee go: nobody is behind the other number here."""
