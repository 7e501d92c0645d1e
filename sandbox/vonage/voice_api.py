"""The Voice API's conventions: an application's token, JSON, and errors of several shapes."""

from typing import Any

from starlette.requests import Request

from sandbox.books import Account, Resource
from sandbox.vonage.rest import broken, problem, too_many
from sandbox.vonage.tokens import BadToken
from sandbox.vonage.tokens import application_of as signer_of
from sandbox.wire import Asked, Refused, Reply, json_fields
from sandbox.world import World


def bad_request(name: str, reason: str) -> Refused:
    """Refuse a field of a request."""
    parameters = [{"name": name, "reason": reason}]
    return Refused(
        Reply(400, {"type": 400, "title": "Bad Request", "invalid_parameters": parameters})
    )


def unauthorized() -> Reply:
    """Say that the token is not good."""
    return Reply(401, {"type": "UNAUTHORIZED", "error_title": "Unauthorized"})


def not_found() -> Reply:
    """Say that the application has no such call."""
    return Reply(404, {"type": "NOT_FOUND", "error_title": "Not Found"})


def wrong_state() -> Reply:
    """Say that the call is not in a state for this."""
    return Reply(400, {"type": "BAD_REQUEST", "error_title": "Bad Request"})


def application_of(asked: Asked) -> Resource:
    """Return the application whose token was sent."""
    if asked.application is None:
        raise Refused(unauthorized())
    return asked.application


class VoiceApi:
    """How the Voice API reads a request and says no."""

    name = "vonage"

    def authenticate(self, request: Request, world: World) -> Account:
        """Return the account whose application's token was sent."""
        try:
            found = signer_of(request.headers.get("authorization", ""), world)
        except BadToken as error:
            raise Refused(unauthorized()) from error
        account, request.state.application = found
        return account

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Read a JSON object."""
        try:
            return json_fields(raw)
        except ValueError as error:
            raise bad_request("body", "is not a JSON object") from error

    def refusal(self, asked: Asked, fault: str) -> Reply:
        """Say it in the Voice API's words."""
        low = "This request could not be performed due to your account balance being low."
        return {
            "no_balance": problem(402, "low-balance", "Low balance", low),
            "invalid_credentials": unauthorized(),
            "rate_limited": too_many(),
            "server_error": broken(),
        }.get(fault) or bad_request("to", "Invalid number").reply
