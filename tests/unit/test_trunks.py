"""SIP trunks: names, secrets apart from rows, and what a run that dies leaves behind."""

from dataclasses import replace
from typing import Any

import boto3
import pytest

from switchboard import trunks
from switchboard.app import App
from switchboard.errors import (
    Conflict,
    DestinationNotAllowed,
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    TrunkInUse,
)
from switchboard.model import Bridge, SipTrunk, TrunkSecrets
from switchboard.secrets import Secrets
from tests.builders import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_number,
    an_order,
    an_organization,
)
from tests.clock import Clock
from tests.conftest import SETTINGS

GIVEN = {
    "name": "Office",
    "gateway": "sip.example.com:5060",
    "username": "acme",
    "password": "correct horse battery",
}
OWN = {"name": "Own", "bridge": "own", "bridge_url": "https://bridge.example.com/calls"}


class FailingSecrets(Secrets):
    """A secret store that fails as it is told."""

    def __init__(self, clock: Clock, failure: BaseException) -> None:
        client = boto3.client("secretsmanager")
        super().__init__(client, SETTINGS.secrets_prefix, SETTINGS.session_key_secret, clock)
        self._failure = failure

    def store_trunk(self, *_: Any) -> None:
        raise self._failure

    def forget_trunk(self, *_: Any) -> None:
        raise self._failure


def made(app: App, **given: Any) -> SipTrunk:
    """Return a new trunk."""
    return trunks.create(app, ORGANIZATION, GIVEN | given).trunk


def change(app: App, trunk: SipTrunk, **given: Any) -> SipTrunk:
    """Change a trunk and return it."""
    return trunks.change(app, ORGANIZATION, trunk.id, given).trunk


def stored(app: App, trunk: SipTrunk) -> TrunkSecrets:
    """Return what Secrets Manager holds of a trunk now."""
    return app.secrets.trunk(ORGANIZATION, trunk.id, now=True)


def secret_names() -> list[str]:
    """Return the names of all trunks' secrets."""
    listed = boto3.client("secretsmanager").list_secrets()["SecretList"]
    return [it["Name"] for it in listed if "sip-trunk" in it["Name"]]


def test_a_trunk_keeps_its_password_outside_the_table(app: App) -> None:
    trunk = made(app)

    assert trunk.enabled
    assert trunk.password_hint == "…tery"
    assert trunks.find(app, ORGANIZATION, trunk.id) == trunk
    assert stored(app, trunk).password == "correct horse battery"
    table = boto3.client("dynamodb").scan(TableName=SETTINGS.table_name)
    assert "horse" not in str(table)


def test_a_trunk_that_knows_callers_by_their_address_has_no_secret(app: App) -> None:
    trunk = made(app, username="", password="")

    assert not trunk.has_password
    assert secret_names() == []


def test_the_trunk_of_an_own_bridge_shows_its_signing_secret_once(app: App) -> None:
    new = trunks.create(app, ORGANIZATION, GIVEN | OWN)

    assert new.signing_secret
    assert new.signing_secret == stored(app, new.trunk).signing_secret
    again = trunks.change(app, ORGANIZATION, new.trunk.id, {"priority": 2})
    assert again.signing_secret is None
    rotated = trunks.change(app, ORGANIZATION, new.trunk.id, {"rotate_signing_secret": True})
    assert rotated.signing_secret not in (None, new.signing_secret)
    kept = {"value": new.signing_secret, "until": "2026-03-03T09:00:00+00:00"}
    assert stored(app, new.trunk) == TrunkSecrets(
        "correct horse battery", rotated.signing_secret, kept
    )


def test_lower_priorities_come_first(app: App, clock: Clock) -> None:
    for name, priority in (("C", 5), ("A", 1), ("B", 5)):
        made(app, name=name, priority=priority)
        clock.advance(seconds=1)

    assert [it.name for it in app.store.trunks(ORGANIZATION)] == ["A", "C", "B"]


def test_a_name_is_taken_whatever_its_capitals(app: App) -> None:
    first = made(app)

    with pytest.raises(InvalidRequest, match="exists already"):
        made(app, name="OFFICE")
    other = made(app, name="Shop")
    with pytest.raises(InvalidRequest, match="exists already"):
        change(app, other, name="office")

    change(app, first, name="Attic")
    assert change(app, other, name="office").name == "office"
    assert change(app, other, name="Office").name == "Office"
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    assert trunks.create(app, OTHER_ORGANIZATION, GIVEN).trunk.name == "Office"


def test_another_organizations_trunk_is_not_found(app: App) -> None:
    trunk = made(app)

    for use in (trunks.find, trunks.delete):
        with pytest.raises(NotFound):
            use(app, OTHER_ORGANIZATION, trunk.id)
    with pytest.raises(NotFound):
        trunks.change(app, OTHER_ORGANIZATION, trunk.id, {"enabled": False})
    assert trunks.find(app, ORGANIZATION, trunk.id).enabled


@pytest.mark.parametrize(
    "gateway",
    ["", "sip:example.com", "a@b.example.com", "example.com:0", "example.com;maddr=1.2.3.4", "x y"],
)
def test_what_is_no_gateway_is_refused(app: App, gateway: str) -> None:
    with pytest.raises(InvalidRequest):
        made(app, gateway=gateway)
    assert app.store.trunks(ORGANIZATION) == []


def test_only_an_own_bridge_may_know_private_addresses(app: App) -> None:
    with pytest.raises(DestinationNotAllowed):
        made(app, gateway="10.0.0.5")

    trunk = made(app, gateway="10.0.0.5:5060", **OWN)

    assert trunk.gateway == "10.0.0.5:5060"
    with pytest.raises(DestinationNotAllowed):
        change(app, trunk, bridge="twilio")


def test_a_bridge_without_tls_is_the_local_stacks_only(app: App) -> None:
    settings = replace(app.settings, event_urls_allowed=("http://127.0.0.1:4100",))
    local = replace(app, settings=settings)
    url = "http://127.0.0.1:4100/bridge/1"

    assert made(local, bridge="own", bridge_url=url).bridge_url == url
    with pytest.raises(InvalidRequest):
        made(local, name="Other", bridge="own", bridge_url="http://127.0.0.1:41000/bridge/1")
    with pytest.raises(InvalidRequest):
        made(app, name="Other", bridge="own", bridge_url=url)


def test_a_bridge_url_is_for_own_bridges_and_they_need_one(app: App) -> None:
    with pytest.raises(InvalidRequest, match="needs a bridge_url"):
        made(app, bridge="own")
    with pytest.raises(InvalidRequest, match="bridge 'own' only"):
        made(app, bridge_url="https://bridge.example.com/")
    with pytest.raises(InvalidRequest):
        made(app, bridge="own", bridge_url="http://bridge.example.com/")


def test_a_carriers_bridge_takes_the_place_of_an_own_one_with_its_secret(app: App) -> None:
    trunk = made(app, **OWN)

    changed = change(app, trunk, bridge="telnyx")

    assert (changed.bridge, changed.bridge_url) == (Bridge.TELNYX, None)
    assert changed.signing_secret_hint is None
    assert stored(app, trunk) == TrunkSecrets("correct horse battery", "")


def test_the_only_account_that_is_connected_is_the_usual_bridge(app: App) -> None:
    organization = app.store.organization(ORGANIZATION)
    assert organization
    app.store.show_connected(organization, "telnyx", {"api_key": "…"})

    assert made(app).bridge is Bridge.TELNYX


def test_a_password_that_comes_back_as_it_is_shown_stays(app: App) -> None:
    trunk = made(app)

    change(app, trunk, password="…tery", username="acme2")
    assert stored(app, trunk).password == "correct horse battery"

    assert change(app, trunk, password="another long password").password_hint == "…word"
    assert stored(app, trunk).password == "another long password"

    assert not change(app, trunk, password="").has_password
    assert stored(app, trunk).password == ""


def test_a_change_of_nothing_writes_nothing(app: App) -> None:
    trunk = made(app)

    assert change(app, trunk, enabled=True) == trunk


def test_a_trunk_that_numbers_use_is_not_deleted(app: App) -> None:
    trunk = made(app)
    number = a_number(sip_trunk_id=trunk.id)
    app.store.claim(an_order(), number)

    with pytest.raises(TrunkInUse, match="4155550100"):
        trunks.delete(app, ORGANIZATION, trunk.id)

    assert trunks.find(app, ORGANIZATION, trunk.id) == trunk
    assert stored(app, trunk).password


def test_a_deleted_trunk_leaves_nothing(app: App) -> None:
    trunk = made(app)

    trunks.delete(app, ORGANIZATION, trunk.id)

    assert app.store.trunks(ORGANIZATION) == []
    assert secret_names() == []
    with pytest.raises(NotFound):
        trunks.delete(app, ORGANIZATION, trunk.id)
    made(app)


@pytest.mark.parametrize("failure", [SystemExit(), ServiceUnavailable("away")])
def test_deleting_again_finishes_what_a_dead_run_began(
    app: App, clock: Clock, failure: BaseException
) -> None:
    trunk = made(app)
    with pytest.raises(type(failure)):
        trunks.delete(replace(app, secrets=FailingSecrets(clock, failure)), ORGANIZATION, trunk.id)
    # Nothing uses it any more, but what must still be deleted is known.
    assert app.store.trunks(ORGANIZATION) == []
    assert len(secret_names()) == 1

    trunks.delete(app, ORGANIZATION, trunk.id)

    assert secret_names() == []


def test_whoever_dies_while_making_a_trunk_leaves_one_that_is_seen_and_off(
    app: App, clock: Clock
) -> None:
    with pytest.raises(SystemExit):
        made(replace(app, secrets=FailingSecrets(clock, SystemExit())))

    (left,) = app.store.trunks(ORGANIZATION)
    assert (left.enabled, left.has_password) == (False, False)
    mended = change(app, left, password="correct horse battery", enabled=True)
    assert (mended.enabled, mended.has_password) == (True, True)


def test_a_trunk_whose_secret_cannot_be_stored_is_not_made(app: App, clock: Clock) -> None:
    class Refusing(FailingSecrets):
        def forget_trunk(self, *_: Any) -> None:
            """Nothing was stored."""

    failing = Refusing(clock, ServiceUnavailable("no permission"))
    with pytest.raises(ServiceUnavailable):
        made(replace(app, secrets=failing))

    assert app.store.trunks(ORGANIZATION) == []
    made(app)


def test_two_who_change_secrets_at_once_do_not_lose_one(app: App, clock: Clock) -> None:
    trunk = made(app, **OWN)

    with (
        app.store.lease(f"trunk-{trunk.id}", clock(), 30),
        pytest.raises(Conflict, match="being changed by others"),
    ):
        change(app, trunk, password="another long password")

    assert stored(app, trunk).password == "correct horse battery"
