"""Receivers can prove that an event is ours, also while secrets change."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook

from switchboard.errors import Conflict, InvalidSettings, WebhookNotFound
from switchboard.events import receivers, registering, signing
from switchboard.events.office import Answer
from switchboard.model import Endpoint
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION
from tests.clock import START
from tests.delivery.conftest import URL
from tests.delivery.happenings import ring
from tests.delivery.post import Letter, Post

MASTER = "a-session-key-of-32-characters-x"


def is_signed_with(letter: Letter, secret: str) -> bool:
    expected = Webhook(secret).sign(letter.id, letter.at, letter.body)
    return expected in letter.headers["webhook-signature"].split()


def the_endpoint(post: Post) -> str:
    return receivers.endpoint_id(ORGANIZATION, URL)


def test_secrets_are_long_and_differ_by_receiver_and_organization(post: Post) -> None:
    found = {
        signing.secret(MASTER, receivers.receiver(post.app, organization, url))
        for organization in (ORGANIZATION, OTHER_ORGANIZATION)
        for url in (URL, URL + "?")
    }

    assert len(found) == 4
    assert all(len(base64.b64decode(it.removeprefix("whsec_"))) == 32 for it in found)


def test_after_a_rotation_both_secrets_verify_for_a_day(post: Post) -> None:
    registering.register(post.app, ORGANIZATION, URL)
    endpoint = registering.find(post.app, ORGANIZATION, the_endpoint(post))
    old, _, _ = registering.secrets_of(post.app, endpoint)

    rotated = registering.rotate(post.app, ORGANIZATION, endpoint.id)
    new, before, _ = registering.secrets_of(post.app, rotated)
    ring(post)
    post.run()

    [letter] = post.receivers.letters
    assert before == old != new
    assert is_signed_with(letter, old)
    assert is_signed_with(letter, new)

    post.clock.advance(hours=25)
    ring(post, id=2, call_sid="CA2")
    post.run()
    assert not is_signed_with(post.receivers.letters[-1], old)
    assert is_signed_with(post.receivers.letters[-1], new)
    assert registering.secrets_of(post.app, rotated)[1] is None


def test_a_secret_is_not_rotated_out_of_its_day(post: Post) -> None:
    registering.register(post.app, ORGANIZATION, URL)
    registering.rotate(post.app, ORGANIZATION, the_endpoint(post))

    with pytest.raises(Conflict, match="rotated lately"):
        registering.rotate(post.app, ORGANIZATION, the_endpoint(post))


def test_with_ed25519_the_receiver_needs_no_secret_at_all(post: Post) -> None:
    endpoint = registering.register(post.app, ORGANIZATION, URL, ed25519=True)
    _, _, public = registering.secrets_of(post.app, endpoint)
    ring(post)
    post.run()

    [letter] = post.receivers.letters
    signatures = dict(it.split(",") for it in letter.headers["webhook-signature"].split())
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(str(public).removeprefix("whpk_")))
    signed = f"{letter.id}.{letter.headers['webhook-timestamp']}.{letter.body}"
    key.verify(base64.b64decode(signatures["v1a"]), signed.encode())
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signatures["v1a"]), b"other")
    assert "v1" in signatures


def test_each_attempt_is_signed_anew_because_signatures_grow_old(post: Post) -> None:
    answers = iter([Answer(500), Answer(200)])
    post.receivers.behaviours[URL] = lambda letter: next(answers)
    ring(post)
    post.run(minutes=1)

    first, second = post.receivers.letters
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://example.com", "https://"),
        ("https://10.0.0.1/", "private"),
        ("https://a:b@example.com/", "credentials"),
        ("arn:aws:sns:eu-west-1:123456789012:topic", "ARN"),
        ("arn:aws:events:eu-west-1:123456789012:default", "event-bus"),
    ],
)
def test_a_receiver_that_may_get_nothing_is_refused(post: Post, url: str, says: str) -> None:
    with pytest.raises(InvalidSettings, match=says):
        registering.register(post.app, ORGANIZATION, url)

    assert registering.list_all(post.app, ORGANIZATION) == []


def test_queues_and_buses_are_receivers_too(post: Post) -> None:
    for arn in (
        "arn:aws:sqs:eu-west-1:123456789012:calls",
        "arn:aws:events:eu-west-1:123456789012:event-bus/calls",
    ):
        assert registering.register(post.app, ORGANIZATION, arn).url == arn


def test_an_unknown_type_is_refused(post: Post) -> None:
    with pytest.raises(InvalidSettings, match="call"):
        registering.register(post.app, ORGANIZATION, URL, ("call.started",))


def test_twenty_receivers_are_enough(post: Post) -> None:
    for n in range(20):
        registering.register(post.app, ORGANIZATION, f"{URL}/{n}")

    with pytest.raises(Conflict, match="at most 20"):
        registering.register(post.app, ORGANIZATION, URL)
    assert registering.register(post.app, ORGANIZATION, f"{URL}/3", ("number-update",)).types


def test_a_receiver_that_is_removed_keeps_its_assistants_calls(post: Post) -> None:
    endpoint = registering.register(post.app, ORGANIZATION, URL)
    registering.remove(post.app, ORGANIZATION, endpoint.id)
    ring(post)
    ring(post, id=2, call_sid="CA2", assistant_id=None)
    post.run()

    assert [letter.id for letter in post.receivers.letters] == ["evt_5001_1"]


def test_another_organizations_receiver_is_not_found(post: Post) -> None:
    endpoint = registering.register(post.app, ORGANIZATION, URL)

    with pytest.raises(WebhookNotFound):
        registering.find(post.app, OTHER_ORGANIZATION, endpoint.id)
    with pytest.raises(WebhookNotFound):
        registering.rotate(post.app, OTHER_ORGANIZATION, endpoint.id)


def test_the_overlap_is_measured_by_the_clock() -> None:
    endpoint = replace(
        Endpoint("x", ORGANIZATION, URL, START),
        key_version=2,
        previous_until=START + timedelta(hours=1),
    )

    during = signing.headers(MASTER, endpoint, "evt_1", "{}", START)
    after = signing.headers(MASTER, endpoint, "evt_1", "{}", START + timedelta(hours=1))

    assert len(during["webhook-signature"].split()) == 2
    assert len(after["webhook-signature"].split()) == 1
