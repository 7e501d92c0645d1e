"""The API's door: an API key in, the organization and its scopes out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from switchboard import tokens, wiring
from switchboard.app import App
from switchboard.model import Token

# After this long nothing more is begun: what counts a request shall not keep it waiting.
PATIENCE = timedelta(seconds=1)

_usage = tokens.Usage()
_rates = tokens.Rates()


def lambda_handler(
    event: dict[str, Any], context: object, app: Callable[[], App] = wiring.door
) -> dict[str, Any]:
    """Return API Gateway's policy for a valid key; any other key is 401.

    Raises ServiceUnavailable, which is 503 to whoever asked, when the table does not answer.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
    """
    began = app().clock()
    asked = event if isinstance(event, dict) else {}
    given, resource = asked.get("authorizationToken"), asked.get("methodArn")
    scheme, _, secret = str(given or "").partition(" ")
    token = tokens.authenticate(app(), secret.strip()) if scheme.lower() == "bearer" else None
    if token is None or not isinstance(resource, str):
        # API Gateway answers 401 to exactly this word, and 503 to any other error.
        raise Exception("Unauthorized")
    return _policy(token, resource, _counted(app(), token, began + PATIENCE))


def _counted(app: App, token: Token, until: datetime) -> int:
    """Count a request and return the seconds until more may come; 0 while it may pass."""
    if app.clock() < until:
        _usage.count(app, token)
    return _rates.wait(app, token) if app.clock() < until else 0


def _policy(token: Token, resource: str, retry_after: int) -> dict[str, Any]:
    return {
        "principalId": str(token.id),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "execute-api:Invoke",
                    "Resource": resource,
                }
            ],
        },
        # Scopes are checked where the route is: there a refusal can say which one is missing.
        "context": {
            "organization_id": str(token.organization_id),
            "scopes": " ".join(token.scopes),
            "token_id": str(token.id),
            "token_name": token.name,
            "token_expires_at": token.expires_at.isoformat() if token.expires_at else "",
            # A policy can only say yes or no, and "no" is 403: the route says 429.
            "retry_after": str(retry_after or ""),
        },
    }
