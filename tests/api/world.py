"""What the description's examples speak of: an organization with one of everything."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from switchboard import sessions, tokens
from switchboard.app import App
from switchboard.carriers import CARRIERS
from switchboard.carriers.stock import AvailableNumber
from switchboard.errors import UnknownProvider
from switchboard.events import registering
from switchboard.model import CallStatus, Capabilities, Number, RecordingStatus
from switchboard.numbers import assigning
from switchboard.secrets import Secrets
from switchboard.store import Store
from tests import quicker
from tests.api.document import Operation
from tests.builders import (
    CALLER,
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    a_flow,
    a_number,
    a_recording,
    a_text,
    a_token,
    a_trunk,
    an_assistant,
)
from tests.builders import an_organization as organization
from tests.conftest import own_client
from tests.fakes import Books, carriers

MARK = "7Qx"
"""Stands in every name of the organization's things, so that a leak of any of them shows."""

ALL_SCOPES = ["admin"]


def settle(app: App, books: Books) -> App:
    """Fill the table, and let every carrier stand for the fake one."""
    registry = dict.fromkeys(("carrier_class", "voice_class"), named(books))
    app = replace(app, **registry, carrier_names=CARRIERS)
    books.hold(NUMBER, carrier_number_id=_line().carrier_number_id, points_here=True)
    books.for_sale = [AvailableNumber(NUMBER, "US", Capabilities(voice=True), monthly_cost="1.00")]
    _fill_as_ever(app)
    return app


_filled: list[tuple[quicker.Account, quicker.Account]] = []


def _fill_as_ever(app: App) -> None:
    """Fill the table, or bring back what it was filled with: to write it all takes long."""
    before = quicker.Account.as_it_is()
    if not _filled:
        _fill(_another(app))
        _filled.append((before, quicker.Account.as_it_is()))
    begun, filled = _filled[0]
    assert before.holds_the_same_as(begun), "the world begins with what `app` has, and no more"
    # Also for the first test: none begins with what an App has kept while it filled its table.
    filled.bring_back()


def _another(app: App) -> App:
    """Return an App on the same table that leaves this one, and its ids, as they are."""
    ids = itertools.count(8001)
    settings = app.settings
    return replace(
        app,
        store=Store(own_client("dynamodb"), settings.table_name, app.clock),
        secrets=Secrets(
            own_client("secretsmanager"),
            settings.secrets_prefix,
            settings.session_key_secret,
            app.clock,
        ),
        new_id=lambda: next(ids),
    )


def _line() -> Number:
    assistant = an_assistant(name=f"Front desk {MARK}", welcome_message=f"Hello from {MARK}")
    return a_number(
        carrier="twilio", friendly_name=f"Line {MARK}", assistant=assistant, order_key=MARK
    )


def _fill(app: App) -> None:
    for number in (ORGANIZATION, OTHER_ORGANIZATION):
        name = f"Acme {MARK}" if number == ORGANIZATION else "Other"
        app.store.add_organization(organization(id=number, name=name))
        for carrier in CARRIERS:
            app.secrets.store_carrier(number, carrier, {"key": f"secret-{MARK}"})
    line = _line()
    assert line.assistant is not None
    app.store.put_assistant(line.assistant)
    app.store.transact(app.store._put_number(line, "attribute_not_exists(pk)"))
    app.store.add_trunk(a_trunk(name=f"Trunk {MARK}"))
    _add_flow(app)
    app.store.add_token(a_token(name=f"Deployment {MARK}"))
    app.store.add_caller_id(ORGANIZATION, CALLER, "twilio")
    app.store.add_call(
        a_call(
            carrier="twilio",
            status=CallStatus.IN_PROGRESS,
            assistant_name=line.assistant.name,
            metadata={"note": MARK},
        )
    )
    _add_recording(app)
    text = a_text(body=f"Hello from {MARK}")
    app.store.add_text(text, None, "", None, text.created_at)
    registering.register(app, ORGANIZATION, "https://example.com/events")


def _add_recording(app: App) -> None:
    """Let the call have a recording that is in the bucket."""
    call = app.store.call(a_call().id)
    assert call is not None
    waiting = a_recording(carrier="twilio")
    app.store.add_recording(call, waiting, "https://example.com/recording")
    call = app.store.call(call.id)
    assert call is not None
    path = f"{ORGANIZATION}/{call.id}/{waiting.id}.mp3"
    done = replace(waiting, status=RecordingStatus.COMPLETED, path=path, size=700, problem=MARK)
    month = timedelta(days=30)
    app.store.settle_recording(call, waiting, done, "https://example.com/recording", month)


def _add_flow(app: App) -> None:
    # Not the front desk's: an assistant that a flow builds on cannot be deleted.
    base = an_assistant(id=3002, name=f"Bookings {MARK}")
    app.store.put_assistant(base)
    app.store.add_flow(a_flow(name=f"Bookings {MARK}", base_assistant_id=base.id))


def prepare(app: App, operation: Operation) -> None:
    """Let what an operation's example ends be going on."""
    if operation.name == "unassign_number_from_flow":
        assigning.bind(app, ORGANIZATION, a_flow().id, a_number().id)


def key(app: App, organization_id: int = ORGANIZATION, scopes: list[str] | None = None) -> str:
    """Return the secret of a new API key."""
    wanted = ALL_SCOPES if scopes is None else scopes
    return tokens.create(app, organization_id, "test", wanted, None)[1]


def session_token(app: App) -> str:
    """Return the token that came with the call's stream."""
    return sessions.issue(app.secrets.session_key(), a_call(carrier="twilio"))


def token(app: App, operation: Operation) -> str:
    """Return what opens an operation."""
    return key(app) if operation.wants_key else session_token(app)


def named(books: Books) -> Callable[[str], Any]:
    """Return a registry in which the fake carrier has the real ones' names."""
    fake = carriers(books)("fake")

    def find(name: str) -> Any:
        if name not in CARRIERS:
            raise UnknownProvider(f"Provider must be one of {', '.join(CARRIERS)}")
        return type(name.capitalize(), (fake,), {"name": name})

    return find
