"""Work on many things, of which one that fails stops none of the others."""

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import lambda_events
from .logs import logger

type Json = dict[str, Any]


def handle(
    event: Mapping[str, Any],
    work: Callable[[Json], object],
    sweep: Callable[[], int],
    *,
    at_once: bool = False,
) -> Json:
    """Do the work that a batch of messages asks for; name those that failed, which come again.

    An event without messages is the time to sweep. With `at_once` no message waits for a slow one.
    Raises InvalidRequest for what no queue sends.
    """
    if lambda_events.is_time_to_sweep(event):
        swept(sweep)
        return {}
    messages = lambda_events.messages(event)
    # The queue brings it again; what it is about is in the table, where the sweep finds it.
    done = each(
        messages,
        lambda message: work(json.loads(message["body"])),
        named=lambda message: str(message["messageId"]),
        at_once=max(1, len(messages)) if at_once else 1,
    )
    failed = [message["messageId"] for message, ok in zip(messages, done, strict=True) if not ok]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}


def swept(sweep: Callable[[], int]) -> None:
    """Look for what was forgotten, and log how much it was."""
    logger.info("swept", extra={"overdue": sweep()})


def each[Thing](
    things: Iterable[Thing],
    work: Callable[[Thing], object],
    *,
    named: Callable[[Thing], str],
    at_once: int = 1,
) -> list[bool]:
    """Do the work for each thing, so many at once; say of each whether it was done.

    What fails is logged by its name: whoever asks for it knows how it is found again.
    """

    def is_done(thing: Thing) -> bool:
        try:
            work(thing)
        except Exception:
            logger.exception("not done", extra={"about": named(thing)})
            return False
        return True

    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(is_done, things))
