"""Make the requests with which Twilio calls its customers, signed with the account's token."""

from urllib.parse import urlencode

import httpx

from sandbox.books import Account
from sandbox.signing import twilio_signature


def signed_request(
    account: Account, url: str, method: str, params: dict[str, str], token: str, fault: str | None
) -> httpx.Request:
    """Put the parameters into the query or a form, and sign them as the fault, if any, allows.

    `token` is the same in every attempt at one webhook: that is how a repetition is recognised.
    """
    headers = {"I-Twilio-Idempotency-Token": token, "User-Agent": "TwilioProxy/1.1"}
    form: dict[str, str] = params
    if method == "GET":
        url += ("&" if "?" in url else "?") + urlencode(params)
        form = {}
    secret = account.credentials["auth_token"]
    signature = twilio_signature(secret, url, form)
    if fault == "bad_signature":
        signature = twilio_signature("somebody else's token", url, form)
    if fault != "unsigned":
        headers["X-Twilio-Signature"] = signature
    if method == "GET":
        return httpx.Request("GET", url, headers=headers)
    headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    return httpx.Request("POST", url, headers=headers, content=urlencode(form))
