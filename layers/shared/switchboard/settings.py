"""Everything a deployment can be told, read once per container."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import ConfigError

_REQUIRED = ("TABLE_NAME", "STAGE", "PUBLIC_BASE_URL", "SECRETS_PREFIX", "SESSION_KEY_SECRET")
# Not known before a stack's first deployment, which must work all the same.
_MAY_BE_EMPTY = ("PUBLIC_BASE_URL",)
_OPTIONAL = "EVENT_URLS_ALLOWED"
_API_URL = "_API_URL"
# Host and path only: carriers are given this with a path and a query behind it.
_PUBLIC_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")


@dataclass(frozen=True)
class Settings:
    """Names and addresses of one deployment. No name has a default: a wrong table is worse."""

    table_name: str
    stage: str
    public_base_url: str
    """Where carriers and callers reach the API: no slash at the end, empty until it is known."""
    secrets_prefix: str
    session_key_secret: str
    carrier_api_urls: Mapping[str, str]
    """Each carrier's REST API: the real one, or a sandbox."""
    event_urls_allowed: tuple[str, ...] = ()
    """Beginnings of URLs that may get events although they are not public and HTTPS."""
    fail_over_function: str = ""
    """The function that goes on with a call whose SIP trunk failed."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read the settings from `env`; ConfigError names every variable that is missing.

        TWILIO_API_URL is Twilio's API, and so on for each carrier.
        """
        missing = [
            name
            for name in _REQUIRED
            if name not in env or not (env[name] or name in _MAY_BE_EMPTY)
        ]
        if missing:
            raise ConfigError(f"Set these environment variables: {', '.join(missing)}")
        return cls(
            table_name=env["TABLE_NAME"],
            stage=env["STAGE"],
            public_base_url=env["PUBLIC_BASE_URL"].rstrip("/"),
            secrets_prefix=env["SECRETS_PREFIX"],
            session_key_secret=env["SESSION_KEY_SECRET"],
            fail_over_function=env.get("FAIL_OVER_FUNCTION", ""),
            carrier_api_urls={
                name.removesuffix(_API_URL).lower(): url.rstrip("/")
                for name, url in env.items()
                if name.endswith(_API_URL)
            },
            event_urls_allowed=tuple(env.get(_OPTIONAL, "").split()),
        )

    def url_for_carriers(self) -> str:
        """Return the public base URL; raise ConfigError while there is none to give to carriers."""
        url = self.public_base_url
        if not _PUBLIC_URL.fullmatch(url):
            raise ConfigError(
                "PUBLIC_BASE_URL must be the http(s) URL at which carriers reach this deployment, "
                f"but it is '{url}'. Deploy again with the parameter PublicBaseUrl set to the "
                "stack's output ApiUrl or to your own domain."
            )
        return url

    def carrier_api_url(self, carrier: str) -> str:
        """Return where a carrier's REST API is."""
        if carrier not in self.carrier_api_urls:
            raise ConfigError(f"Set the environment variable {carrier.upper()}{_API_URL}")
        return self.carrier_api_urls[carrier]
