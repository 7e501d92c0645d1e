"""What the tests of SIP trunks share: trunks, and bridges that fail as they are told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from switchboard import trunks
from switchboard.app import App
from switchboard.carriers.base import CarrierContext, Credentials
from switchboard.errors import UnknownProvider
from switchboard.model import Call, ConnectStream, SipRoute, SipTrunk
from tests.builders import ORGANIZATION


@dataclass
class Lines:
    """What the bridges were asked, and what they will answer."""

    dialled: list[str] = field(default_factory=list)
    """The gateway of every attempt, in order."""
    errors: dict[str, BaseException] = field(default_factory=dict)
    """By gateway: what dialling it raises."""
    unready: dict[str, Exception] = field(default_factory=dict)
    """By bridge: why its account cannot dial."""
    meanwhile: dict[str, Callable[[Call], object]] = field(default_factory=dict)
    """By gateway: happens while it is being dialled."""
    marked: list[bool] = field(default_factory=list)
    """Whether each attempt stood in the call's row when its bridge was asked."""
    routes: list[SipRoute] = field(default_factory=list)
    bridges: list[str] = field(default_factory=list)
    hung_up: list[tuple[str, str]] = field(default_factory=list)
    """Which bridge was told to end what."""


def bridged(app: App, lines: Lines) -> App:
    """Return the app with bridges of these lines, both carriers' accounts connected."""

    def find(name: str) -> Any:
        if name not in ("twilio", "telnyx"):
            raise UnknownProvider(name)
        return type(name.title(), (_Voice,), {"name": name, "app": app, "lines": lines})

    for carrier in ("twilio", "telnyx"):
        app.secrets.store_carrier(ORGANIZATION, carrier, {"key": "secret"})
    return replace(app, voice_class=find)


class _Voice:
    name: ClassVar[str]
    app: ClassVar[App]
    lines: ClassVar[Lines]

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        """Nothing to keep."""

    def check_ready_to_dial(self) -> None:
        if self.name in self.lines.unready:
            raise self.lines.unready[self.name]

    def dial(self, call: Call, stream: ConnectStream, route: SipRoute) -> str:
        lines = self.lines
        lines.dialled.append(route.gateway)
        lines.routes.append(route)
        lines.bridges.append(self.name)
        row = self.app.store.call(call.id)
        lines.marked.append(bool(row and row.sip_trunk_id == route.trunk_id))
        if route.gateway in lines.meanwhile:
            lines.meanwhile[route.gateway](call)
        if route.gateway in lines.errors:
            raise lines.errors[route.gateway]
        return f"CA-{route.gateway}"

    def hang_up(self, call: Call) -> None:
        self.lines.hung_up.append((self.name, call.call_sid))


def a_trunk(app: App, name: str, priority: int = 1, **given: Any) -> SipTrunk:
    """Return a new trunk whose gateway is named like it."""
    wanted = {
        "name": name,
        "gateway": f"{name}.example.com",
        "username": "acme",
        "password": "correct horse battery",
        "priority": priority,
    }
    return trunks.create(app, ORGANIZATION, wanted | given).trunk
