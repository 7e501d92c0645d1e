"""Pointing and giving back numbers at Vonage."""

from typing import Any

from ...errors import CarrierError, NotConfigurable, NumberNotHeld
from ...model import Number
from ..problems import problem
from ..stock import HeldNumber
from .api import SMS_PATH, WEBHOOK_PATH, MethodFailed
from .held import VonageHeld


class VonageSettings(VonageHeld):
    """What one Vonage account has set for its numbers."""

    def release(self, number: Number) -> None:
        """Give it back in one request; a refusal is looked into, for it gives no reason."""
        what = f"release {number.phone_number}"
        name = number.carrier_number_id
        if name is None:
            held = self.find_held(number.phone_number)
            if held is None:
                return
            name = held.carrier_number_id
        try:
            self._order(what, "/number/cancel", _named(name))
        except MethodFailed as error:
            if self.find_held(number.phone_number) is not None:
                raise problem(CarrierError, "Vonage", what, said=str(error), code="420") from error

    def voice_url(self) -> str:
        """Return the application's answer URL, which is the event URL too."""
        return self._context.webhook_url(WEBHOOK_PATH)

    def wire(self, number: Number) -> None:
        """Link it to our application: two requests, the first to see what else is set."""
        what = f"point {number.phone_number} here"
        held = self.find_held(number.phone_number)
        if held is None:
            raise _not_held(what)
        self._link(held.carrier_number_id, what, _rivals(held))

    def set_voice_url(self, number: Number, url: str) -> None:
        """Link it to our application; another URL would be an application's, not a number's."""
        ours = self.voice_url()
        if url != ours:
            raise NotConfigurable(
                "Vonage keeps voice URLs with an application, not with a number: the only "
                f"voice_webhook_url that can be set here is {ours}, which brings the calls of "
                f"{number.phone_number} back to us. To send them elsewhere, choose another "
                "application for it in the Vonage dashboard."
            )
        self.wire(number)

    def set_sms(self, number: Number, enabled: bool) -> str:
        """Bring its messages here: they come with the application, as its calls do."""
        if not enabled:
            raise NotConfigurable(
                "Vonage sends a number's messages to its application, as it does its calls: they "
                f"cannot be switched off for {number.phone_number} alone. Leave sms_webhook_url "
                "out, or take the number out of the application in the Vonage dashboard."
            )
        self.wire(number)
        return f"enabled ({self._context.webhook_url(SMS_PATH)})"

    def _link(self, name: str, what: str, more: dict[str, str] | None = None) -> None:
        fields = _named(name) | {"app_id": str(self._credentials["application_id"])}
        try:
            self._order(what, "/number/update", fields | (more or {}))
        except MethodFailed as error:
            raise _not_held(what, str(error)) from error


def _rivals(held: HeldNumber) -> dict[str, str]:
    """Return what takes away the settings that would win over the application; empty removes."""
    fields = {}
    if held.configuration["sms_webhook_url"]:
        fields["moHttpUrl"] = ""
    if held.configuration["forwarded_to"]:
        fields |= {"voiceCallbackType": "", "voiceCallbackValue": ""}
    return fields


def _named(name: str) -> dict[str, Any]:
    country, _, msisdn = name.partition("-")
    return {"country": country, "msisdn": msisdn}


def _not_held(what: str, said: str = "the account does not hold it") -> Exception:
    return problem(NumberNotHeld, "Vonage", what, said=said)
