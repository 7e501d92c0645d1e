"""One cold start. Runs in a bare interpreter: `cold_probe.py TASK LAYER RUNTIME`.

Prints the seconds of processor time until the function could take its first request: there is
nothing to wait for, and other programs of the machine do not blur it.
"""

import os
import sys
import time
from importlib import import_module

sys.path[:0] = sys.argv[1:4]

# Nothing above may import what the function will import.
started = time.process_time()

app = import_module(os.environ.get("HANDLER", "app"))

if not hasattr(app, "FLOOR"):
    from switchboard import wiring

    ready = wiring.app()
    if carrier := os.environ.get("CARRIER"):
        # A call is answered with the adapter; the API functions answer most requests without.
        ready.voice_class(carrier)

print(time.process_time() - started)
