"""Giving many numbers to an assistant at once: what is done stays done, the rest is reported."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched

from ..app import App
from ..errors import InvalidRequest, ServiceUnavailable, SwitchboardError
from ..model import E164, Assistant, Number, NumberStatus
from ..store import Taken
from . import assigning
from .assigning import Holder
from .listing import check_assistant

MOST = 1000
# API Gateway waits 29 s; what is not reached is reported.
_TIME = timedelta(seconds=20)
# Rows of one transaction, each with its audit record.
_TOGETHER = 30
_NOT_REACHED = "Not reached in time. Send the request again: what is assigned stays so."


@dataclass
class Assigned:
    """What became of each number: all of them are in one of the two."""

    assistant: Assistant
    successes: list[int] = field(default_factory=list)
    failures: dict[int, str] = field(default_factory=dict)


def assign_all(
    app: App, organization_id: int, assistant_id: int, number_ids: Sequence[int]
) -> Assigned:
    """Give numbers to an assistant, 30 in a transaction; a number named twice counts once.

    Numbers that the assistant has already are successes, so a request whose answer never came,
    or whose process died, is simply repeated. Raises InvalidRequest and AssistantNotFound.
    """
    wanted = list(dict.fromkeys(number_ids))
    if not wanted:
        raise InvalidRequest("No phone number IDs provided")
    until = app.clock() + _TIME
    done = Assigned(check_assistant(app, organization_id, assistant_id))
    holder = Holder(done.assistant)
    found = app.store.numbers_by_number([E164(f"+{it}") for it in wanted])
    for batch in batched(wanted, _TOGETHER, strict=False):
        numbers = [number for it in batch if (number := found.get(E164(f"+{it}")))]
        easy = [it for it in numbers if _is_easy(it, organization_id, holder)]
        late = app.clock() >= until
        together = [] if late or not _given_together(app, easy, holder, done) else easy
        settled = {number.id for number in together}
        _give_apart(app, organization_id, [it for it in batch if it not in settled], done, until)
    return done


def _is_easy(number: Number, organization_id: int, holder: Holder) -> bool:
    if number.organization_id != organization_id:
        return False
    ready = number.status in (NumberStatus.ACTIVE, NumberStatus.PENDING)
    return ready and (number.assistant is None or assigning.is_held_by(number, holder))


def _given_together(app: App, numbers: list[Number], holder: Holder, done: Assigned) -> bool:
    """Give free numbers in one transaction; False when each must be looked at again."""
    now = app.clock()
    changes = [
        assigning.given(number, holder, now, before=number)
        for number in numbers
        if number.assistant is None
    ]
    try:
        if changes:
            app.store.change_numbers(changes, holder.assistant)
    except (Taken, ServiceUnavailable):
        return False
    done.successes += [number.id for number in numbers]
    return True


def _give_apart(
    app: App, organization_id: int, number_ids: list[int], done: Assigned, until: datetime
) -> None:
    for number_id in number_ids:
        if app.clock() >= until:
            done.failures[number_id] = _NOT_REACHED
            continue
        try:
            assigning.assign(app, organization_id, done.assistant.id, number_id)
        except SwitchboardError as error:
            done.failures[number_id] = str(error)
        else:
            done.successes.append(number_id)
