"""What a use case works with: the store, the secrets, the carriers, the clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

import urllib3

from .carriers import CARRIERS, carrier_class, voice_class
from .carriers.base import Carrier, CarrierContext, Voice
from .errors import CarrierNotConnected
from .items import Item
from .model import BYO, Actor, AuditEntry, Bridge, Call, SipRoute, SipTrunk
from .records import dataclass
from .secrets import Secrets
from .settings import Settings
from .store import Store
from .store.audit import audit_row


@dataclass(frozen=True)
class App:
    """One deployment, seen from inside. Tests make their own."""

    settings: Settings
    store: Store
    secrets: Secrets
    http: urllib3.PoolManager
    clock: Callable[[], datetime]
    """Now, in UTC."""
    sleep: Callable[[float], None]
    """Wait for so many seconds."""
    new_id: Callable[[], int]
    carrier_class: Callable[[str], type[Carrier]] = carrier_class
    """Finds a carrier's adapter by name; raises UnknownProvider."""
    voice_class: Callable[[str], type[Voice]] = voice_class
    """Finds the part of it that calls and webhooks need: nothing else is imported."""
    fail_over: Callable[[int], None] | None = None
    """Has somebody else go on with a call, by its id, whose SIP trunk failed; safe to repeat."""
    actor: Actor | None = None
    """Who asks; nobody while the app acts for itself or for a carrier."""
    carrier_names: tuple[str, ...] = tuple(CARRIERS)
    """All that can be connected."""

    def acting_for(self, actor: Actor) -> Self:
        """Return this app for somebody whose changes are put on record."""
        last = 0

        def witness(
            organization_id: int, action: str, target: str, details: dict[str, Any]
        ) -> Item:
            nonlocal last
            # Several changes of one millisecond must not get the same id.
            last = max(last + 1, self.new_id())
            return audit_row(
                AuditEntry(last, organization_id, self.clock(), actor, action, target, details)
            )

        return replace(self, actor=actor, store=self.store.witnessed_by(witness))

    def carrier(self, name: str, organization_id: int) -> Carrier:
        """Return an organization's account at a carrier.

        Raises UnknownProvider, CarrierNotConnected, ServiceUnavailable.
        """
        found = self.carrier_class(name)
        if name == BYO:
            return found(self._trunks(organization_id), self.carrier_context(name, organization_id))
        credentials = self.secrets.carrier(organization_id, name)
        return found(credentials, self.carrier_context(name, organization_id))

    def _trunks(self, organization_id: int) -> dict[str, Any]:
        # Asked for only when somebody looks at the trunks: their numbers are nobody's to look up.
        return {
            "trunks": lambda: self.store.trunks(organization_id),
            "check_ready": lambda trunk: self.voice_of(trunk).check_ready_to_dial(),
        }

    def voice(
        self, name: str, organization_id: int, credentials: dict[str, Any] | None = None
    ) -> Voice:
        """Return the same account for its calls and webhooks only; raise the same.

        With credentials, it is with these and not with those that are stored.
        """
        found = self.voice_class(name)
        if credentials is None:
            credentials = self.secrets.carrier(organization_id, name)
        return found(credentials, self.carrier_context(name, organization_id))

    def voice_of(self, trunk: SipTrunk) -> Voice:
        """Return who speaks SIP with a trunk; raise CarrierNotConnected, ServiceUnavailable."""
        if trunk.bridge is not Bridge.OWN:
            return self.voice(trunk.bridge.value, trunk.organization_id)
        secrets = self.secrets.trunk(trunk.organization_id, trunk.id)
        credentials = {
            "trunk_id": trunk.id,
            "bridge_url": trunk.bridge_url,
            "signing_secret": secrets.signing_secret,
        }
        return self.voice(BYO, trunk.organization_id, credentials)

    def voice_for(self, call: Call) -> Voice:
        """Return who carries a call; raise CarrierNotConnected, ServiceUnavailable."""
        if call.carried_by != BYO:
            return self.voice(call.carried_by, call.organization_id)
        trunk = self.store.dying_trunk(call.organization_id, call.sip_trunk_id or "")
        if trunk is None:
            raise CarrierNotConnected(f"The SIP trunk of call {call.id} does not exist any more.")
        return self.voice_of(trunk)

    def route_over(self, trunk: SipTrunk) -> SipRoute:
        """Return how a call goes over a trunk, its password included."""
        secrets = self.secrets.trunk(trunk.organization_id, trunk.id)
        return SipRoute(trunk.id, trunk.gateway, trunk.username, secrets.password)

    def carrier_context(self, name: str, organization_id: int) -> CarrierContext:
        """Return what a carrier's adapter is told about this deployment.

        Raises ConfigError while there is no public URL that carriers can be given.
        """
        return CarrierContext(
            # A trunk's own bridge is asked at the trunk's own URL.
            api_url="" if name == BYO else self.settings.carrier_api_url(name),
            public_base_url=self.settings.url_for_carriers(),
            stage=self.settings.stage,
            organization_id=organization_id,
            clock=self.clock,
            http=self.http,
            urls_allowed=self.settings.event_urls_allowed,
        )
