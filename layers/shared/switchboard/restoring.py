"""What a container that Lambda restores from a snapshot must not share with its copies.

Nothing unique is made while a function starts: ids, tokens and times come of each request (a test
holds it). What the libraries have made is renewed here:
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

import os
import random
from collections.abc import Callable

from .app import App


def arrange(app: Callable[[], App]) -> None:
    """Have the container's App renewed whenever it is restored; nothing where it never is."""
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    # Brought by Lambda's runtime, and by no other.
    from snapshot_restore_py import register_after_restore  # type: ignore[import-untyped]

    register_after_restore(renew, app)


def renew(app: Callable[[], App]) -> None:
    """Forget connections and what was read, and draw new random numbers."""
    # botocore and urllib3 spread their repeats with it: copies would repeat at the same moments.
    random.seed()
    container = app()
    container.http.clear()
    container.secrets.forget()
    # The clock needs nothing: it is asked each time.
    container.store.disconnect()
