"""Telnyx: everything that is known about it.

Round trips: buying a configured number takes 1 request (3 when Telnyx wants a search first,
and one for each look at an order that is still pending), answering a call 1.

`api` speaks to Telnyx. `voice` is all that a ringing phone needs, and imports nothing else: what
Telnyx sends (`webhooks`) and what it is told (`calls`), with what it keeps for us meanwhile
(`state`). `numbers`, `account` and `checks` are for people who wait at a desk; `orders` is also
for the event that tells of one. `carrier` is all of it in one class.
"""
