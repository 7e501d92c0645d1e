"""Bringing a number's calls to us before anybody is to answer them."""

from dataclasses import replace

from ..app import App
from ..errors import CarrierUnavailable, NumberNotReady, OutcomeUnknown
from ..model import Number, NumberStatus


def pointed_here(app: App, number: Number) -> Number:
    """Return a number whose calls come to us, having asked the carrier if they do not yet.

    The row is the caller's to write. Asking the carrier twice does no harm, so a process that
    dies in between loses nothing. Raises CarrierError: the row stays as it is.
    """
    if number.status is not NumberStatus.INACTIVE:
        return number
    try:
        app.carrier(number.carrier, number.organization_id).wire(number)
    except OutcomeUnknown as error:
        raise CarrierUnavailable(
            f"{number.carrier.title()} did not answer whether {number.phone_number} points here "
            "now. It is not assigned. Repeat the request: that is safe."
        ) from error
    return replace(number, status=NumberStatus.ACTIVE)


def check_settled(number: Number) -> None:
    """Raise NumberNotReady while a number is being released."""
    if number.status is NumberStatus.RELEASING:
        raise NumberNotReady(
            f"{number.phone_number} is being released. Repeat the release to see how it stands."
        )
