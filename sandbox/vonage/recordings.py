"""Vonage's files of recordings: sent to the application whose call it was."""

from sandbox import recordings
from sandbox.vonage.call import VonageCall
from sandbox.vonage.rest import not_found
from sandbox.vonage.voice_api import application_of
from sandbox.wire import Asked, Refused, Reply


def media(asked: Asked) -> Reply:
    """Send the file; 404 while it is not there."""
    application, wanted = application_of(asked), asked.path["id"]
    calls = [it for it in asked.world.calls.values() if isinstance(it, VonageCall)]
    for call in calls:
        mine = call.application_id == application.id and wanted in call.recordings
        if mine and recordings.is_there(asked.world, call):
            return Reply(200, recordings.SOUND, {"content-type": "audio/mpeg"})
    raise Refused(not_found())
