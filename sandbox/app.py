"""Put the sandbox together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, WebSocketRoute

from sandbox import carriers, control, receiver, runtime
from sandbox.books import Books
from sandbox.bridge import protocol, web
from sandbox.faults import Faults
from sandbox.settings import Settings
from sandbox.world import World


def build(state_file: Path | None = None, usual: Settings | None = None) -> Starlette:
    """Build the application; owned numbers are kept in the state file when one is given."""
    operations = {name: c.operations for name, c in carriers.CARRIERS.items()}
    faults = Faults(operations | {protocol.CARRIER: set(protocol.COMMANDS)})
    world = World(Books(state_file), faults, usual or Settings())

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await world.close()

    app = Starlette(routes=_routes(), lifespan=lifespan)
    app.state.world = world
    return app


def _routes() -> list[BaseRoute]:
    return [
        Mount("/_", routes=[*control.routes(), *web.control_routes()]),
        Mount("/bridge", routes=web.commands()),
        *(Mount(f"/{name}", routes=c.routes()) for name, c in carriers.CARRIERS.items()),
        Mount("/receiver", routes=receiver.routes()),
        WebSocketRoute("/runtime/echo{rest:path}", runtime.echo),
    ]
