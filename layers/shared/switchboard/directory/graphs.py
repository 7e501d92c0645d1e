"""Conversation graphs: what a media runtime can run, and what in one looks like a mistake.

    {"begin_node": "greet", "global_prompt": "…", "nodes": {"greet": {"type": "conversation",
     "prompt": "…", "transitions": [{"kind": "prompt", "to": "book", "when": "…"}]}}}

What else a graph holds is the runtime's affair and kept as it came.
"""

import json
from typing import Any

from ..errors import InvalidSettings

type Graph = dict[str, Any]
type Node = dict[str, Any]

_MOST_BYTES = 60 * 1024
_MOST_NODES = 500
_MOST_TRANSITIONS = 100


def starter() -> Graph:
    """Return the graph of a flow for which none was given: one node."""
    prompt = "Greet the caller, and help with what they ask for."
    return {
        "begin_node": "start",
        "nodes": {"start": {"type": "conversation", "prompt": prompt, "transitions": []}},
    }


def checked(graph: Graph) -> Graph:
    """Return a graph that can be run; raise InvalidSettings, which names what is wrong."""
    if len(_text(graph)) > _MOST_BYTES:
        raise InvalidSettings(f"A graph has at most {_MOST_BYTES // 1024} KB")
    nodes = _nodes(graph)
    begin = graph.get("begin_node")
    if not isinstance(begin, str) or begin not in nodes:
        raise InvalidSettings(f"graph.begin_node: there is no node {str(begin)[:100]!r}")
    if not isinstance(graph.get("global_prompt"), str | None):
        raise InvalidSettings("graph.global_prompt is a text")
    for name, node in nodes.items():
        _check_node(name, node, nodes)
    return graph


def warnings(graph: Graph) -> list[str]:
    """Return what can be run and is hardly meant so, for a person to read."""
    nodes = _nodes(graph)
    reached, left = set(), [graph["begin_node"]]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += [transition["to"] for transition in _transitions(name, nodes[name])]
    lost = [f"No transition leads to node {name!r}" for name in nodes if name not in reached]
    dumb = [f"Node {name!r} has no prompt" for name, it in nodes.items() if not it.get("prompt")]
    return lost + dumb


def _text(graph: Graph) -> str:
    try:
        return json.dumps(graph, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise InvalidSettings("graph is nested too deeply, or holds NaN or Infinity") from error


def _nodes(graph: Graph) -> dict[str, Node]:
    nodes = graph.get("nodes")
    if not isinstance(nodes, dict) or not nodes:
        raise InvalidSettings("graph.nodes names at least one node")
    if len(nodes) > _MOST_NODES:
        raise InvalidSettings(f"graph.nodes has at most {_MOST_NODES} nodes")
    return nodes


def _check_node(name: str, node: Any, nodes: dict[str, Node]) -> None:
    if not isinstance(node, dict):
        raise InvalidSettings(f"Node {name!r} is not an object")
    if not isinstance(node.get("prompt"), str | None):
        raise InvalidSettings(f"Node {name!r}: its prompt is a text")
    for transition in _transitions(name, node):
        if transition["to"] not in nodes:
            raise InvalidSettings(f"Node {name!r}: there is no node {transition['to']!r} to go to")


def _transitions(name: str, node: Node) -> list[dict[str, Any]]:
    transitions = node.get("transitions")
    if transitions is None:
        return []
    if not isinstance(transitions, list) or len(transitions) > _MOST_TRANSITIONS:
        raise InvalidSettings(
            f"Node {name!r}: transitions is a list of at most {_MOST_TRANSITIONS}"
        )
    if not all(isinstance(it, dict) and isinstance(it.get("to"), str) for it in transitions):
        raise InvalidSettings(f"Node {name!r}: each transition says where it leads: to")
    return transitions
