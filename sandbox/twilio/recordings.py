"""Twilio's recordings: begun by <Start><Recording>, told of when the call is over, fetched."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sandbox import ids, recordings
from sandbox.twilio.call import TwilioCall
from sandbox.twilio.rest import API_VERSION, not_found
from sandbox.twilio.voice_webhooks import VoiceWebhooks
from sandbox.wire import Asked, Refused, Reply


@dataclass
class Recording:
    """One recording that TwiML asked for."""

    sid: str
    url: str
    method: str
    channels: str
    track: str
    started_at: str


def begin(call: TwilioCall, verb: Element) -> None:
    """Obey <Start><Recording>."""
    wanted = verb.find("Recording")
    if wanted is None:
        call.note("verb_passed", "<Start> without <Recording> is not played here")
        return
    call.recording = Recording(
        ids.sid("RE"),
        wanted.get("recordingStatusCallback", ""),
        wanted.get("recordingStatusCallbackMethod", "POST"),
        "2" if wanted.get("channels") == "dual" else "1",
        wanted.get("track", "both"),
        ids.rfc2822(),
    )
    call.note("recording", "The call is recorded from here on", sid=call.recording.sid)


def report(call: TwilioCall, hooks: VoiceWebhooks) -> None:
    """Tell that the file is there, if there is one and somebody wants to know."""
    made = call.recording
    if not isinstance(made, Recording) or not made.url:
        return
    account = f"https://api.twilio.com/{API_VERSION}/Accounts/{call.account}"
    params = hooks.identity() | {
        "RecordingSid": made.sid,
        "RecordingUrl": f"{account}/Recordings/{made.sid}",
        "RecordingStatus": "completed",
        "RecordingDuration": str(call.duration_s),
        "RecordingChannels": made.channels,
        "RecordingSource": "StartCallRecordingTwiML",
        "RecordingTrack": made.track,
        "RecordingStartTime": made.started_at,
    }
    hooks.tell("recording", made.url, made.method, params)


def media(asked: Asked) -> Reply:
    """Send the file; 404 while it is not there."""
    sid = asked.path["sid"]
    for call in asked.world.calls.values():
        made = getattr(call, "recording", None)
        mine = call.account == asked.account.id and isinstance(made, Recording)
        if mine and made.sid == sid and recordings.is_there(asked.world, call):
            return Reply(200, recordings.SOUND, {"content-type": "audio/mpeg"})
    raise Refused(not_found(f"/{API_VERSION}/Accounts/{asked.account.id}/Recordings/{sid}.mp3"))
