"""The description is the code's own, valid, and covers every route that is deployed."""

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from local.openapi import document as generator
from local.openapi import pages, routes
from tests.api.document import Operation, all_operations, document, for_customers


@pytest.fixture(scope="module")
def deployed() -> list[routes.TemplateRoute]:
    return routes.template_routes(routes.template())


def test_the_committed_description_is_what_the_code_says() -> None:
    committed = generator.FILE.read_text()

    assert generator.text(generator.build()) == committed, "run `make openapi`"


def test_the_pages_are_those_of_the_description() -> None:
    committed = {file.name: file.read_text() for file in pages.FOLDER.glob("*.md")}

    assert pages.build(document()) == committed, "run `make openapi`"


def test_the_description_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_every_deployed_route_is_described_and_nothing_else(
    deployed: list[routes.TemplateRoute],
) -> None:
    described = {(op.method, routes.nameless(op.path)) for op in all_operations()}

    assert described == {route.key for route in deployed}


def test_a_key_is_asked_for_exactly_where_the_gateway_asks(
    deployed: list[routes.TemplateRoute],
) -> None:
    closed = {route.key for route in deployed if not route.is_open}

    assert {(op.method, routes.nameless(op.path)) for op in all_operations() if op.wants_key} == (
        closed
    )


def test_operations_have_names_of_their_own() -> None:
    names = [operation.name for operation in all_operations()]

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.islower() and len(name) <= 40 for name in names), names


def test_names_of_shapes_are_those_of_the_code() -> None:
    assert [name for name in document()["components"]["schemas"] if "__" in name] == []


@pytest.mark.parametrize("operation", for_customers(), ids=lambda operation: operation.name)
def test_an_operation_says_what_a_person_wants_to_know(operation: Operation) -> None:
    described = operation.described

    assert described["summary"]
    assert described["tags"] != ["Other"], "give the route tags=[…]"
    assert all(tag in generator.TAGS for tag in described["tags"])
    for parameter in described.get("parameters", ()):
        if parameter["in"] == "path":
            assert "example" in parameter, f"{parameter['name']}: add it to operations.PARAMETERS"


def test_a_route_of_the_template_that_nothing_declares_is_named() -> None:
    missing = routes.TemplateRoute(
        "get", "/api/v1/{thing}/new", "Calls", "functions.calls.app", False
    )

    with pytest.raises(generator.Problem, match=r"GET /api/v1/\{\}/new"):
        generator.compare({}, [missing])
