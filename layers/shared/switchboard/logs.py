"""The log: one line for each thing that happened, in JSON, fit to be read by strangers."""

import json
import re
from typing import Any

from aws_lambda_powertools import Logger

from .model import masked

# What errors of libraries, and of ours that nobody thought of, may carry along. Whatever we write
# down ourselves is shortened where it is written.
_NUMBER = re.compile(r"(?:\+|%2[Bb])[1-9]\d{6,14}")
# Each length is bounded: what somebody sent may begin like a token at every character.
_SECRET = re.compile(
    r"burki_\w{1,64}|Bearer [\w.~+/-]{1,2000}"
    r"|eyJ[\w-]{8,1000}\.[\w-]{1,2000}\.[\w-]{0,1000}|(?:whsec_|swbr_)[\w+/=-]{1,200}"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:.{0,4000}?-----END [A-Z ]{0,20}PRIVATE KEY-----)?"
    r"|(?<=://)[^/\s:@\"]{1,200}:[^/\s@\"]{1,200}(?=@)",
    re.DOTALL,
)


def line(entry: dict[str, Any]) -> str:
    """Return a log line as JSON, without whole phone numbers, API keys, tokens and keys.

    A line break is written as JSON does it: nobody else can begin a line.
    """
    text = json.dumps(entry, default=str, separators=(",", ":"))
    return _SECRET.sub("…", _NUMBER.sub(lambda found: masked(found[0]), text))


# Named like the package, so that every module's own logger speaks through it.
logger = Logger(service="switchboard", json_serializer=line)
