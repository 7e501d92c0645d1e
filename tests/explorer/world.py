"""A whole deployment with a carrier, its customers, and everything that may befall them."""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import urllib3

from sandbox.transcript import Call as PlacedCall
from switchboard import calls
from switchboard.app import App
from switchboard.carriers import carrier_class
from switchboard.carriers.base import CarrierContext, OrderUpdate
from switchboard.carriers.telnyx.orders import order_update
from switchboard.errors import SwitchboardError
from switchboard.events.office import Office
from switchboard.model import Call, CallEvent, CallStatus, Direction, Limits
from switchboard.numbers import purchasing
from switchboard.secrets import Secrets
from switchboard.settings import Settings
from switchboard.store import Store
from tests import figures
from tests.builders import ORGANIZATION, an_assistant, an_organization
from tests.clock import Clock
from tests.delivery.conftest import SecretStore
from tests.delivery.table import MemoryTable
from tests.explorer.effects import Died, Process, run
from tests.explorer.exchange import ORIGIN, Exchange
from tests.explorer.fusing import FusePost
from tests.explorer.table import QueueLine, QueueSilent, SenderLine, TableLine

CARRIERS = ("twilio", "telnyx", "vonage")
SETTINGS = Settings(
    table_name="explored",
    stage="test",
    public_base_url="https://hooks.example.com/v1",
    secrets_prefix="switchboard/test",
    session_key_secret="switchboard/test/session-key",
    carrier_api_urls={name: f"{ORIGIN}/{name}" for name in CARRIERS},
)
ASSISTANT = 3001
RECEIVER = "https://customer.example.com/events"
# Longer than anybody waits, and shorter than an order or a call is given up for lost.
_LATE = timedelta(minutes=2)
_OUR_ID = re.compile(r"call\D+(?:\d+-)?(\d+)")


class Accounts(SecretStore):
    """Secrets Manager, with the credentials of every carrier."""

    def __init__(self, credentials: Mapping[str, Any]) -> None:
        self._credentials = credentials

    def get_secret_value(self, **request: Any) -> dict[str, str]:
        """Return a secret."""
        name = str(request["SecretId"]).rpartition("/")[2]
        if name in self._credentials:
            return {"SecretString": json.dumps(self._credentials[name])}
        return super().get_secret_value(**request)


@dataclass
class Market:
    """The carriers, where our accounts are made ready: one for all schedules."""

    exchange: Exchange
    http: urllib3.PoolManager
    clock: Clock = field(default_factory=Clock)
    credentials: dict[str, Any] = field(default_factory=dict)

    def connect(self, name: str) -> None:
        """Make our account at a carrier ready, the first time that it is asked for."""
        if name in self.credentials:
            return
        self.exchange.begin_again()
        account = next(it for it in self.exchange.books.accounts if it.carrier == name)
        context = CarrierContext(
            api_url=SETTINGS.carrier_api_url(name),
            public_base_url=SETTINGS.public_base_url,
            stage=SETTINGS.stage,
            organization_id=ORGANIZATION,
            clock=self.clock,
            http=self.http,
        )
        connection = carrier_class(name)(account.credentials, context).connect()
        self.credentials[name] = connection.credentials
        self.exchange.keep()


@contextmanager
def opened() -> Iterator[Market]:
    """Open the market."""
    exchange = Exchange()
    exchange.keep()
    with urllib3.PoolManager() as http:
        yield Market(exchange, http)
    exchange.close()


@dataclass(eq=False)
class Intent:
    """What somebody wants once, however often he has to ask for it."""

    name: str
    attempt: Callable[[App], Any]
    is_final: Callable[[Any], bool]
    """Whether a reply, or an error, is one after which nobody asks again."""
    check: Callable[["World", Any], str | None] = lambda world, reply: None
    """Says what of a reply is not so, at the moment when it is given."""
    replies: list[Any] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether whoever wants it has no answer yet that he can rely on."""
        return not (self.replies and self.is_final(self.replies[-1]))


class World:
    """One schedule's deployment: one organization at one carrier."""

    def __init__(self, market: Market, carrier: str) -> None:
        self.market, self.carrier = market, carrier
        self.exchange = market.exchange
        market.connect(carrier)
        self.exchange.begin_again()
        self.clock = market.clock = Clock()
        self.table = MemoryTable()
        self.intents: list[Intent] = []
        self.violations: list[str] = []
        self.faults = self.checked = 0
        self.has_forgotten = False
        self.is_told_by_carrier = False
        """Whether the carrier's own webhooks are heard, and none that the world makes up."""
        self.app = self._deployed()
        self.post = FusePost(self.app, self.clock, self.table.take_stream)
        self.post.office = Office(
            self.app, QueueLine(self.post.queue), SenderLine(self.post.receivers), lambda: 0.5
        )
        self._told: dict[str, int] = {}
        self._late: list[tuple[datetime, Callable[[], object]]] = []
        self._furnish()

    def _deployed(self) -> App:
        line: Any = TableLine(self.table)
        secrets: Any = Accounts(self.market.credentials)
        ids = itertools.count(9001)
        return App(
            settings=SETTINGS,
            store=Store(line, SETTINGS.table_name, self.clock),
            secrets=Secrets(
                secrets, SETTINGS.secrets_prefix, SETTINGS.session_key_secret, self.clock
            ),
            http=self.market.http,
            clock=self.clock,
            sleep=self.clock.sleep,
            new_id=lambda: next(ids),
            carrier_names=(self.carrier,),
        )

    def _furnish(self) -> None:
        limits = Limits(concurrent_calls=2, calls_per_second=100)
        self.app.store.add_organization(an_organization(limits=limits))
        self.app.store.put_assistant(an_assistant(webhook_url=RECEIVER))

    # --- processes ---

    def process(self, work: Callable[[], Any], process: Process) -> Any:
        """Run something as one process, and return what it answered; None when it died."""
        try:
            return run(process, work)
        except Died:
            return None
        except (SwitchboardError, QueueSilent) as error:
            return error
        except Exception as error:
            # The edge answers 500 to what no use case foresaw.
            self.violations.append(f"{process.name} failed with {error!r}")
            return error
        finally:
            self.faults += len(process.struck)
            self._late += [(self.clock() + _LATE, effect) for effect in process.late]

    def ask(self, intent: Intent, process: Process | None = None) -> Any:
        """Let whoever wants something ask for it once."""
        process = process or Process(intent.name)
        if intent not in self.intents:
            self.intents.append(intent)
        # No two requests come in the same microsecond.
        self.clock.advance(milliseconds=1)
        reply = self.process(lambda: intent.attempt(self.app), process)
        if reply is not None:
            intent.replies.append(reply)
            self.checked += 1
            if wrong := intent.check(self, reply):
                self.violations.append(f"{intent.name}: {wrong}")
        return reply

    # --- what the carriers say of their own accord ---

    def untold(self) -> list[tuple[PlacedCall, CallEvent]]:
        """Return what was not told yet of each call that the carrier really placed."""
        found: list[tuple[PlacedCall, CallEvent]] = []
        if self.is_told_by_carrier:
            return found
        for placed in self.exchange.all_calls():
            events = self._events(placed)
            found.extend((placed, it) for it in events[self._told.get(placed.id, 0) :])
        return found

    def hear(self, event: CallEvent | OrderUpdate, process: Process | None = None) -> bool:
        """Let the carrier tell us something; say whether we took it."""
        process = process or Process("a webhook")
        reply = self.process(lambda: self.taken(event), process)
        return reply is not None and not isinstance(reply, Exception)

    def taken(self, event: CallEvent | OrderUpdate) -> object:
        """Take a webhook as its function does."""
        if isinstance(event, OrderUpdate):
            purchasing.settle_delivered(self.app, ORGANIZATION, event)
            return True
        voice = self.app.voice(self.carrier, ORGANIZATION)
        return calls.record(self.app, voice, ORGANIZATION, event)

    def forget(self, placed: PlacedCall) -> None:
        """Let the next event of a call never come."""
        self._told[placed.id] = self._told.get(placed.id, 0) + 1
        self.has_forgotten = True

    def hear_all(self) -> None:
        """Let the carrier tell everything that it has to tell, each thing twice."""
        for placed, event in self.untold():
            if self.hear(event) and self.hear(event):
                self._told[placed.id] = self._told.get(placed.id, 0) + 1
            else:
                return  # it comes again, and what is later does not overtake it

    def deliver(self) -> OrderUpdate | None:
        """Let Telnyx deliver what is on order; return what it says of that."""
        delivered = [order_update(body) for body in self.exchange.complete_orders()]
        return next(iter(delivered), None)

    def _events(self, placed: PlacedCall) -> list[CallEvent]:
        """Return what its carrier has to say of a call, as its adapter would read it."""
        our_id = self.our_id(placed) if placed.direction == "outbound" else None

        def event(kind: str, status: CallStatus, **more: Any) -> CallEvent:
            name = f"{placed.carrier_call_id}-{kind}"
            at = datetime.fromisoformat(placed.started_at)
            sid = placed.carrier_call_id
            told = CallEvent(name, kind, sid, at, status, call_id=our_id, **more)
            if our_id:
                return told
            from_, to = placed.from_, placed.to
            return replace(told, direction=Direction.INBOUND, from_=from_, to=to)

        told = [event("ringing", CallStatus.RINGING)] if our_id else []
        if placed.answered is not None:
            told.append(event("answered", CallStatus.IN_PROGRESS))
        if placed.over.is_set():
            told.append(_ending(placed, event))
        return told

    # --- how all comes to rest ---

    def pass_time(self, **span: float) -> None:
        """Let time pass, and everything that happens by itself meanwhile."""
        self.clock.advance(**span)
        self._take_late_effects()
        self.hear_all()
        self.post.run()

    def _take_late_effects(self) -> None:
        due = [effect for at, effect in self._late if at <= self.clock()]
        self._late = [(at, effect) for at, effect in self._late if at > self.clock()]
        for effect in due:
            effect()

    def hang_up(self) -> None:
        """Let the other side of every call hang up."""
        for placed in self.exchange.all_calls():
            self.exchange.hang_up(placed)

    # --- what the carrier's books say ---

    def bought(self, number: str) -> bool:
        """Tell whether a number was ever bought."""
        return bool(self.entries("number.purchased", number))

    def entries(self, action: str, number: str) -> list[dict[str, Any]]:
        """Return the purchases or the releases of a number."""
        books = self.exchange.books
        listed = books.releases if action == "number.released" else books.purchases
        return [it for it in listed if it["number"] == number]

    def is_ours(self, number: str) -> bool:
        """Tell whether the carrier brings a number's calls to us."""
        held = self.exchange.books.owner(self.carrier, number)
        name, wanted = self._wiring()
        return held is not None and held.config.get(name) == wanted

    def _wiring(self) -> tuple[str, str]:
        told = self.market.credentials[self.carrier]
        match self.carrier:
            case "twilio":
                return "voice_url", f"{SETTINGS.public_base_url}/twiml?org={ORGANIZATION}"
            case "telnyx":
                return "connection_id", str(told["connection_id"])
        return "app_id", str(told["application_id"])

    def our_id(self, placed: PlacedCall) -> int:
        """Return our id of a call, as its carrier tells it with every event."""
        found = _OUR_ID.search(placed.reference or "")
        assert found, f"{placed.carrier} cannot say whose call this is: {placed.reference}"
        return int(found[1])

    def placed(self, call_id: int) -> list[PlacedCall]:
        """Return what the carrier has placed for a call of ours."""
        return [it for it in self.exchange.calls() if self.our_id(it) == call_id]

    def truth_of(self, call: Call) -> PlacedCall | None:
        """Return what the carrier knows of a call of ours."""
        if call.direction is Direction.INBOUND:
            return self.exchange.world.call_by_carrier_id(self.carrier, call.call_sid)
        return next(iter(self.placed(call.id)), None)

    def dials_sent(self) -> int:
        """Return how many dials reached the carrier."""
        return len(self.exchange.requests("dial"))

    def count(self, violations: list[str], *, is_pending: bool = False) -> None:
        """Add this schedule to the figures; what is pending is known to be wrong."""
        figures.count("schedules explored")
        figures.count("faults injected", self.faults)
        figures.count("invariants checked", self.checked)
        figures.count("violations", 0 if is_pending else len(violations))


def _ending(placed: PlacedCall, event: Callable[..., CallEvent]) -> CallEvent:
    answered = placed.answered is not None
    if placed.carrier == "telnyx":
        # Its last event says only that the call is over: both readings are told.
        return event("hangup", CallStatus.COMPLETED, status_unanswered=CallStatus.NO_ANSWER)
    status = CallStatus.COMPLETED if answered else CallStatus.NO_ANSWER
    return event(status.value, status, duration=7 if answered else None)
