"""Whatever happens to a call or a number is told to whoever shall know, once at least."""



from switchboard import calls
from switchboard.events import receivers, signing
from switchboard.model import CallStatus
from tests.builders import ORGANIZATION, a_call, an_event
from tests.delivery.conftest import URL
from tests.delivery.post import Post


def secret(post: Post, url: str = URL) -> str:
    endpoint = receivers.receiver(post.app, ORGANIZATION, url)
    return signing.secret(post.app.secrets.session_key(), endpoint)


def ring(post: Post) -> None:
    post.app.store.add_call(a_call())


def happen(post: Post, status: CallStatus, name: str) -> None:
    voice = post.app.voice("fake", ORGANIZATION)
    event = an_event(id=name, type=name, status=status, occurred_at=post.clock())
    calls.record(post.app, voice, ORGANIZATION, event)


def test_each_change_of_a_calls_state_arrives_in_order_and_numbered_without_gaps(
    post: Post,
) -> None:
    ring(post)
    happen(post, CallStatus.IN_PROGRESS, "answered")
    post.clock.advance(seconds=61)
    happen(post, CallStatus.COMPLETED, "completed")

    post.run(minutes=2)

    told = [letter.json for letter in post.receivers.at(URL)]
    assert [(it["sequence"], it["message"]["type"]) for it in told] == [
        (1, "status-update"),
        (2, "status-update"),
        (3, "status-update"),
        (4, "end-of-call-report"),
    ]
    assert [it["message"].get("status") for it in told[:3]] == [
        "ringing",
        "in-progress",
        "completed",
    ]
    assert told[3]["message"]["durationSeconds"] == 61
