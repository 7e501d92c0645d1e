"""Files of recordings: what a carrier has of a call that it was asked to record."""

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.transcript import Call
from sandbox.world import World

# A second of silence: frames of MPEG-1 layer III at 128 kbit/s and 44.1 kHz.
SOUND = (b"\xff\xfb\x90\xc4" + bytes(413)) * 38


def is_there(world: World, call: Call | None) -> bool:
    """Tell whether a call's file can be fetched; it may be late by `recording_late_s`."""
    if call is None or call.ended is None:
        return False
    return time.monotonic() - call.ended >= world.settings.recording_late_s


def telnyx_files() -> Route:
    """Return the route of Telnyx's links: whoever holds one needs no key."""

    async def serve(request: Request) -> Response:
        world: World = request.app.state.world
        wanted = request.path_params["id"]
        found = (c for c in world.calls.values() if getattr(c, "recording_id", None) == wanted)
        if not is_there(world, next(found, None)):
            return JSONResponse({"error": "no such file"}, 404)
        return Response(SOUND, media_type="audio/mpeg")

    return Route("/recording_files/{id}.{form}", serve, methods=["GET"])
