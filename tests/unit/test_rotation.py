"""Secrets are replaced without an interruption, and a forgery cannot make us forget one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from switchboard import recording_links, rotation, sessions
from switchboard.app import App
from switchboard.errors import Conflict, NotFound, Unauthorized
from switchboard.model import TrunkSecrets
from switchboard.secrets import Secrets
from tests.builders import ORGANIZATION, a_call
from tests.clock import START, Clock
from tests.conftest import SETTINGS

DAY = timedelta(hours=24)
OLD = {"key": "an-old-secret", "application": "A1"}
NEW = {"key": "a-new-secret", "application": "A1"}


def changed(before: dict[str, Any], after: dict[str, Any], **span: float) -> dict[str, Any]:
    return rotation.rotated(before, after, "key", START + timedelta(**span), START)


def test_the_secret_before_counts_until_its_time_is_over() -> None:
    kept = changed(OLD, NEW, hours=24)

    assert kept["key"] == NEW["key"]
    before = rotation.former(kept, "key", START + DAY - timedelta(seconds=1))
    assert before is not None
    assert before["key"] == OLD["key"]
    assert rotation.former(kept, "key", START + DAY) is None


def test_without_an_overlap_nothing_is_kept() -> None:
    assert changed(OLD, NEW, hours=0) == NEW
    # Also not what an earlier change has kept.
    assert changed(changed(OLD, NEW, hours=24), NEW, hours=0) == NEW


def test_a_change_of_something_else_keeps_what_was_kept() -> None:
    kept = changed(OLD, NEW, hours=24)

    again = changed(kept, NEW | {"application": "A2"}, hours=48)

    assert again[rotation.FORMER] == kept[rotation.FORMER]


def test_a_first_secret_has_none_before_it() -> None:
    assert changed({}, NEW, hours=24) == NEW
    assert rotation.former(NEW, "key", START) is None


# --- what a container keeps ---


@pytest.fixture
def elsewhere(app: App, clock: Clock) -> Secrets:
    """Another container, which has read nothing yet."""
    client = boto3.client("secretsmanager")
    return Secrets(client, SETTINGS.secrets_prefix, SETTINGS.session_key_secret, clock)


def test_what_was_rotated_elsewhere_is_found_when_asked_for(
    app: App, elsewhere: Secrets, clock: Clock
) -> None:
    app.secrets.carrier(ORGANIZATION, "fake")
    elsewhere.store_carrier(ORGANIZATION, "fake", NEW)
    clock.advance(seconds=10)

    assert app.secrets.renewed_carrier(ORGANIZATION, "fake") == NEW
    assert app.secrets.carrier(ORGANIZATION, "fake") == NEW


def test_who_forges_cannot_have_the_secret_store_asked_without_end(app: App, clock: Clock) -> None:
    app.secrets.carrier(ORGANIZATION, "fake")
    asked: list[str] = []
    app.secrets._client.meta.events.register(
        "before-call.secretsmanager", lambda model, **_: asked.append(model.name)
    )

    for _ in range(100):
        clock.advance(seconds=1)
        app.secrets.renewed_carrier(ORGANIZATION, "fake")

    assert len(asked) == 10


def test_a_forgery_while_the_secret_store_is_away_does_not_make_us_forget(
    app: App, clock: Clock
) -> None:
    known = app.secrets.carrier(ORGANIZATION, "fake")
    app.secrets.store_trunk(ORGANIZATION, "t-1", TrunkSecrets("", "swbr_1"))
    app.secrets.trunk(ORGANIZATION, "t-1")
    clock.advance(seconds=10)

    with Stubber(app.secrets._client) as broken:
        for _ in range(2):
            broken.add_client_error("get_secret_value", "InternalServiceError")
        assert app.secrets.renewed_carrier(ORGANIZATION, "fake") is None
        assert app.secrets.renewed_trunk(ORGANIZATION, "t-1") is None
        # No request: none is left that the stub would answer.
        assert app.secrets.carrier(ORGANIZATION, "fake") == known
        assert app.secrets.trunk(ORGANIZATION, "t-1") == TrunkSecrets("", "swbr_1")


# --- the deployment's own key ---


def checked(secrets: Secrets, token: str) -> None:
    secrets.of_session_keys(lambda key: sessions.check(key, token, a_call().id, START))


def test_a_token_of_the_key_before_opens_its_session(app: App, elsewhere: Secrets) -> None:
    token = sessions.issue(app.secrets.session_key(), a_call())

    until = elsewhere.rotate_session_key("another-key-of-32-characters-xyz")

    assert until == START + DAY
    # Both here, where the old key is still kept, and where only the new one is known.
    checked(app.secrets, token)
    checked(elsewhere, token)


def test_a_token_of_the_new_key_is_known_where_the_old_one_is_kept(
    app: App, elsewhere: Secrets, clock: Clock
) -> None:
    app.secrets.session_key()
    elsewhere.rotate_session_key("another-key-of-32-characters-xyz")
    clock.advance(seconds=10)

    checked(app.secrets, sessions.issue(elsewhere.session_key(), a_call()))


def test_a_day_later_the_key_before_opens_nothing(
    app: App, elsewhere: Secrets, clock: Clock
) -> None:
    old = app.secrets.session_key()
    elsewhere.rotate_session_key("another-key-of-32-characters-xyz")
    # AWS, also in memory, says by its own clock when the version was made.
    clock.now = datetime.now(UTC) + DAY

    assert elsewhere.session_keys() == ["another-key-of-32-characters-xyz"]
    with pytest.raises(Unauthorized):
        elsewhere.of_session_keys(
            lambda key: sessions.check(key, sessions.issue(old, a_call()), a_call().id, START)
        )


def test_no_other_key_opens_anything(app: App) -> None:
    forged = sessions.issue("a-key-that-somebody-thought-of-xx", a_call())

    with pytest.raises(Unauthorized):
        checked(app.secrets, forged)


def test_links_to_recordings_outlive_a_rotation_by_a_day(app: App, elsewhere: Secrets) -> None:
    url = recording_links.link(app.secrets.session_key(), "https://x", 9001, START)
    token = url.rpartition("/")[2]

    elsewhere.rotate_session_key("another-key-of-32-characters-xyz")

    assert elsewhere.of_session_keys(lambda key: recording_links.call_of(key, token, START)) == 9001
    with pytest.raises(NotFound):
        elsewhere.of_session_keys(lambda key: recording_links.call_of(key, "x.y.z", START))


def test_a_key_is_not_rotated_again_while_the_one_before_counts(elsewhere: Secrets) -> None:
    elsewhere.rotate_session_key("another-key-of-32-characters-xyz")

    with pytest.raises(Conflict, match="within the last day"):
        elsewhere.rotate_session_key("a-third-key-of-32-characters-xyz")

    assert elsewhere.session_keys()[0] == "another-key-of-32-characters-xyz"


def test_both_keys_sign_for_a_day(elsewhere: Secrets) -> None:
    old = elsewhere.session_key()

    elsewhere.rotate_session_key("another-key-of-32-characters-xyz")

    assert elsewhere.session_keys() == ["another-key-of-32-characters-xyz", old]
