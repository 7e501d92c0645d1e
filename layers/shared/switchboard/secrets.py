"""Secrets Manager: one secret per organization and carrier, one per trunk, our own signing key."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from .errors import CarrierNotConnected, Conflict, NotFound, ServiceUnavailable, Unauthorized
from .model import TrunkSecrets
from .rotation import OVERLAP

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
        self._looked_at: dict[str, datetime] = {}
        self._former: tuple[datetime, list[str]] | None = None

    def carrier(self, organization_id: int, carrier: str, *, now: bool = False) -> dict[str, Any]:
        """Return an organization's credentials; raise CarrierNotConnected if it has none.

        `now` asks for what is stored at this moment, whatever was read a minute ago.
        """
        name = self._name(organization_id, carrier)
        if now:
            self._kept.pop(name, None)
        text = self._read(name)
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
        """Return a trunk's secrets if they are others than those that were kept."""
        text = self._renewed(self._trunk_name(organization_id, trunk_id))
        return TrunkSecrets(**json.loads(text)) if text else None

    def renewed_carrier(self, organization_id: int, carrier: str) -> dict[str, Any] | None:
        """Return an organization's credentials if they are others than those that were kept."""
        text = self._renewed(self._name(organization_id, carrier))
        credentials: dict[str, Any] | None = json.loads(text) if text else None
        return credentials

    def _renewed(self, name: str) -> str | None:
        """Return what is stored if it is not what was kept.

        Asked when a signature is wrong: the secret may have been rotated. Not more often than
        every few seconds, for whoever forges signatures could ask for ever; and what is kept
        stays when the secret store does not answer, or a forgery would silence the phones.
        """
        now = self._clock()
        read_at, kept = self._kept.get(name, (None, ""))
        if read_at is None or now - max(read_at, self._looked_at.get(name, read_at)) < _LOOK_AGAIN:
            return None
        self._looked_at[name] = now
        try:
            text = self._client.get_secret_value(SecretId=name)["SecretString"]
        except (ClientError, ConnectionError, HTTPClientError) as error:
            logger.warning("secret not looked at again", extra={"problem": type(error).__name__})
            return None
        self._kept[name] = (now, text)
        return text if text != kept else None

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

    def session_keys(self) -> list[str]:
        """Return the key in use, and for a day after its rotation the one before it."""
        return [self.session_key(), *self._former_session_keys(_KEEP)]

    def of_session_keys[T](self, read: Callable[[str], T]) -> T:
        """Return what `read` makes of something with the key that has signed it.

        Raises what `read` does (Unauthorized, NotFound) when it is none of the keys of today: the
        one that was kept, the one in use now if that is another, and the one before it.
        """
        kept = self.session_key()
        try:
            return read(kept)
        except (Unauthorized, NotFound):
            renewed = self._renewed(self._session_key_name)
            for key in [*([renewed] if renewed else []), *self._former_session_keys(_LOOK_AGAIN)]:
                with suppress(Unauthorized, NotFound):
                    return read(key)
            raise

    def rotate_session_key(self, key: str, instead: str | None = None) -> datetime:
        """Put another key in place of the one in use, and return until when that still counts.

        Raises Conflict while an earlier one still counts: it would be cut off. `instead` is a
        key that shall count as the one before, which is then worth nothing at once: for one that
        somebody else knows. Warm containers take it for five more minutes.
        """
        self._former = None
        if instead is None and self._former_session_keys(_KEEP):
            raise Conflict(
                "The session key was rotated within the last day, and the one before it still "
                "counts. Rotate again after that."
            )
        with _refusals("stored"):
            for each in (instead, key):
                if each is not None:
                    self._client.put_secret_value(
                        SecretId=self._session_key_name, SecretString=each
                    )
        self._kept.pop(self._session_key_name, None)
        self._former = None
        return self._clock() + (OVERLAP if instead is None else timedelta(0))

    def _former_session_keys(self, keep: timedelta) -> list[str]:
        now = self._clock()
        if self._former is None or now - self._former[0] >= keep:
            self._former = (now, self._read_former_session_keys(now))
        return self._former[1]

    def _read_former_session_keys(self, now: datetime) -> list[str]:
        # AWS itself keeps the version before the one in use:
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
        name = self._session_key_name
        try:
            former = self._client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
            rotated_at = self._client.get_secret_value(SecretId=name)["CreatedDate"]
            return [former["SecretString"]] if now - rotated_at < OVERLAP else []
        except self._client.exceptions.ResourceNotFoundException:
            return []  # it was never rotated
        except (ClientError, ConnectionError, HTTPClientError) as error:
            logger.warning("former key not read", extra={"problem": type(error).__name__})
            return []

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
