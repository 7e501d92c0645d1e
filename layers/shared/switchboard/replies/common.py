"""Shapes that more than one kind of thing is shown in."""

from typing import Annotated, TypedDict

from pydantic import Field


class Done(TypedDict):
    """It is done."""

    success: Annotated[bool, Field(examples=[True])]
    message: Annotated[str, Field(description="Says so to a person.")]
