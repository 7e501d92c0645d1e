"""Play an inbound call at Telnyx: park it and wait for somebody to answer."""

from typing import Any

from sandbox.books import Account, Resource
from sandbox.telnyx.commands import TelnyxCall
from sandbox.telnyx.leg import Leg, destination
from sandbox.world import World


class InboundCall(Leg):
    """One call to a Telnyx number, from `call.initiated` to `call.hangup`."""

    def __init__(
        self, world: World, account: Account, application: Resource | None, call: TelnyxCall
    ) -> None:
        to = destination(application, world.settings, {}) if application else None
        super().__init__(world, account, to, call)
        self._application = application

    async def play(self) -> None:
        """Run the call to its end."""
        if self._application is None:
            self._call.outcome = "application_error"
            self._call.note(
                "application_error", "The number has no connection_id: nobody is asked to answer"
            )
            self._end("carrier", "unspecified")
        else:
            self._warn_of_old_webhooks(self._application)
            self._event("call.initiated", **self._ringing())
            await self._wait_for_first_command(self._application)
            await self._live()
        await self._finish()

    def _warn_of_old_webhooks(self, application: Resource) -> None:
        if application.body.get("webhook_api_version") != "2":
            self._call.note(
                "warning",
                "The application asks for webhook_api_version 1; the sandbox sends version 2 only",
            )

    async def _wait_for_first_command(self, application: Resource) -> None:
        """Let the caller wait for an answer as long as he is willing to."""
        body = application.body
        limit = self._world.settings.first_command_timeout_s
        if body.get("first_command_timeout"):
            limit = min(limit, float(body.get("first_command_timeout_secs") or limit))
        if not await self._obey_next(limit):
            self._end("caller", "originator_cancel")
            self._call.note("unanswered", f"No command within {limit:g} s: the caller gives up")

    def _ringing(self) -> dict[str, Any]:
        headers = self._call.sip_headers
        told = [{"name": name, "value": value} for name, value in (headers or {}).items()]
        return ({} if headers is None else {"custom_headers": told}) | {
            "direction": "incoming",
            "state": "parked",
            "caller_id_name": self._call.from_,
            "start_time": self._call.started_at,
            "offered_codecs": "PCMU,PCMA,G722",
            "shaken_stir_attestation": "A",
            "shaken_stir_validated": True,
        }
