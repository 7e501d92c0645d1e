"""An organization's trunks, looked at as if they were an account."""

from collections.abc import Iterator
from typing import ClassVar

from ...errors import InvalidRequest, NotConfigurable, SwitchboardError
from ...model import E164, Call, SipTrunk
from ..base import Check, Connection, Credentials, Expected, Trace, Verdict
from ..checks import run
from ..stock import Drift, Verification
from .numbers import TrunkNumbers

_MAKE = "Make or enable one: POST /api/v1/sip-trunks."


class TrunkAccount(TrunkNumbers):
    """The trunks together: each is enabled, and whoever speaks SIP with it is ready."""

    credential_fields: ClassVar[tuple[str, ...]] = ()
    credential_options: ClassVar[tuple[str, ...]] = ()

    def connect(self) -> Connection:
        """Raise InvalidRequest: trunks are made one by one."""
        raise InvalidRequest("SIP trunks are not connected here. " + _MAKE)

    def traces(self, call: Call) -> list[Trace]:
        """Raise NotConfigurable: a bridge is not asked what became of a call."""
        raise NotConfigurable("A SIP trunk keeps no records of calls that could be read.")

    def account_drifts(self) -> tuple[Drift, ...]:
        """Return nothing: bridges are told nothing that could drift."""
        return ()

    def account_name(self) -> str:
        """Raise InvalidRequest: there is no account."""
        raise InvalidRequest("SIP trunks have no account whose credentials could be tried.")

    def is_account_of(self, earlier: Credentials) -> bool:
        """Say yes: there is but one table of trunks."""
        return True

    def check(self, expected: Expected) -> list[Check]:
        """Look at every trunk in the order in which they are tried. No gateway is called."""
        return run("SIP trunk", [("trunks", self._checked)])

    def _checked(self) -> Iterator[Check]:
        trunks: list[SipTrunk] = self._credentials["trunks"]()
        if not any(trunk.enabled for trunk in trunks):
            yield Check("trunks", "none is enabled", Verdict.FAILED, _MAKE)
        for trunk in trunks:
            yield self._look_at(trunk)

    def _look_at(self, trunk: SipTrunk) -> Check:
        name = f"trunk {trunk.name}"
        if not trunk.enabled:
            enable = f"Enable it: POST /api/v1/sip-trunks/{trunk.id}/enable."
            return Check(name, "disabled", Verdict.WARNING, enable)
        try:
            self._credentials["check_ready"](trunk)
        except SwitchboardError as error:
            mend = f"Connect {trunk.bridge.value}, or give the trunk another bridge."
            return Check(name, str(error), Verdict.FAILED, mend)
        return Check(name, f"enabled, carried by {trunk.bridge.value}")

    def has_verified(self, phone_number: E164) -> bool:
        """Raise InvalidRequest: only a number of the trunk's own is shown."""
        raise _no_caller_ids()

    def verified_caller_ids(self) -> list[tuple[E164, str]]:
        """Raise InvalidRequest: there is no such list."""
        raise _no_caller_ids()

    def verify_caller_id(
        self, phone_number: E164, friendly_name: str, code: str | None = None
    ) -> Verification:
        """Raise InvalidRequest: nobody would call it."""
        raise _no_caller_ids()


def _no_caller_ids() -> InvalidRequest:
    return InvalidRequest(
        "SIP trunks have no verified caller ids: a call over a trunk shows the number that it is "
        "placed from. Register that with provider byo-sip-trunk."
    )
