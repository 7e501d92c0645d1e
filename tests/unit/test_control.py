"""Ending, transferring and annotating calls: what the carrier is asked, and what is kept."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard import calls, control
from switchboard.app import App
from switchboard.errors import (
    CallNotActive,
    CallNotFound,
    CallNotPlaced,
    CarrierError,
    CarrierUnavailable,
    DestinationNotAllowed,
    InvalidNumber,
    InvalidRequest,
    OutcomeUnknown,
    ServiceUnavailable,
)
from switchboard.model import Call, CallStatus, Direction, Lease, Limits, Spending
from switchboard.store import Place, Quota, Store, Taken
from tests.builders import (
    CALL_SID,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    an_event,
    an_organization,
)
from tests.clock import START, Clock
from tests.fakes import Books


def talking(**changes: Any) -> Call:
    return a_call(**{"status": CallStatus.IN_PROGRESS, "answered_at": START} | changes)


def stored(app: App) -> Call:
    return calls.find(app, ORGANIZATION, 5001)


# --- ending a call ---


def test_an_answered_call_that_is_ended_is_completed(app: App, books: Books, clock: Clock) -> None:
    app.store.add_call(talking())
    clock.advance(seconds=42)

    control.terminate(app, ORGANIZATION, CALL_SID)

    call = stored(app)
    assert books.hung_up == [CALL_SID]
    assert (call.status, call.duration) == (CallStatus.COMPLETED, 42)
    assert call.ended_at == START + timedelta(seconds=42)
    assert [(step.event_id, step.type) for step in call.history] == [
        ("terminate-5001", "terminate")
    ]


def test_a_call_that_still_rings_is_cancelled(app: App, books: Books) -> None:
    app.store.add_call(a_call())

    control.terminate(app, ORGANIZATION, CALL_SID)

    assert books.hung_up == [CALL_SID]
    assert (stored(app).status, stored(app).duration) == (CallStatus.CANCELLED, None)


def test_the_carriers_own_end_comes_late_and_changes_only_the_history(
    app: App, clock: Clock
) -> None:
    app.store.add_call(talking())
    clock.advance(seconds=42)
    control.terminate(app, ORGANIZATION, CALL_SID)
    ended = stored(app)

    late = an_event(
        id="hangup",
        status=CallStatus.COMPLETED,
        occurred_at=START + timedelta(seconds=43),
        duration=43,
    )
    calls.record(app, app.carrier("fake", ORGANIZATION), ORGANIZATION, late)

    after = stored(app)
    assert after.history[-1].event_id == "hangup"
    assert (after.status, after.duration, after.ended_at) == (
        CallStatus.COMPLETED,
        42,
        ended.ended_at,
    )


def test_the_second_time_it_is_over(app: App, books: Books) -> None:
    app.store.add_call(talking())
    control.terminate(app, ORGANIZATION, CALL_SID)
    ended = stored(app)

    with pytest.raises(
        CallNotActive, match=r"^Cannot terminate call - current status is 'completed'$"
    ):
        control.terminate(app, ORGANIZATION, CALL_SID)

    assert books.hung_up == [CALL_SID]
    assert stored(app) == ended


def test_a_call_that_nobody_took_has_failed_in_the_contracts_words(app: App) -> None:
    app.store.add_call(a_call(status=CallStatus.BUSY))

    with pytest.raises(CallNotActive, match="current status is 'failed'"):
        control.terminate(app, ORGANIZATION, CALL_SID)


def test_a_carrier_that_had_ended_it_already_is_no_failure(app: App, books: Books) -> None:
    app.store.add_call(talking())
    books.reply_errors = [CallNotActive("fake: the call is over")]

    assert control.terminate(app, ORGANIZATION, CALL_SID).status is CallStatus.COMPLETED


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (CarrierUnavailable("no usable answer came"), CarrierUnavailable),
        (CarrierError("error 20003"), CarrierError),
        # 202 would be read as done.
        (OutcomeUnknown("fake did not answer"), CarrierError),
    ],
)
def test_a_carrier_that_does_not_end_it_leaves_it_as_it_was(
    app: App, books: Books, error: Exception, kind: type[CarrierError]
) -> None:
    app.store.add_call(talking())
    books.reply_errors = [error]

    with pytest.raises(kind, match=f"Failed to terminate call via fake. {error}") as refusal:
        control.terminate(app, ORGANIZATION, CALL_SID)

    assert type(refusal.value) is kind
    assert refusal.value.status >= 500
    assert stored(app) == talking()
    assert control.terminate(app, ORGANIZATION, CALL_SID).status is CallStatus.COMPLETED


def test_a_call_of_another_organization_is_not_found(app: App, books: Books) -> None:
    app.store.add_call(talking())

    for known_as in (CALL_SID, "5001", "CA404", "9" * 5000):
        with pytest.raises(
            CallNotFound, match=r"^Call not found or you don't have permission to terminate it$"
        ):
            control.terminate(app, OTHER_ORGANIZATION, known_as)
    assert books.hung_up == []


@pytest.mark.parametrize("status", [CallStatus.QUEUED, CallStatus.UNKNOWN])
def test_a_call_whose_carrier_id_is_not_known_cannot_be_ended_yet(
    app: App, books: Books, status: CallStatus
) -> None:
    app.store.add_call(a_call(call_sid="", status=status))

    with pytest.raises(CallNotPlaced, match="call 5001"):
        control.terminate(app, ORGANIZATION, "5001")

    assert books.hung_up == []
    assert CallNotPlaced.status == 409


def test_our_own_id_names_a_call_too(app: App, books: Books) -> None:
    app.store.add_call(talking())

    control.terminate(app, ORGANIZATION, "5001")

    assert books.hung_up == [CALL_SID]


def test_an_ended_call_gives_its_place_and_its_money_back(app: App, clock: Clock) -> None:
    row, holder = "LIMIT#1001#concurrent_calls", f"{int(START.timestamp()) + 600}#5001"
    lease, spent = Lease(row, holder), Spending("LIMIT#1001#daily_spend_cents#2026-03-02", 50)
    place = Place("concurrent_calls", lease, 1)
    quota = Quota("daily_spend_cents", spent.row, 50, 50, START + timedelta(days=1))
    call = talking(direction=Direction.OUTBOUND, leases=(lease,), spending=spent)
    app.store.reserve_call(call, None, "", [place], [quota])
    clock.advance(seconds=30)

    control.terminate(app, ORGANIZATION, "5001")

    # There is room again for one call, and for what it put aside beyond its one minute.
    following = a_call(id=5002, call_sid="CA2", leases=(lease,))
    app.store.reserve_call(following, None, "", [place], [])
    with pytest.raises(Taken):
        app.store.reserve_call(a_call(id=5003), None, "", [], [quota])


# --- transferring ---


@pytest.mark.parametrize(
    ("to", "asked"),
    [
        ("+12125550123", "+12125550123"),
        ("sip:desk@PBX.example.com", "sip:desk@pbx.example.com"),
        ("SIPS:desk@pbx.example.com:5061", "sips:desk@pbx.example.com:5061"),
    ],
)
def test_a_call_is_put_through(app: App, books: Books, to: str, asked: str) -> None:
    app.store.add_call(talking())

    control.transfer(app, ORGANIZATION, CALL_SID, to)

    assert books.transfers == [(CALL_SID, asked)]
    assert stored(app).status is CallStatus.IN_PROGRESS
    assert [step.type for step in stored(app).history] == ["transfer"]


@pytest.mark.parametrize(
    ("to", "kind"),
    [
        ("+442079460000", DestinationNotAllowed),
        ("+19005550123", DestinationNotAllowed),
        ("sip:desk@10.0.0.1", DestinationNotAllowed),
        ("sip:desk@example.com\r\nX-Evil: 1", InvalidRequest),
        ("2125550123", InvalidNumber),
        ("", InvalidNumber),
    ],
)
def test_it_goes_only_where_a_new_call_could_go(
    app: App, books: Books, to: str, kind: type[Exception]
) -> None:
    app.store.add_call(talking())

    with pytest.raises(kind):
        control.transfer(app, ORGANIZATION, CALL_SID, to)

    assert books.transfers == []
    assert stored(app) == talking()


def test_the_organizations_own_limits_decide(app: App, books: Books) -> None:
    app.store.add_organization(an_organization(limits=Limits(allowed_countries=("GB",))))
    app.store.add_call(talking())

    control.transfer(app, ORGANIZATION, CALL_SID, "+442079460000")

    assert books.transfers == [(CALL_SID, "+442079460000")]


@pytest.mark.parametrize("status", [s for s in CallStatus if s is not CallStatus.IN_PROGRESS])
def test_only_a_call_in_progress_is_transferred(app: App, books: Books, status: CallStatus) -> None:
    app.store.add_call(a_call(status=status))

    with pytest.raises(CallNotActive, match=f"current status is '{status.value}'"):
        control.transfer(app, ORGANIZATION, CALL_SID, "+12125550123")

    assert books.transfers == []


def test_a_refused_transfer_leaves_no_step(app: App, books: Books) -> None:
    app.store.add_call(talking())
    books.reply_errors = [CarrierError("error 13224")]

    with pytest.raises(CarrierError, match="Failed to transfer call via fake"):
        control.transfer(app, ORGANIZATION, CALL_SID, "+12125550123")

    assert stored(app) == talking()


# --- notes ---


def test_notes_are_merged_and_null_removes_one(app: App) -> None:
    app.store.add_call(a_call(metadata={"a": 1, "b": {"deep": None}, "c": "x"}))

    control.update_metadata(app, ORGANIZATION, 5001, {"a": 2.5, "c": None, "d": [True]})

    assert stored(app).metadata == {"a": 2.5, "b": {"deep": None}, "d": [True]}


def test_notes_that_say_nothing_new_write_nothing(app: App) -> None:
    app.store.add_call(a_call(metadata={"a": 1}))

    control.update_metadata(app, ORGANIZATION, 5001, {"a": 1, "gone": None})

    assert stored(app).version == 1


@pytest.mark.parametrize(
    "changes", [{"a": "x" * 16_000}, {"a": float("nan")}], ids=["large", "no JSON"]
)
def test_notes_that_cannot_be_kept_change_nothing(app: App, changes: dict[str, Any]) -> None:
    app.store.add_call(a_call(metadata={"before": "y" * 500}))

    with pytest.raises(InvalidRequest, match="metadata"):
        control.update_metadata(app, ORGANIZATION, 5001, changes)

    assert stored(app).metadata == {"before": "y" * 500}


def test_notes_on_another_organizations_call_are_not_found(app: App) -> None:
    app.store.add_call(a_call())

    with pytest.raises(CallNotFound):
        control.update_metadata(app, OTHER_ORGANIZATION, 5001, {"a": 1})


class Interrupted(Store):
    """A store in which somebody else writes the call just before us, so many times."""

    def __init__(self, store: Store, times: int) -> None:
        super().__init__(store._client, store._table)
        self._times = times

    def save_call(self, before: Call, call: Call, *args: Any, **options: Any) -> None:
        """Note something else on the call first."""
        if self._times:
            self._times -= 1
            now = self.call(before.id)
            assert now
            rival = {**now.metadata, f"rival{self._times}": 1}
            super().save_call(now, a_call(metadata=rival, version=now.version))
        super().save_call(before, call, *args, **options)


def interrupted(app: App, times: int) -> App:
    return App(**{**vars(app), "store": Interrupted(app.store, times)})


def test_notes_of_two_at_once_are_all_kept(app: App) -> None:
    app.store.add_call(a_call())

    control.update_metadata(interrupted(app, 3), ORGANIZATION, 5001, {"mine": 1})

    assert stored(app).metadata == {"rival2": 1, "rival1": 1, "rival0": 1, "mine": 1}


def test_notes_on_a_call_that_never_rests_are_given_up(app: App) -> None:
    app.store.add_call(a_call())

    with pytest.raises(ServiceUnavailable):
        control.update_metadata(interrupted(app, 99), ORGANIZATION, 5001, {"mine": 1})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(noted=st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_notes_come_back_as_they_were_sent(noted: dict[str, Any]) -> None:
    from switchboard import items

    call = a_call(metadata=noted)

    assert items.call(items.fields_of(call)) == call
