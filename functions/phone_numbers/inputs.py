"""What several of the routes take."""

from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator, Field

from switchboard.ids import LAST_ID
from switchboard.request_model import RequestModel

_MOST_DIGITS = 10**15 - 1

AssistantId = Annotated[int, Path(ge=1, le=LAST_ID)]
FlowId = Annotated[int, Path(ge=1, le=LAST_ID)]
NumberId = Annotated[int, Path(ge=1, le=LAST_ID, description="The number's digits.")]
# Clients may encode the plus sign.
PhoneNumber = Annotated[str, AfterValidator(unquote), Path(description="E.164.")]


class PageQuery(RequestModel):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=1000, description="How many at most.")] = 1000
    cursor: Annotated[
        int | None,
        Field(ge=1, le=_MOST_DIGITS, description="X-Next-Cursor of the last page."),
    ] = None
