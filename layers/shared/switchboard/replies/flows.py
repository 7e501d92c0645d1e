"""Flows as the API shows them."""

from typing import Annotated, Any, TypedDict

from pydantic import Field

from ..directory import graphs
from ..model import ConversationFlow

_Time = Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]


class FlowReply(TypedDict):
    """A flow: a conversation graph with a base assistant."""

    id: Annotated[int, Field(examples=[6001])]
    organization_id: Annotated[int, Field(examples=[1001])]
    base_assistant_id: Annotated[
        int, Field(description="The assistant that gives it voice and tools.", examples=[3001])
    ]
    name: Annotated[str, Field(examples=["Bookings"])]
    graph: Annotated[
        dict[str, Any],
        Field(
            examples=[
                {"begin_node": "start", "nodes": {"start": {"type": "conversation", "prompt": "…"}}}
            ]
        ),
    ]
    is_active: Annotated[bool, Field(examples=[True])]
    created_at: _Time
    updated_at: _Time
    version: Annotated[int, Field(description="Counts the changes.", examples=[1])]
    warnings: Annotated[
        list[str], Field(description="What in the graph can run and is hardly meant so.")
    ]


def flow_reply(flow: ConversationFlow) -> FlowReply:
    """Return a flow as the contract shows it, with what looks like a mistake in its graph."""
    return {
        "id": flow.id,
        "organization_id": flow.organization_id,
        "base_assistant_id": flow.base_assistant_id,
        "name": flow.name,
        "graph": flow.graph,
        "is_active": flow.is_active,
        "created_at": flow.created_at.isoformat(),
        "updated_at": flow.updated_at.isoformat(),
        "version": flow.version,
        "warnings": graphs.warnings(flow.graph),
    }
