"""Every error that a carrier documents becomes one of ours, and its words are kept."""

import json

import pytest

from switchboard import errors
from switchboard.carriers import CARRIERS
from switchboard.model import NumberOrder
from tests.carriers.conftest import Connect
from tests.carriers.lab import Lab
from tests.carriers.signing import data


@pytest.mark.parametrize("name", CARRIERS)
def test_documented_errors_of_a_purchase(
    name: str, lab: Lab, connect: Connect, order: NumberOrder
) -> None:
    subject = connect(name)
    wrong = []
    for error in data(name, "errors"):
        lab.answer_instead(error["status"], json.dumps(error["body"]))
        kind = getattr(errors, error["is"])
        with pytest.raises(errors.SwitchboardError) as caught:
            subject.carrier.buy(order)
        if type(caught.value) is not kind:
            wrong.append((error, type(caught.value).__name__))
        assert order.phone_number in str(caught.value)
        if kind is not errors.OutcomeUnknown:
            assert _words(error["body"]) in str(caught.value)
    assert wrong == []


def _words(body: dict[str, object]) -> str:
    match body:
        case {"error-code-label": str(words)} | {"detail": str(words)} | {"message": str(words)}:
            return words.rstrip(".")
        case {"errors": [{"detail": words}]}:
            return str(words).rstrip(".")
    return ""
