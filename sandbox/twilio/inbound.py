"""Play an inbound call at Twilio: ask the voice URL, obey its TwiML, report the end."""

from sandbox.books import Account, OwnedNumber
from sandbox.twilio import recordings
from sandbox.twilio.call import Entry, TwilioCall
from sandbox.twilio.player import TwimlPlayer
from sandbox.twilio.voice_webhooks import VoiceWebhooks
from sandbox.world import World

_FINAL = {"rejected": "busy", "application_error": "failed"}


class InboundCall:
    """One call to a Twilio number, from the first ring to the status callback."""

    def __init__(
        self, world: World, account: Account, number: OwnedNumber, call: TwilioCall
    ) -> None:
        self._number = number
        self._call = call
        self._hooks = VoiceWebhooks(world, account, call)
        self._player = TwimlPlayer(account, call, self._hooks)

    async def play(self) -> None:
        """Run the call to its end."""
        await self._player.play(
            Entry(
                self._config("voice_url"),
                self._method("voice"),
                self._config("voice_fallback_url"),
                self._method("voice_fallback"),
            )
        )
        answered = self._call.answered is not None
        final = "completed" if answered else _FINAL.get(self._call.outcome, "no-answer")
        self._call.close(final)
        self._call.note(
            "hung_up",
            f"The call is over ({final}), ended by the {self._call.hung_up_by}",
            by=self._call.hung_up_by,
            status=final,
        )
        await self._report_end(final)

    async def _report_end(self, final: str) -> None:
        """Tell the number's status callback, which hears of nothing but the end."""
        url = self._config("status_callback")
        if url:
            params = self._hooks.progress(0) | self._hooks.lasted()
            self._hooks.tell(final, url, self._method("status_callback"), params)
        recordings.report(self._call, self._hooks)
        await self._hooks.drain()

    def _config(self, name: str) -> str:
        return str(self._number.config.get(name) or "")

    def _method(self, name: str) -> str:
        return str(self._number.config.get(f"{name}_method") or "POST")
