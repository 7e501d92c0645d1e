"""Secrets Manager: one secret per organization and carrier, and our own signing key."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from .errors import CarrierNotConnected, ServiceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_KEEP = timedelta(minutes=5)


class Secrets:
    """Reads secrets, and keeps each for five minutes: a warm call costs no request."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        prefix: str,
        session_key_name: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._session_key_name = session_key_name
        self._clock = clock
        self._kept: dict[str, tuple[datetime, str]] = {}

    def carrier(self, organization_id: int, carrier: str) -> dict[str, Any]:
        """Return an organization's credentials; raise CarrierNotConnected if it has none."""
        text = self._read(self._name(organization_id, carrier))
        if text is None:
            raise CarrierNotConnected(
                f"This organization has no {carrier} account. Connect one: "
                f"switchboard carriers connect {carrier} --organization {organization_id}"
            )
        credentials: dict[str, Any] = json.loads(text)
        return credentials

    def store_carrier(
        self, organization_id: int, carrier: str, credentials: dict[str, Any]
    ) -> None:
        """Write an organization's credentials, new or changed; raise ServiceUnavailable."""
        name, text = self._name(organization_id, carrier), json.dumps(credentials)
        try:
            self._put(name, text)
        except ClientError as error:
            # AWS's own words: which permission is missing, or that the secret is being deleted.
            said = error.response["Error"]["Message"]
            raise ServiceUnavailable(f"The secret was not stored: {said}") from error
        except (ConnectionError, HTTPClientError) as error:
            raise ServiceUnavailable("The secret store does not answer. Try again.") from error
        self._kept.pop(name, None)

    def _put(self, name: str, text: str) -> None:
        try:
            self._client.put_secret_value(SecretId=name, SecretString=text)
        except self._client.exceptions.ResourceNotFoundException:
            self._create(name, text)

    def _create(self, name: str, text: str) -> None:
        try:
            self._client.create_secret(Name=name, SecretString=text)
        except self._client.exceptions.ResourceExistsException:
            # Somebody made it meanwhile: the last to write wins, as with every later change.
            self._client.put_secret_value(SecretId=name, SecretString=text)

    def session_key(self) -> str:
        """Return the key that signs session tokens; raise ServiceUnavailable without it."""
        key = self._read(self._session_key_name)
        if key is None:
            raise ServiceUnavailable("The session signing key is missing: deploy the stack again.")
        return key

    def _name(self, organization_id: int, carrier: str) -> str:
        return f"{self._prefix}/{organization_id}/{carrier}"

    def _read(self, name: str) -> str | None:
        now = self._clock()
        read_at, text = self._kept.get(name, (None, ""))
        if read_at and now - read_at < _KEEP:
            return text
        try:
            text = self._client.get_secret_value(SecretId=name)["SecretString"]
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except (ClientError, ConnectionError, HTTPClientError) as error:
            if read_at:
                # An old value answers the phone while Secrets Manager is away.
                return text
            raise ServiceUnavailable("The secret store does not answer. Try again.") from error
        self._kept[name] = (now, text)
        return text
