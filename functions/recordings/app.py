"""Recordings of calls: list them, and hear one by a link that lives for minutes."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator, Field

from switchboard import calls, description, edge, recording_room, wiring
from switchboard.app import App
from switchboard.errors import CallNotFound, NotFound
from switchboard.ids import LAST_ID
from switchboard.model import Call
from switchboard.recordings import playing
from switchboard.recordings.room import Vault
from switchboard.replies.recordings import (
    RECORDING_TYPE,
    RecordingLink,
    RecordingPending,
    RecordingReply,
    pending_reply,
    recording_reply,
)
from switchboard.request_model import RequestModel

api = edge.api()

_Id = Annotated[int, Path(ge=1, le=LAST_ID)]
# Telnyx's ids hold a colon, which clients may encode; no carrier's id holds a "%".
_CallSid = Annotated[str, AfterValidator(unquote), Path()]

_LIST = description.list_of(RecordingReply, CallNotFound)
_PLAY = description.replies(RecordingLink, NotFound, status=302) | description.replies(
    RecordingPending, status=202
)


class ListQuery(RequestModel):
    """Which recordings."""

    recording_type: Annotated[
        str | None, Field(min_length=1, max_length=32, description="`mixed`: there is no other.")
    ] = None


@api.get("/api/v1/calls/sid/<call_sid>/recordings", responses=_LIST, tags=["Calls"])
def list_recordings_by_sid(
    call_sid: _CallSid, query: Annotated[ListQuery, Query()]
) -> Response[Any]:
    """List what was recorded of a call, by its carrier's id."""
    organization_id = edge.authorized(api, "calls:read")
    call = calls.find_by_sid(edge.current_app(api), organization_id, call_sid)
    return _listed(call, query)


@api.get("/api/v1/calls/<call_id>/recordings", responses=_LIST, tags=["Calls"])
def list_recordings(call_id: _Id, query: Annotated[ListQuery, Query()]) -> Response[Any]:
    """List what was recorded of a call. Its links live for five minutes."""
    organization_id = edge.authorized(api, "calls:read")
    return _listed(calls.find(edge.current_app(api), organization_id, call_id), query)


@api.get(
    "/api/v1/calls/<call_id>/recording/<recording_id>/play",
    responses=_PLAY | description.replies(RecordingLink, CallNotFound, status=302),
    tags=["Calls"],
)
def play_recording(call_id: _Id, recording_id: _Id) -> Response[Any]:
    """Redirect to a recording's sound; 202 while it is being fetched."""
    organization_id = edge.authorized(api, "calls:read")
    app = edge.current_app(api)
    call = calls.find(app, organization_id, call_id)
    return _heard(playing.play(app, _vault(), call, recording_id))


@api.get("/public/recording/<token>", responses=_PLAY, security=[], tags=["Calls"])
def open_public_recording(
    token: Annotated[str, Path(min_length=1, max_length=1_000)],
) -> Response[Any]:
    """Redirect whoever holds the link of an event to the sound; 202 while there is none yet."""
    return _heard(playing.open_link(edge.current_app(api), _vault(), token))


def _listed(call: Call, query: ListQuery) -> Response[Any]:
    if query.recording_type not in (None, RECORDING_TYPE):
        return edge.answer(200, [])
    found = playing.listed(edge.current_app(api), _vault(), call)
    return edge.answer(200, [recording_reply(it) for it in found])


def _heard(heard: playing.Heard | None) -> Response[Any]:
    # What a link opens must not outlive it in anybody's cache.
    headers = {"Cache-Control": "no-store"}
    if heard is None or heard.url is None:
        return edge.answer(202, pending_reply(), headers | {"Retry-After": "10"})
    body = {"url": heard.url, "expires_in": playing.LINK_S}
    return edge.answer(302, body, headers | {"Location": heard.url})


def _vault() -> Vault:
    vault: Vault = api.context["vault"]()
    return vault


def lambda_handler(
    event: dict[str, Any],
    context: LambdaContext,
    app: Callable[[], App] = wiring.app,
    vault: Callable[[], Vault] = recording_room.vault,
) -> dict[str, Any]:
    """Answer an API request."""
    api.append_context(vault=vault)
    return edge.handle(api, event, context, app)
