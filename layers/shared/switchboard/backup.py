"""An organization as a file, and a file as an organization: JSON lines, each a row of the table.

The first line says what the file is and what must be given again, the last how many rows there
are and their SHA-256. The rows between are DynamoDB's own JSON, so that nothing is lost or read.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .app import App
from .directory import organizations
from .errors import Conflict, InvalidRequest
from .model import NumberStatus, OrderStatus, Organization
from .store import Raw, present_schema

FORMAT = 1
type Json = dict[str, Any]

# Whose they are stands second in their key; of the others, an attribute says it.
_NAMED = re.compile(
    r"(?:ORG|RELEASE|ORDER|SID|MESSAGE|CONSENT|TEXTSID|TEXTKEY|PACE|DIAL|COUNT|AUDIT|ATTEMPT"
    r"|RECEIVERS|FUSE)#(?P<org>[0-9]+)(?:#.*)?",
    re.DOTALL,
)
# What holds for minutes, or is counted anew: a copy would only be in the way.
_PASSING = ("LIMIT#", "CACHE#", "LEASE#", "RATE#")
# What makes a row be sent, dialled, fetched or ended: who restores a copy does not want that again.
_WAITING = re.compile(
    r"(?:DUE|TEXTDUE|FUSEDUE|PARKED|BROKEN)(?:#.*)?|ORG#[0-9]+#OPENCALL", re.DOTALL
)
_OPEN_ORDERS = [status.value for status in OrderStatus if not status.is_final]
# They show how a secret ends that the copy does not have.
_HINTS = ("credentials", "password_hint", "signing_secret_hint")


@dataclass(frozen=True)
class Imported:
    """What came of reading a file."""

    organization_id: int
    name: str
    rows: int
    give_again: list[str]


def lines(app: App, organization_id: int) -> Iterator[str]:
    """Yield an organization as the lines of a file; raise NotFound.

    Goes through the whole table, a request for each MB. What changes meanwhile may be in it as
    it was before or after: stop calls first for a copy of one moment.
    """
    organization = organizations.find(app, organization_id)
    yield _line(_header(app, organization))
    count, digest = 0, hashlib.sha256()
    for row in _rows_of(app, organization_id):
        line = _line(_without_secrets(_settled(row)))
        count += 1
        digest.update(line.encode())
        yield line
    yield _line({"rows": count, "sha256": digest.hexdigest()})


def restore(app: App, opened: Callable[[], Iterable[str]]) -> Imported:
    """Write what a file holds, where nothing of it is yet; the same again changes nothing.

    The file is read three times: whether it is whole, whether anything of it is there already,
    and then to write it. Raises InvalidRequest for a file that is cut off, changed or not ours,
    and Conflict when something of it is there and is not the same; nothing is written over.
    """
    header, count = _checked(opened())
    _refuse(_named(row) for row in _rows(opened()) if app.store.holds(row) is False)
    last: list[Raw] = []
    different: list[str] = []
    for row in _rows(opened()):
        # A key would open what is not complete.
        if row["sk"]["S"] in ("ORG", "TOKEN"):
            last.append(row)
        elif not app.store.restore(row):
            different.append(_named(row))
    _refuse(different)
    # The organization itself comes last: until then it is not there.
    last.sort(key=lambda row: row["sk"]["S"] == "ORG")
    _refuse(_named(row) for row in last if not app.store.restore(row))
    organization = header["organization"]
    return Imported(int(organization["id"]), organization["name"], count, header["give_again"])


# --- writing ---


def _header(app: App, organization: Organization) -> Json:
    return {
        "switchboard": "organization",
        "format": FORMAT,
        "schema": present_schema(),
        "organization": {"id": organization.id, "name": organization.name},
        "exported_at": app.clock().isoformat(),
        "give_again": _give_again(app, organization),
    }


def _give_again(app: App, organization: Organization) -> list[str]:
    named = [
        f"carrier account {carrier}: {', '.join(sorted(hints))}"
        for carrier, hints in sorted(organization.credentials.items())
    ]
    for trunk in app.store.trunks(organization.id):
        secrets = {"password": trunk.password_hint, "signing_secret": trunk.signing_secret_hint}
        held = [name for name, hint in secrets.items() if hint]
        if held:
            named.append(f"SIP trunk {trunk.name} ({trunk.id}): {', '.join(held)}")
    named.append("signing secrets of event receivers: another deployment makes its own")
    return named


def _rows_of(app: App, organization_id: int) -> Iterator[Raw]:
    call, is_ours = "", False
    for row in app.store.everything():
        pk = row["pk"]["S"]
        if pk.startswith(_PASSING):
            continue
        owner = _owner(row)
        if owner is None and pk.startswith("CALL#"):
            # A report has its call's key, and comes after it.
            owner = organization_id if pk == call and is_ours else None
        if pk.startswith("CALL#") and row["sk"]["S"] == "CALL":
            call, is_ours = pk, owner == organization_id
        if owner == organization_id and not _is_being_bought(row):
            yield row


def _owner(row: Raw) -> int | None:
    named = _NAMED.fullmatch(row["pk"]["S"])
    if named:
        return int(named["org"])
    return int(row["organization_id"]["N"]) if "organization_id" in row else None


def _is_being_bought(row: Raw) -> bool:
    """Tell whether a row is but the claim of a number that is not known to be held."""
    status = row.get("status", {}).get("S")
    return (row["sk"]["S"], status) == ("NUMBER", NumberStatus.PENDING.value)


def _settled(row: Raw) -> Raw:
    """Return a row as one that nobody has to finish: who has a copy has begun none of it.

    An open order is one whose outcome is not known here; a number that is being given back is what
    it was before, and the account's list of numbers tells when it is gone.
    """
    match row["sk"]["S"]:
        case "ORDER" if row["status"]["S"] in _OPEN_ORDERS:
            return row | {"status": {"S": OrderStatus.UNKNOWN.value}}
        case "NUMBER" if "release" in row:
            kept = {name: value for name, value in row.items() if name != "release"}
            return kept | {"status": row["release"]["M"]["was"]}
    return row


def _without_secrets(row: Raw) -> Raw:
    left_out = {"wake", "due", *_HINTS}
    listed = row.get("gsi2pk", {}).get("S", "")
    if _WAITING.fullmatch(listed):
        left_out |= {"gsi2pk", "gsi2sk"}
    return {name: value for name, value in row.items() if name not in left_out}


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


# --- reading ---


def _checked(read: Iterable[str]) -> tuple[Json, int]:
    """Return a file's header and how many rows it has; raise InvalidRequest."""
    given = iter(read)
    header = _json(next(given, ""))
    if header.get("switchboard") != "organization" or header.get("format") != FORMAT:
        raise InvalidRequest("This is no export of an organization, or one of another version.")
    if int(header["schema"]) > present_schema():
        raise InvalidRequest(
            "The export is from a later version of Switchboard: deploy that first."
        )
    organization_id = int(header["organization"]["id"])
    count, digest, before = 0, hashlib.sha256(), ""
    for line in given:
        if before:
            _check_row(_json(before), organization_id)
            digest.update(before.encode())
            count += 1
        before = line
    if _json(before) != {"rows": count, "sha256": digest.hexdigest()}:
        raise InvalidRequest("The file is cut off or was changed: export it again.")
    return header, count


def _check_row(row: Json, organization_id: int) -> None:
    try:
        pk, owner = str(row["pk"]["S"]), _owner(row)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest("The file holds a line that is no row of ours.") from error
    if owner != organization_id and not (owner is None and pk.startswith("CALL#")):
        raise InvalidRequest(f"The file holds a row of another organization: {pk}")


def _rows(read: Iterable[str]) -> Iterator[Raw]:
    given = iter(read)
    next(given, None)
    for line in given:
        row = _json(line)
        if "pk" in row:
            yield row


def _json(line: str) -> Json:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise InvalidRequest("The file is cut off or was changed: export it again.") from error
    if not isinstance(value, dict):
        raise InvalidRequest("The file holds a line that is no row of ours.")
    return value


def _named(row: Raw) -> str:
    return f"{row['pk']['S']} {row['sk']['S']}"


def _refuse(different: Iterable[str]) -> None:
    found = list(different)
    if found:
        shown = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
        raise Conflict(
            f"{len(found)} rows are there already and are not the same: {shown}. "
            "They were left as they are."
        )
