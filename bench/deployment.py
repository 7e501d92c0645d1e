"""A deployment whose requests are counted: our functions in this process, the sandbox, moto."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import sandbox.app
from bench.runtime import ROOT
from bench.serving import served
from switchboard import accounts, tokens, webhook_edge, wiring
from switchboard.app import App
from switchboard.carriers import CARRIERS
from switchboard.directory import assistants, organizations
from switchboard.settings import Settings

_TABLE = "switchboard-bench"
_SESSION_KEY = "switchboard/bench/session-key"


@dataclass(frozen=True)
class RoundTrips:
    """How many requests a piece of work made: to DynamoDB, to Secrets Manager, to the carrier."""

    dynamodb: int
    secrets: int
    carrier: int


@dataclass
class Meter:
    """Counts the requests that leave this process."""

    sandbox: httpx.Client
    aws: Counter[str] = field(default_factory=Counter)

    def count(self, event_name: str, **_: Any) -> None:
        """Count a request that botocore is about to send, repeats included."""
        self.aws[event_name.split(".")[1]] += 1

    @contextmanager
    def counting(self) -> Iterator[list[RoundTrips]]:
        """Append to the yielded list what is sent meanwhile."""
        found: list[RoundTrips] = []
        aws, carrier = self.aws.copy(), self._carrier_requests()
        yield found
        found.append(
            RoundTrips(
                dynamodb=self.aws["dynamodb"] - aws["dynamodb"],
                secrets=self.aws["secrets-manager"] - aws["secrets-manager"],
                carrier=self._carrier_requests() - carrier,
            )
        )

    def _carrier_requests(self) -> int:
        return len(self.sandbox.get("/_/requests").raise_for_status().json()["requests"])


@dataclass
class PublicUrl:
    """Where the carrier reaches us: turns its requests into API Gateway's events."""

    carrier: str
    app: App | None = None
    meter: Meter | None = None
    seen: list[RoundTrips] = field(default_factory=list)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    async def serve(self, request: Request) -> Response:
        """Answer one webhook with the function's code."""
        event = {
            "httpMethod": request.method,
            "resource": request.url.path,
            "headers": dict(request.headers),
            "multiValueQueryStringParameters": {
                name: request.query_params.getlist(name) for name in request.query_params
            },
            "requestContext": {"requestId": "bench"},
            "body": (await request.body()).decode(),
        }
        reply = await run_in_threadpool(self._handle, event)
        return Response(reply["body"], reply["statusCode"], reply["headers"])

    def _handle(self, event: dict[str, Any]) -> dict[str, Any]:
        app, meter = self.app, self.meter
        assert app is not None
        assert meter is not None
        # One at a time: what is counted belongs to this webhook and not to the next.
        with self.one_at_a_time, meter.counting() as found:
            reply = webhook_edge.handle(event, self.carrier, lambda: app)
        self.seen += found
        return reply


@dataclass(frozen=True)
class Deployment:
    """An organization with a token and an assistant, connected to one carrier."""

    carrier: str
    app: App
    meter: Meter
    sandbox: httpx.Client
    public: PublicUrl
    organization_id: int
    assistant_id: int
    token: str

    def change_account(self, **changes: Any) -> None:
        """Change the account at the sandbox: whether it must search before it buys."""
        reply = self.sandbox.get("/_/accounts", params={"carrier": self.carrier})
        account = reply.raise_for_status().json()["accounts"][0]
        self.sandbox.patch(f"/_/accounts/{account['id']}", json=changes).raise_for_status()


@contextmanager
def deployment(carrier: str) -> Iterator[Deployment]:
    """Set up a fresh deployment, sandbox included; everything is gone afterwards."""
    public = PublicUrl(carrier)
    front = Starlette(routes=[Route("/{path:path}", public.serve, methods=["GET", "POST"])])
    with (
        served(sandbox.app.build()) as sandbox_url,
        served(front) as public_url,
        httpx.Client(base_url=sandbox_url, timeout=30, trust_env=False) as client,
        mock_aws(),
    ):
        meter = Meter(client)
        public.meter, public.app = meter, _app(meter, sandbox_url, public_url)
        yield _populated(
            carrier, public.app, meter, public, f"ws{sandbox_url.removeprefix('http')}"
        )


def _app(meter: Meter, sandbox_url: str, public_url: str) -> App:
    boto3.setup_default_session(region_name="eu-west-1")
    make_table(_TABLE)
    boto3.client("secretsmanager").create_secret(Name=_SESSION_KEY, SecretString="k" * 64)
    settings = Settings(
        table_name=_TABLE,
        stage="bench",
        public_base_url=public_url,
        secrets_prefix="switchboard/bench",
        session_key_secret=_SESSION_KEY,
        carrier_api_urls={name: f"{sandbox_url}/{name}" for name in CARRIERS},
    )
    # Clients take over what is registered with the session that makes them.
    boto3.DEFAULT_SESSION.events.register("request-created", meter.count)
    return wiring.build(settings)


def make_table(name: str) -> None:
    """Make the table that the template describes."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    described = template["Resources"]["Table"]["Properties"]
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    boto3.client("dynamodb").create_table(TableName=name, **{key: described[key] for key in wanted})


def _populated(
    carrier: str, app: App, meter: Meter, public: PublicUrl, stream_base: str
) -> Deployment:
    organization = organizations.create(app, "Bench")
    assistant = assistants.create(
        app,
        organization.id,
        {"name": "Echo", "stream_url": f"{stream_base}/runtime/echo"},
    )
    scopes = ["numbers:write", "calls:write", "sms:write"]
    _, token = tokens.create(app, organization.id, "bench", scopes, None)
    reply = meter.sandbox.get("/_/accounts", params={"carrier": carrier}).raise_for_status()
    account = json.loads(reply.text)["accounts"][0]
    accounts.connect(app, organization.id, carrier, account["credentials"])
    return Deployment(
        carrier, app, meter, meter.sandbox, public, organization.id, assistant.id, token
    )
