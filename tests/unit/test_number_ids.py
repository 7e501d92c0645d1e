"""The id of a number is the number itself."""

import pytest

from switchboard import items
from switchboard.app import App
from switchboard.model import E164
from switchboard.numbers import purchasing
from switchboard.store.table import plain, serialized
from tests.builders import NUMBER, ORGANIZATION, a_number, a_purchase

JSON_HOLDS = 2**53


@pytest.mark.parametrize("phone_number", ["+1234567", "+14155550100", "+999999999999999"])
def test_the_number_follows_from_its_id(phone_number: str) -> None:
    number = a_number(phone_number=E164(phone_number))

    assert f"+{number.id}" == phone_number
    assert number.id < JSON_HOLDS


def test_a_number_that_was_bought_has_its_digits_as_id(app: App) -> None:
    purchasing.purchase(app, ORGANIZATION, a_purchase())

    bought = app.store.number(NUMBER)

    assert bought
    assert bought.id == 14155550100


def test_a_row_with_an_id_of_its_own_is_still_read() -> None:
    row = plain(serialized(items.fields_of(a_number()) | {"id": 4001}))

    assert items.number(row) == a_number()
    assert items.number(row).id == 14155550100
