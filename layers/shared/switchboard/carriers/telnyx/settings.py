"""Pointing and giving back numbers at Telnyx."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ...errors import CarrierPermissionDenied, NotConfigurable, NothingThere, NumberNotHeld
from ...model import Number
from ..problems import problem
from .api import WEBHOOK_PATH, Record, path_of
from .held import TelnyxHeld


class TelnyxSettings(TelnyxHeld):
    """What one Telnyx account has set for its numbers."""

    def release(self, number: Number) -> None:
        """Give it back in one request, two when its id is not known: an order does not tell it.

        404 says that it is gone already.
        """
        what = f"release {number.phone_number}"
        number_id = number.carrier_number_id
        if number_id is None:
            found = self._find(number.phone_number)
            if found is None:
                return
            if found.deletion_lock_enabled:
                said = "its deletion lock is on; switch it off in the Telnyx portal"
                raise problem(CarrierPermissionDenied, "Telnyx", what, said=said)
            number_id = str(found.id)
        with suppress(NothingThere):
            self._send(what, "DELETE", path_of("phone_numbers", number_id))

    def voice_url(self) -> str:
        """Return the URL that is told of calls."""
        return self._context.webhook_url(WEBHOOK_PATH)

    def wire(self, number: Number) -> None:
        """Tie it to our application and our messaging profile: three requests.

        One more when its id is not known, one less when it takes no messages.
        """
        what = f"point {number.phone_number} here"
        number_id = self._id(number, what)
        self._connect(number_id, what)
        settings = self._messaging(number_id, what)
        ours = str(self._credentials["messaging_profile_id"])
        if settings.features and settings.features.sms:
            self._profile_to(number_id, ours, what)

    def set_voice_url(self, number: Number, url: str) -> None:
        """Tie it to our application; another URL would be an application's, not a number's."""
        ours = self.voice_url()
        if url != ours:
            raise NotConfigurable(
                "Telnyx keeps voice URLs with an application, not with a number: the only "
                f"voice_webhook_url that can be set here is {ours}, which brings the calls of "
                f"{number.phone_number} back to us. To send them elsewhere, choose another "
                "application for it in the Telnyx portal."
            )
        what = f"point the calls of {number.phone_number} here"
        self._connect(self._id(number, what), what)

    def set_sms(self, number: Number, enabled: bool) -> str:
        """Give it our messaging profile, or take it away: an empty text does, null would not."""
        what = f"change the messages of {number.phone_number}"
        profile = str(self._credentials["messaging_profile_id"]) if enabled else ""
        self._profile_to(self._id(number, what), profile, what)
        url = self._context.webhook_url(WEBHOOK_PATH)
        return f"enabled ({url})" if enabled else "disabled (empty URL)"

    def _connect(self, number_id: str, what: str) -> None:
        ours = str(self._credentials["connection_id"])
        self._change(what, path_of("phone_numbers", number_id), {"connection_id": ours})

    def _profile_to(self, number_id: str, profile_id: str, what: str) -> None:
        path = path_of("phone_numbers", number_id, "messaging")
        self._change(what, path, {"messaging_profile_id": profile_id})

    def _messaging(self, number_id: str, what: str) -> Record:
        try:
            return self._look(what, path_of("phone_numbers", number_id, "messaging"))
        except NothingThere as error:
            raise _not_held(what) from error

    def _id(self, number: Number, what: str) -> str:
        if number.carrier_number_id is not None:
            return number.carrier_number_id
        held = self.find_held(number.phone_number)
        if held is None:
            raise _not_held(what)
        return held.carrier_number_id

    def _change(self, what: str, path: str, body: Mapping[str, Any]) -> None:
        try:
            self._send(what, "PATCH", path, body)
        except NothingThere as error:
            raise _not_held(what) from error


def _not_held(what: str) -> Exception:
    return problem(NumberNotHeld, "Telnyx", what, said="the account does not hold it")
