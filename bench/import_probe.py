"""One cold start, by package. Runs in a bare interpreter: `import_probe.py TASK LAYER RUNTIME`.

Prints the seconds of processor time that the modules of each package took, what they import
themselves left out; under "" what no module took: clients, and the search for modules. Not
`-X importtime`, which measures by the clock: other programs of the machine would be in it.
"""

import json
import os
import sys
import time
from importlib import import_module
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from typing import Any

sys.path[:0] = sys.argv[1:4]

spent: dict[str, float] = {}
# The time that the modules, which the one being loaded imports, have taken so far.
inner = [0.0]


def timed(loader: Any) -> None:
    """Have a loader note what each module's execution took."""
    execute = loader.exec_module

    def exec_module(self: Any, module: Any) -> None:
        began = time.process_time()
        inner.append(0.0)
        try:
            execute(self, module)
        finally:
            took = time.process_time() - began
            package = module.__name__.partition(".")[0]
            spent[package] = spent.get(package, 0.0) + took - inner.pop()
            inner[-1] += took

    loader.exec_module = exec_module


timed(SourceFileLoader)
timed(ExtensionFileLoader)
started = time.process_time()

app = import_module("app")
if not hasattr(app, "FLOOR"):
    from switchboard import wiring

    wiring.app().voice_class(os.environ["CARRIER"])

# The floor function makes its client while it is imported.
spent.pop("app", None)
spent[""] = time.process_time() - started - sum(spent.values())
print(json.dumps(spent))
