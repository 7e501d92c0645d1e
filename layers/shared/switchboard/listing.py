"""Finding calls: pages, counts, sums. Decision 11 says what each question costs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from . import ids
from .app import App
from .errors import AssistantNotFound
from .model import Call, CallSummary, CallTotals

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class CallFilter:
    """Which calls to list: all that match every field that is set."""

    status: str | None = None
    """The contract's word: ongoing, completed or failed."""
    assistant_id: int | None = None
    customer_phone: str | None = None
    call_sid: str | None = None
    assistant_name: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None
    min_duration: int | None = None
    max_duration: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether every call matches."""
        return self == CallFilter()

    @property
    def is_a_span(self) -> bool:
        """Whether the dates alone decide, so that no call has to be looked at."""
        return replace(self, date_from=None, date_to=None).is_everything

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last id that a call between the dates can have."""
        first = ids.first_id_at(self.date_from) if self.date_from else 0
        last = ids.first_id_at(self.date_to + _MILLISECOND) - 1 if self.date_to else ids.LAST_ID
        return first, last

    def matches(self, call: Call | CallSummary) -> bool:
        """Whether a call of the span passes; texts match anywhere in the field, in any case."""
        texts = (
            (self.customer_phone, call.customer_number),
            (self.call_sid, call.call_sid),
            (self.assistant_name, call.assistant_name or ""),
        )
        return (
            self.status in (None, call.status.summary)
            and self.assistant_id in (None, call.assistant_id)
            and all(part is None or part.lower() in whole.lower() for part, whole in texts)
            and (self.min_duration is None or (call.duration or 0) >= self.min_duration)
            and (self.max_duration is None or (call.duration or 0) <= self.max_duration)
        )


def search(
    app: App, organization_id: int, wanted: CallFilter, skip: int, limit: int
) -> tuple[list[Call], int]:
    """Return a page of an organization's calls, newest first, and how many match in all.

    Raises AssistantNotFound when calls of another organization's assistant are wanted.
    """
    _check_assistant(app, organization_id, wanted)
    if wanted.is_a_span:
        first, last = wanted.span
        in_time = first <= last
        page = app.store.calls_page(organization_id, first, last, skip, limit) if in_time else []
        return page, count(app, organization_id, wanted)
    found = [call.id for call in _matching(app, organization_id, wanted)]
    return app.store.calls_by_id(found[skip : skip + limit]), len(found)


def count(app: App, organization_id: int, wanted: CallFilter) -> int:
    """Count the calls that match."""
    if wanted.is_everything:
        return app.store.call_totals(organization_id).calls
    _check_assistant(app, organization_id, wanted)
    if wanted.is_a_span:
        first, last = wanted.span
        return app.store.count_calls(organization_id, first, last) if first <= last else 0
    return sum(1 for _ in _matching(app, organization_id, wanted))


def totals(app: App, organization_id: int, wanted: CallFilter) -> CallTotals:
    """Count the calls that match, and how long people spoke."""
    if wanted.is_everything:
        return app.store.call_totals(organization_id)
    _check_assistant(app, organization_id, wanted)
    found = [call.duration or 0 for call in _matching(app, organization_id, wanted)]
    return CallTotals(
        calls=len(found), timed=sum(1 for seconds in found if seconds), seconds=sum(found)
    )


def walk(
    app: App, organization_id: int, wanted: CallFilter, before: int | None, page: int
) -> Iterator[tuple[int, Call | None]]:
    """Yield the calls with ids below `before`, newest first, with None for one that does not match.

    Reads `page` calls at a time, and only as far as the caller goes.
    """
    _check_assistant(app, organization_id, wanted)
    first, last = wanted.span
    last = last if before is None else min(last, before - 1)
    rows = app.store.calls(organization_id, first, last, page) if first <= last else iter(())
    return ((call.id, call if wanted.matches(call) else None) for call in rows)


def _matching(app: App, organization_id: int, wanted: CallFilter) -> Iterator[CallSummary]:
    first, last = wanted.span
    if first > last:
        return iter(())
    return filter(wanted.matches, app.store.call_summaries(organization_id, first, last))


def _check_assistant(app: App, organization_id: int, wanted: CallFilter) -> None:
    assistant_id = wanted.assistant_id
    if assistant_id is not None and not app.store.assistant(organization_id, assistant_id):
        raise AssistantNotFound(f"Assistant with ID {assistant_id} not found in your organization")
