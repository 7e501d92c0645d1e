"""How carriers differ, where somebody who uses them through us can notice it.

What the protocols ask for, every carrier does. This is the rest: each carrier declares it,
tests/carriers/test_features.py proves it, and docs/carriers.md shows it.
"""

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, kw_only=True)
class Features:
    """What one carrier can do, and what it takes."""

    purchase_requests: Annotated[int, "Requests that buying a configured number takes"]
    wiring_requests: Annotated[int, "Requests that pointing a held number at us takes"]
    answering_requests: Annotated[int, "Requests that answering a call takes, beside the reply"]
    orders_settle_later: Annotated[
        bool, "An order may stay pending until the carrier reports its end"
    ]
    searches_places: Annotated[bool, "A search can name a locality or a region"]
    shows_prices: Annotated[bool, "A search shows prices"]
    sells_fax: Annotated[bool, "Some numbers can receive faxes"]
    has_number_ids: Annotated[bool, "A number that is bought again has another id"]
    takes_any_voice_url: Annotated[bool, "A number's calls can be pointed at another server's URL"]
    switches_messages: Annotated[bool, "A number's messages can be switched off"]
    sends_texts: Annotated[bool, "Text messages can be sent and received"]
    refuses_opted_out: Annotated[
        bool, "A message to who has said STOP is refused at once, not only in its receipt"
    ]
    verifies_caller_ids: Annotated[
        bool, "Calls can show a verified number that the account does not hold"
    ]
