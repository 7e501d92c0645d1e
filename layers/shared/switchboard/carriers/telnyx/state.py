"""The client_state of a call: what we tell Telnyx, and it tells us back with every event."""

import base64
import json
from typing import Any


def client_state(**state: Any) -> str:
    """Return `state` as Telnyx takes it."""
    # Must be base64 (90017 otherwise); comes back with every event of the leg.
    return base64.b64encode(json.dumps(state).encode()).decode()


def read_client_state(text: object) -> object:
    """Return what `client_state` was made of, or None for what is not ours."""
    try:
        return json.loads(base64.b64decode(str(text or ""), validate=True))
    except ValueError:
        return None


def own_id(state: object) -> int | None:
    """Return our own id of the call, if the state holds it."""
    found = state.get("call") if isinstance(state, dict) else None
    return found if isinstance(found, int) else None
