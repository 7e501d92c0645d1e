"""Numbers for sale, and the countries that have some."""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import Field, StrictInt, StrictStr, StringConstraints

from switchboard import description, edge
from switchboard.carriers.stock import NumberSearch
from switchboard.errors import InvalidNumber, UnknownProvider
from switchboard.numbers import searching
from switchboard.replies.searches import CountriesReply, SearchReply, search_reply
from switchboard.request_model import RequestModel

api = APIGatewayRouter()

_TAGS = ["Phone numbers"]
SEARCHED = description.replies(SearchReply, UnknownProvider, InvalidNumber, *description.CARRIER)
COUNTRIES = description.replies(CountriesReply, UnknownProvider, *description.CARRIER)

Provider = Annotated[StrictStr, Field(description="twilio, telnyx or vonage.", max_length=20)]
Place = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class SearchBody(RequestModel):
    """Which numbers to look for: those that match everything that is set."""

    country_code: Annotated[
        StrictStr,
        Field(pattern="^[A-Za-z]{2}$", description="ISO 3166.", examples=["US"]),
    ] = "US"
    number_type: Literal["local", "toll_free", "mobile"] = "local"
    area_code: Annotated[StrictStr | None, Field(pattern=r"^\d{1,5}$", examples=["415"])] = None
    contains: Annotated[
        StrictStr | None,
        Field(
            pattern="^[+]?[0-9A-Za-z]{2,15}$",
            description="Digits, or letters as on a telephone's keys, anywhere in the number.",
            examples=["555"],
        ),
    ] = None
    locality: Annotated[Place | None, Field(description="A town.")] = None
    region: Annotated[Place | None, Field(description="A state or province, such as CA.")] = None
    limit: Annotated[StrictInt, Field(ge=1, le=50)] = 10
    provider: Provider = "telnyx"


@api.post("/api/v1/phone-numbers/search", responses=SEARCHED, tags=_TAGS)
@api.post("/phone-numbers/search", responses=SEARCHED, tags=_TAGS)
def search_numbers(body: Annotated[SearchBody, Body()]) -> Response[Any]:
    """Look for numbers to buy. Nothing is reserved, and no filter is widened."""
    organization_id = edge.authorized(api, "numbers:read")
    asked = body.model_dump(exclude={"provider"})
    wanted = NumberSearch(**asked | {"country_code": body.country_code.upper()})
    app = edge.current_app(api)
    found = searching.search(app, organization_id, body.provider, wanted)
    return edge.answer(200, search_reply(body.provider, found))


@api.get("/api/v1/phone-numbers/countries", responses=COUNTRIES, tags=_TAGS)
@api.get("/phone-numbers/countries", responses=COUNTRIES, tags=_TAGS)
def list_countries(provider: Annotated[Provider, Query()] = "telnyx") -> Response[Any]:
    """List the countries in which numbers are for sale, renewed once a day."""
    organization_id = edge.authorized(api, "numbers:read")
    codes = searching.countries(edge.current_app(api), organization_id, provider)
    return edge.answer(200, {"success": True, "country_codes": codes, "provider": provider})
