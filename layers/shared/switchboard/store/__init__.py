"""All that is kept in DynamoDB: what each kind of thing is written and read by.

Keys (pk / sk; the index in brackets lists an organization's things, newest or nearest first):

    ORG#<id>              / ORG        [ORG             / <id>]
    ORG#<id>              / ASSISTANT#<id>
    ORG#<id>              / FLOW#<id>
    ORG#<id>              / TRUNK#<id>
    ORG#<id>              / TRUNKNAME#<name>   points to the trunk that has it
    TOKEN#<sha256>        / TOKEN      [ORG#<id>#TOKEN  / <id>]
    NUMBER#<e164>         / NUMBER     [ORG#<id>#NUMBER / <e164>]
                                       [ASSISTANT#<id>  / <e164>]  or  [ORG#<id>#FREE / <e164>]
    RELEASE#<org>#<e164>  / <time>     [ORG#<id>#RELEASE / <time>]
    ORDER#<org>#<key>     / ORDER      [ORG#<id>#ORDER  / <id>]
    CALL#<id>             / CALL       [ORG#<id>#CALL   / <id>]
    SID#<org>#<sid>       / SID        points to a call
    MESSAGE#<org>#<sid>   / MESSAGE    [ORG#<id>#MESSAGE / <time>]
    CONSENT#<org>#<our e164> / <e164>  what its holder has told our number: stop, start, help
    TEXT#<id>             / TEXT       [ORG#<id>#TEXT#<how far> / <carrier>#<time>]
                                       and while it waits or is being sent [TEXTDUE#<n> / <time>]
    TEXTSID#<org>#<sid>   / SID        points to a text
    TEXTKEY#<org>#<key>   / TEXTKEY    points to the text that was sent with this key
    PACE#<org>#<e164>     / PACE       until when a number has to send what was asked of it
    DIAL#<org>#<key>      / DIAL       points to the call that was placed with this key
    ORG#<id>              / CALLERID#<e164>
    LIMIT#<org>#<limit>…  / PLACES     who takes up the places of a limit
    LIMIT#<org>#<limit>…  / QUOTA      how much of a limit is used, in one span of time
    LEASE#<name>          / LEASE      held by one process for a while
    CACHE#<org>#<carrier> / COUNTRIES  in which it sells numbers, as it said lately
    COUNT#<org>#CALL      / <shard>    how many calls an organization has, in parts
    AUDIT#<org>           / <id>.<request>   who did what, never changed
    EVENT#<event>         / EVENT      [ORG#<id>#EVENT  / <time>], while it waits [DUE#<n> / <time>]
    DELIVERY#<event>      / TO#<receiver>
                                       [DUE#<n> / <time>], [PARKED#<org>#<receiver> / <time>]
                                       or, given up, [ORG#<id>#DEAD / <time>]
    ATTEMPT#<org>#<call>  / AT#<time>… what came of each attempt, for 30 days
    RECEIVERS#<org>       / ENDPOINT#<receiver>   taken for dead: [BROKEN / <org>#<receiver>]
    CALL#<id>             / REPORT     what its media runtime reported
    CALL#<id>             / RECORDING#<carrier's id>   while it waits [DUE#RECORDING / <time>]

The number's row is also the claim that keeps anyone else from buying it. Its id is the number
itself, so the key follows from the id.
"""

from .assistants import Assistants
from .audit import Audit, AuditFilter
from .caches import Caches
from .call_lists import CallLists
from .calls import Calls
from .dialing import DialContext, Dialing
from .directory import Directory
from .endpoints import Endpoints
from .events import Events
from .flows import Flows
from .leases import Leases
from .limits import Limits, Place, Quota
from .messages import Messages
from .number_changes import NumberChanges
from .number_lists import NumberLists, NumberPage
from .number_rows import NumberChange
from .numbers import Numbers
from .pages import Slice
from .recordings import Recordings
from .releases import Releases
from .reports import Reports
from .table import Taken
from .texts import TextContext, Texts
from .tokens import Tokens
from .totals import Totals
from .trunks import Trunks

__all__ = [
    "AuditFilter",
    "DialContext",
    "NumberChange",
    "NumberPage",
    "Place",
    "Quota",
    "Slice",
    "Store",
    "Taken",
    "TextContext",
]


class Store(
    Directory,
    Tokens,
    Assistants,
    Flows,
    Numbers,
    NumberLists,
    NumberChanges,
    Releases,
    Calls,
    CallLists,
    Totals,
    Dialing,
    Limits,
    Messages,
    Texts,
    Leases,
    Audit,
    Caches,
    Trunks,
    Events,
    Endpoints,
    Reports,
    Recordings,
):
    """The table. Every method is one request, or says how many."""
