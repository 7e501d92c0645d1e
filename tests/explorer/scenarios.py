"""Where each use case is explored from: what stands already, and who then wants what."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.books import OwnedNumber
from sandbox.transcript import Call as PlacedCall
from switchboard import calls, fuses
from switchboard.app import App
from switchboard.carriers.base import InboundCall, OrderUpdate
from switchboard.events import delivering, relaying, sweeping
from switchboard.events.office import Answer, Message
from switchboard.model import Call, CallEvent, CallStatus, Direction
from tests.builders import ORGANIZATION
from tests.explorer import convergence, errands, fusing, signed
from tests.explorer.convergence import RECONCILES
from tests.explorer.effects import Fault, Process
from tests.explorer.world import CARRIERS, RECEIVER, Intent, World

OTHER = "+14155550101"
# After two requests to the table each, the third is the carrier's.
PURCHASE_SENT = DIAL_SENT = 2
# A setting of a number at each carrier, and what somebody has made of it.
_DRIFT: dict[str, tuple[str, str | None]] = {
    "twilio": ("status_callback", "https://elsewhere.example/x"),
    "telnyx": ("messaging_profile_id", None),
    "vonage": ("moHttpUrl", "https://elsewhere.example/x"),
}
STRANGER = "+12125550177"


@dataclass(frozen=True)
class Scenario:
    """A use case and what it starts from."""

    name: str
    begin: Callable[[World], Intent]
    carriers: tuple[str, ...] = CARRIERS
    is_ended_by_others: bool = False
    """Whether a carrier, the queue or the stream asks again: those never give up so soon."""

    def __str__(self) -> str:
        return self.name


def _purchase(world: World) -> Intent:
    return errands.purchase(world.carrier)


def _taken(world: World) -> Intent:
    entry = OwnedNumber(
        world.carrier, "somebody", "1", errands.NUMBER, "US", "local", "2026-01-01T00:00:00Z", {}
    )
    world.exchange.books.numbers.append(replace(entry, carrier="elsewhere"))
    return errands.purchase(world.carrier)


def _pending(world: World) -> Intent:
    fault = {"carrier": "telnyx", "operation": "buy_number", "fault": "pending_order", "polls": 9}
    world.exchange.world.faults.program(fault)
    return errands.purchase(world.carrier)


def _delivered(world: World) -> Intent:
    world.ask(_pending(world))
    update = world.deliver()
    assert update
    return _told(world, update)


def _looked(world: World) -> Intent:
    """Let the carrier's answer be lost, so that asking again has to look."""
    intent = errands.purchase(world.carrier)
    world.ask(intent, Process(intent.name, {PURCHASE_SENT: Fault.ANSWER_LOST}))
    world.clock.advance(seconds=61)
    return intent


def _released_again(world: World) -> Intent:
    bought(world)
    intent = errands.release()
    # Telnyx's order does not tell the id of the number, which is looked up first.
    sent = 3 if world.carrier == "telnyx" else 2
    world.ask(intent, Process(intent.name, {sent: Fault.ANSWER_LOST}))
    world.clock.advance(seconds=61)
    return intent


def left_open(world: World) -> None:
    """Leave a purchase and a call open that nobody will ask about again."""
    bought(world)
    left = errands.purchase(world.carrier, OTHER, "left"), errands.dial(key="left")
    for intent, sent in zip(left, (PURCHASE_SENT, DIAL_SENT), strict=True):
        world.ask(intent, Process(intent.name, {sent: Fault.CRASH_AFTER}))
        world.intents.remove(intent)
    world.clock.advance(minutes=10)


def _reconciliation(world: World) -> Intent:
    left_open(world)
    return Intent("a reconciliation", lambda app: convergence.sweep(world), _is_taken)


def _applied(world: World) -> Intent:
    """Let a person mend what stands open, and a number whose webhooks have drifted."""
    left_open(world)
    number = world.exchange.books.owner(world.carrier, errands.NUMBER)
    assert number
    setting, elsewhere = _DRIFT[world.carrier]
    before = number.config.get(setting)
    number.config[setting] = elsewhere

    def check(world: World, reply: Any) -> str | None:
        is_done = isinstance(reply, list) and not any(map(_is_left, reply))
        # An empty text and nothing are the same.
        is_wrong = (number.config.get(setting) or None) != (before or None)
        return f"all is said to be mended, and {setting} is not" if is_done and is_wrong else None

    return Intent("reconcile --apply", lambda app: convergence.mend(world), _is_taken, check)


def _is_left(mended: Any) -> bool:
    return bool(mended.problem) or mended.finding.kind.is_left_alone


def _stopped(world: World) -> Intent:
    """Trip the fuse while a call goes on."""
    dialled(world)
    fuses.trip(world.app, ORGANIZATION, fuses.BY_HAND)

    def is_final(reply: Any) -> bool:
        return bool(reply == 0)

    def check(world: World, reply: Any) -> str | None:
        going_on = [it for it in world.exchange.calls() if not it.over.is_set()]
        return "no call is said to be left, and one goes on" if reply == 0 and going_on else None

    return Intent("ending calls", fusing.stop, is_final, check)


def bought(world: World) -> None:
    """Buy the number from which all the rest begins."""
    world.ask(errands.purchase(world.carrier))


def _release(world: World) -> Intent:
    bought(world)
    return errands.release()


def _dial(world: World) -> Intent:
    bought(world)
    return errands.dial()


def dialled(world: World) -> Call:
    """Place a call and let it ring."""
    bought(world)
    call = world.ask(errands.dial())
    world.hear_all()
    assert isinstance(call, Call)
    return call


def _terminate(world: World) -> Intent:
    return errands.terminate(dialled(world))


def _ending(world: World) -> Intent:
    dialled(world)
    world.hang_up()
    [(_, event)] = world.untold()
    return _told(world, event)


def _answered(world: World) -> Intent:
    dialled(world)
    world.exchange.calls()[0].pick_up()
    [(_, event)] = world.untold()
    return _told(world, event)


def _told(world: World, event: CallEvent | OrderUpdate) -> Intent:
    return Intent("a webhook", lambda app: world.taken(event), _is_taken)


def _inbound(world: World) -> Intent:
    bought(world)
    return rung(world)


def rung(world: World) -> Intent:
    """Let a stranger ring the number, which wants an answer."""
    ringing = inbound(world, world.exchange.ring(world.carrier, STRANGER, errands.NUMBER))
    voice = world.app.voice(world.carrier, ORGANIZATION)

    def attempt(app: App) -> Any:
        return calls.answer(app, voice, ORGANIZATION, ringing)

    return Intent("an inbound call", attempt, _is_taken)


def inbound(world: World, placed: PlacedCall) -> InboundCall:
    """Return what a carrier asks of us while a call rings."""
    event = CallEvent(
        f"{placed.carrier_call_id}-ringing",
        "ringing",
        placed.carrier_call_id,
        world.clock(),
        CallStatus.RINGING,
        direction=Direction.INBOUND,
        from_=placed.from_,
        to=placed.to,
    )
    return InboundCall(event, placed.from_, placed.to)


def _swept(world: World) -> Intent:
    """Let the first message be lost, so that only the sweep knows of the event."""
    dialled(world)
    world.table.take_stream()
    world.clock.advance(minutes=1)
    return Intent("a sweep", lambda app: sweeping.sweep(world.post.office), _is_taken)


def _relayed(world: World) -> Intent:
    dialled(world)
    records = world.table.take_stream()

    def attempt(app: App) -> bool:
        relaying.relay(world.post.office.queue, records, app.clock())
        return True

    # The stream brings a batch again until it was taken.
    return Intent("a batch of the stream", attempt, _is_taken)


def _delivery(world: World) -> Intent:
    dialled(world)
    world.post.pump()
    # The purchase is nobody's business: the event of the call is the first for a receiver.
    messages = [it for _, _, it in sorted(world.post.queue.waiting)]
    message = next(it for it in messages if str(it["event"]).endswith("_1"))
    return _message(world, message)


def _again(world: World) -> Intent:
    """Let the first attempt fail, so that a second one is due."""
    world.post.receivers.behaviours[RECEIVER] = lambda letter: Answer(503)
    dialled(world)
    world.post.run()
    del world.post.receivers.behaviours[RECEIVER]
    world.clock.advance(minutes=2)
    world.post.pump()
    messages = [it for _, _, it in sorted(world.post.queue.waiting)]
    return _message(world, next(it for it in messages if "endpoint" in it))


def _message(world: World, message: Message) -> Intent:
    def attempt(app: App) -> bool:
        delivering.handle(world.post.office, message)
        return True

    return Intent("a message of the queue", attempt, _is_taken)


def _is_taken(reply: Any) -> bool:
    return not isinstance(reply, Exception)


SCENARIOS = (
    Scenario("purchase", _purchase),
    Scenario("purchase of a number that is gone", _taken),
    Scenario("purchase that is delivered later", _pending, ("telnyx",)),
    Scenario("delivery of a number", _delivered, ("telnyx",), is_ended_by_others=True),
    Scenario("a look at a purchase", _looked),
    Scenario("release", _release),
    Scenario("release again", _released_again),
    Scenario("dial", _dial),
    Scenario("terminate", _terminate, is_ended_by_others=True),
    Scenario("an answer", _answered, is_ended_by_others=True),
    Scenario("an end", _ending, is_ended_by_others=True),
    Scenario("an inbound call", _inbound, is_ended_by_others=True),
    Scenario("a batch of the stream", _relayed, ("twilio",), is_ended_by_others=True),
    Scenario("a first delivery", _delivery, ("twilio",), is_ended_by_others=True),
    Scenario("a later delivery", _again, ("twilio",), is_ended_by_others=True),
    Scenario("a sweep", _swept, ("twilio",), is_ended_by_others=True),
    *([Scenario("a reconciliation", _reconciliation, is_ended_by_others=True)] * RECONCILES),
    *([Scenario("reconcile --apply", _applied, is_ended_by_others=True)] * RECONCILES),
    Scenario("the end of a tripped fuse's calls", _stopped, is_ended_by_others=True),
    Scenario("signed webhooks", signed.told, is_ended_by_others=True),
    Scenario("signed webhooks after a reconciliation", signed.told_late, is_ended_by_others=True),
)
