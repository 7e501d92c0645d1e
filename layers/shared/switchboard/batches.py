"""What a queue brings to a function: its messages one by one, and in between the time to sweep."""

import json
from collections.abc import Callable, Mapping
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
    records = lambda_events.records(event)
    if records is None:
        logger.info("swept", extra={"overdue": sweep()})
        return {}
    with ThreadPoolExecutor(max(1, len(records)) if at_once else 1) as threads:
        done = list(threads.map(lambda record: _is_done(record, work), records))
    failed = [record["messageId"] for record, ok in zip(records, done, strict=True) if not ok]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}


def _is_done(record: Mapping[str, Any], work: Callable[[Json], object]) -> bool:
    try:
        work(json.loads(record["body"]))
    except Exception:
        # The queue brings it again; what it is about is in the table, where the sweep finds it.
        logger.exception("message failed")
        return False
    return True
