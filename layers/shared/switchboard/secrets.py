"""Secrets Manager: one secret per organization and carrier, one per trunk, our own signing key."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from .errors import CarrierNotConnected, ServiceUnavailable
from .model import TrunkSecrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

logger = logging.getLogger(__name__)

_KEEP = timedelta(minutes=5)
_LOOK_AGAIN = timedelta(seconds=10)
_SHOWN = 4
# Of a shorter one, its end would be too much.
_LONG = 12


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

    def read_for_call(
        self, organization_id: int, carrier: str, trunk_id: str | None = None
    ) -> None:
        """Read in one request the two secrets that a call takes: credentials and our own key.

        No request while one of them is known. What is missing is told when it is asked for.
        Raises ServiceUnavailable when nothing answers: each of the two would only wait again.
        """
        name = self._name(organization_id, carrier)
        if trunk_id is not None:
            name = self._trunk_name(organization_id, trunk_id)
        names = [name, self._session_key_name]
        now = self._clock()
        if any(self._is_fresh(each, now) for each in names):
            return
        try:
            found = self._client.batch_get_secret_value(SecretIdList=names)["SecretValues"]
        except ClientError as error:
            # Asked for one by one, what may be read can be.
            logger.warning("secrets not read at once", extra={"reason": str(error)})
        except (ConnectionError, HTTPClientError) as error:
            self._make_do_with_old(names, now, error)
        else:
            for value in found:
                asked = value["ARN"] if value["ARN"] in names else value["Name"]
                self._kept[asked] = (now, value["SecretString"])

    def _make_do_with_old(self, names: list[str], now: datetime, error: Exception) -> None:
        """Let old values answer the phone, for some seconds without another attempt."""
        for name in names:
            if name not in self._kept:
                raise ServiceUnavailable("The secret store does not answer. Try again.") from error
            self._kept[name] = (now - _KEEP + _LOOK_AGAIN, self._kept[name][1])

    def forget(self) -> None:
        """Forget what was read, and the connections it came by."""
        self._kept.clear()
        self._client.close()

    def store_carrier(
        self, organization_id: int, carrier: str, credentials: dict[str, Any]
    ) -> None:
        """Write an organization's credentials, new or changed; raise ServiceUnavailable."""
        self._store(self._name(organization_id, carrier), json.dumps(credentials))

    def trunk(self, organization_id: int, trunk_id: str, *, now: bool = False) -> TrunkSecrets:
        """Return a trunk's secrets, empty ones if nothing is stored; raise ServiceUnavailable.

        `now` asks for what is stored at this moment, whatever was read a minute ago.
        """
        name = self._trunk_name(organization_id, trunk_id)
        if now:
            self._kept.pop(name, None)
        text = self._read(name)
        return TrunkSecrets(**json.loads(text)) if text else TrunkSecrets()

    def renewed_trunk(self, organization_id: int, trunk_id: str) -> TrunkSecrets | None:
        """Return a trunk's secrets if they are others than those that were kept.

        Asked when a signature is wrong: the signing secret may have been rotated. Not more often
        than every few seconds, for whoever forges signatures could ask for ever.
        """
        read_at, text = self._kept.get(self._trunk_name(organization_id, trunk_id), (None, ""))
        if read_at is None or self._clock() - read_at < _LOOK_AGAIN:
            return None
        found = self.trunk(organization_id, trunk_id, now=True)
        return found if found != TrunkSecrets(**json.loads(text)) else None

    def store_trunk(self, organization_id: int, trunk_id: str, secrets: TrunkSecrets) -> None:
        """Write a trunk's secrets, new or changed; raise ServiceUnavailable."""
        self._store(self._trunk_name(organization_id, trunk_id), json.dumps(asdict(secrets)))

    def forget_trunk(self, organization_id: int, trunk_id: str) -> None:
        """Delete a trunk's secrets for good, if there are any; raise ServiceUnavailable."""
        name = self._trunk_name(organization_id, trunk_id)
        with _refusals("deleted"), suppress(self._client.exceptions.ResourceNotFoundException):
            # Nothing else ever has this name, and a kept password helps nobody.
            self._client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        self._kept.pop(name, None)

    def _store(self, name: str, text: str) -> None:
        with _refusals("stored"):
            try:
                self._client.put_secret_value(SecretId=name, SecretString=text)
            except self._client.exceptions.ResourceNotFoundException:
                self._create(name, text)
        self._kept.pop(name, None)

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

    def _trunk_name(self, organization_id: int, trunk_id: str) -> str:
        return f"{self._prefix}/{organization_id}/sip-trunk/{trunk_id}"

    def _is_fresh(self, name: str, now: datetime) -> bool:
        return name in self._kept and now - self._kept[name][0] < _KEEP

    def _read(self, name: str) -> str | None:
        now = self._clock()
        read_at, text = self._kept.get(name, (None, ""))
        if self._is_fresh(name, now):
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


def hint(secret: str) -> str:
    """Return as much of a credential as may be shown: its end, when that gives little away."""
    return f"…{secret[-_SHOWN:]}" if len(secret) >= _LONG else "…"


@contextmanager
def _refusals(done: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        # AWS's own words: which permission is missing, or that the secret is being deleted.
        said = error.response["Error"]["Message"]
        raise ServiceUnavailable(f"The secret was not {done}: {said}") from error
    except (ConnectionError, HTTPClientError) as error:
        raise ServiceUnavailable("The secret store does not answer. Try again.") from error
