"""Round trips: counted while the functions' own code buys a number, answers and places calls."""

import json
from collections.abc import Iterator
from typing import Any

from bench.deployment import Deployment, RoundTrips, deployment
from bench.figures import Figure
from bench.runtime import ROOT
from functions.authorizer import app as authorizer
from functions.initiate_call import app as initiate_call
from functions.purchase_number import app as purchase_number
from switchboard import wiring

NUMBER = "+14155550100"
_CALLER = "+12125550199"

_PURCHASE_DYNAMODB = 4
_INBOUND_DYNAMODB = 2
# Beside the read of the API key, which every request costs: the context in one batch, the
# reservation in one transaction, how it went in another.
_OUTBOUND_DYNAMODB = 3
_DIALLING = 1
_BUYING = {"twilio": 1, "telnyx": 1, "vonage": 2}
_ANSWERING = {"twilio": 0, "telnyx": 1, "vonage": 0}
# The refused order, the search, the order: https://developers.telnyx.com/docs/numbers says that
# only numbers of a recent search can be ordered, and nothing tells beforehand.
_BUYING_AFTER_A_SEARCH = 3


def measure() -> Iterator[Figure]:
    """Yield the round trips of a purchase and of a call either way, at each carrier."""
    for carrier, budget in _BUYING.items():
        with deployment(carrier) as deployed:
            bought, answered = purchase(deployed), inbound_call(deployed)
            asked, placed = authorization(deployed), outbound_call(deployed)
        yield Figure(
            f"purchase.{carrier}.dynamodb", bought.dynamodb, "requests", _PURCHASE_DYNAMODB
        )
        yield Figure(f"purchase.{carrier}.carrier", bought.carrier, "requests", budget)
        yield Figure(
            f"inbound_call.{carrier}.dynamodb", answered.dynamodb, "requests", _INBOUND_DYNAMODB
        )
        yield Figure(
            f"inbound_call.{carrier}.carrier", answered.carrier, "requests", _ANSWERING[carrier]
        )
        yield Figure(f"inbound_call.{carrier}.secrets_cold", answered.secrets, "requests")
        yield Figure(
            f"outbound_call.{carrier}.dynamodb", placed.dynamodb, "requests", _OUTBOUND_DYNAMODB
        )
        yield Figure(f"outbound_call.{carrier}.carrier", placed.carrier, "requests", _DIALLING)
        yield Figure(f"outbound_call.{carrier}.authorizer", asked.dynamodb, "requests")
        yield Figure(f"outbound_call.{carrier}.secrets_cold", placed.secrets, "requests")
    with deployment("telnyx") as deployed:
        searched = purchase(deployed, search_first=True)
    yield Figure(
        "purchase.telnyx_search_first.carrier",
        searched.carrier,
        "requests",
        _BUYING_AFTER_A_SEARCH,
    )


def purchase(deployed: Deployment, *, search_first: bool = False) -> RoundTrips:
    """Buy a number as a client does, authorizer included; return what that took."""
    deployed.change_account(require_search=search_first)
    # The door writes down once a minute that a key is used: this was not the first use of late.
    authorized(deployed)
    event = _purchase_event(deployed)
    with deployed.meter.counting() as found:
        event["requestContext"]["authorizer"] = authorized(deployed)
        reply = purchase_number.lambda_handler(event, Context(), lambda: deployed.app)
    if reply["statusCode"] != 200:
        raise RuntimeError(f"The purchase failed: {reply['body']}")
    return found[0]


# What a carrier tells while it asks, in whatever order: it must not be counted for the question.
_BESIDE = {"vonage": ("ringing", "started")}


def inbound_call(deployed: Deployment) -> RoundTrips:
    """Ring the number from the sandbox; return what the first webhook, the ringing, took."""
    wanted = {"carrier": deployed.carrier, "from": _CALLER, "to": NUMBER, "hangup_after_s": 0.2}
    # Another function answers than the one that sold: it has read no secret yet.
    deployed.public.app = wiring.build(deployed.app.settings)
    for event in _BESIDE.get(deployed.carrier, ()):
        late = {"carrier": deployed.carrier, "operation": "webhook", "event": event}
        deployed.sandbox.post("/_/faults", json=late | {"fault": "reorder"}).raise_for_status()
    transcript = deployed.sandbox.post("/_/calls", json=wanted).raise_for_status().json()
    if transcript["outcome"] != "streamed":
        raise RuntimeError(f"The assistant was not reached: {transcript['steps']}")
    return deployed.public.seen[0]


def authorization(deployed: Deployment) -> RoundTrips:
    """Check the API key of a request, as the authorizer does before any function runs."""
    with deployed.meter.counting() as found:
        authorized(deployed)
    return found[0]


def outbound_call(deployed: Deployment) -> RoundTrips:
    """Call somebody from the number with variables; return what the function took."""
    event = example("initiate_call", deployed.carrier)
    event["body"] = json.dumps(json.loads(event["body"]) | {"from_phone_number": NUMBER})
    event["requestContext"]["authorizer"] = authorized(deployed)
    # Another function calls than the one that sold: it has read no secret yet.
    app = wiring.build(deployed.app.settings)
    # The call's own webhooks wait: what they take is counted as theirs.
    with deployed.public.one_at_a_time, deployed.meter.counting() as found:
        reply = initiate_call.lambda_handler(event, Context(), lambda: app)
    if reply["statusCode"] != 200:
        raise RuntimeError(f"The call was not placed: {reply['body']}")
    _await_end(deployed, json.loads(reply["body"])["call_sid"])
    return found[0]


def _await_end(deployed: Deployment, call_sid: str) -> None:
    # Its last webhook must not be under way when the deployment is taken down.
    reply = deployed.sandbox.get(f"/_/calls/{call_sid}", params={"wait": "true"})
    status = reply.raise_for_status().json()["status"]
    if status != "completed":
        raise RuntimeError(f"The call that was placed ended as {status}")


def authorized(deployed: Deployment) -> dict[str, Any]:
    """Return what the authorizer tells a function of the deployment's token."""
    asked = {"authorizationToken": f"Bearer {deployed.token}", "methodArn": "arn:bench"}
    policy = authorizer.lambda_handler(asked, None, lambda: deployed.app)
    context: dict[str, Any] = policy["context"]
    return context


def _purchase_event(deployed: Deployment) -> dict[str, Any]:
    event = example("purchase_number", deployed.carrier)
    body = {
        "phone_number": NUMBER,
        "provider": deployed.carrier,
        "assistant_id": deployed.assistant_id,
    }
    return event | {"body": json.dumps(body)}


def example(function: str, name: str) -> dict[str, Any]:
    """Return one of the events that API Gateway makes: `events/<function>/<name>.json`."""
    text = (ROOT / "events" / function / f"{name}.json").read_text()
    event: dict[str, Any] = json.loads(text)
    return event


class Context:
    """What Lambda tells a function of its run."""

    function_name = "bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:bench"
    aws_request_id = "bench"
