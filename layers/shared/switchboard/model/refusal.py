"""Why something was not done, kept with what was asked for."""

from ..records import dataclass


@dataclass(frozen=True)
class Refusal:
    """Why an order failed, as it was told to the buyer."""

    status: int
    code: str
    message: str
