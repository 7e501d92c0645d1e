"""Play an inbound call at Vonage: ask the application, obey its NCCO, tell the end."""

from sandbox.books import Account, OwnedNumber, Resource
from sandbox.vonage.applications import voice
from sandbox.vonage.call import Script, VonageCall
from sandbox.vonage.callbacks import CallWebhooks
from sandbox.vonage.player import NccoPlayer
from sandbox.world import World


class InboundCall:
    """One call to a Vonage number, from the first ring to the last event."""

    def __init__(
        self,
        world: World,
        account: Account,
        number: OwnedNumber,
        application: Resource | None,
        call: VonageCall,
    ) -> None:
        self._world = world
        self._account = account
        self._number = number
        self._application = application
        self._call = call

    async def play(self) -> None:
        """Run the call to its end."""
        forwarded = self._number.config.get("voiceCallbackType") in ("sip", "tel")
        if forwarded:
            self._forward(self._number.config.get("voiceCallbackValue", ""))
        elif self._application is None or not voice(self._application):
            self._call.outcome = "application_error"
            text = "The number has no application with a voice capability: nobody is asked"
            self._call.note("application_error", text)
            self._call.hang_up("carrier")
            self._close()
        else:
            await self._ask(self._application)

    def _forward(self, to: str) -> None:
        """Send the call where the number's own setting says, which comes before the application."""
        self._call.pick_up()
        self._call.outcome = "dialled"
        self._call.note("dialled", f"The caller is connected to {to}", to=[to])
        self._call.hang_up("caller")
        self._close()

    async def _ask(self, application: Resource) -> None:
        hooks = CallWebhooks(self._world, self._account, application, self._call)
        player = NccoPlayer(self._call, hooks)
        # In this order in life too.
        hooks.tell("ringing")
        hooks.tell("started")
        webhook = voice(application).get("webhooks", {}).get("answer_url", {})
        await player.play(Script(webhook.get("address", ""), webhook.get("http_method", "GET")))
        self._close()
        hooks.tell_end("200" if self._call.answered is not None else "487")
        for action in player.recorded:
            hooks.tell_of_recording(action)
        await hooks.drain()

    def _close(self) -> None:
        answered = self._call.answered is not None
        self._call.close("completed" if answered else "failed")
        self._call.word = "completed"
        self._call.note(
            "hung_up",
            f"The call is over ({self._call.status}), ended by the {self._call.hung_up_by}",
            by=self._call.hung_up_by,
            status=self._call.status,
        )
