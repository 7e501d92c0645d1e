"""What our own signed tokens say."""

from typing import Any

ALGORITHM = "HS256"


def read(key: str, token: str, audience: str) -> dict[str, Any]:
    """Return the claims of a token that we signed for this audience, expired or not.

    Raises ValueError for any other. Whoever asks holds `exp` against a clock of its own.
    """
    import jwt  # nobody hears a ring tone here

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=audience,
            options={"require": ["exp", "sub"], "verify_exp": False},
        )
    except jwt.InvalidTokenError as error:
        raise ValueError("not a token of ours") from error
    return claims
