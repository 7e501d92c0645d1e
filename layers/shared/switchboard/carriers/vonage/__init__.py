"""Vonage: everything that is known about it.

Round trips: buying a configured number takes 2 requests (Vonage cannot route a number while it
sells it), answering a call 0.

`api` speaks to Vonage. `voice` is all that a ringing phone needs, and imports nothing else: what
Vonage sends (`webhooks`) and what it is told (`calls`). `numbers` buys, with what is for sale
(`inventory`), what is held (`held`) and what is set for it (`settings`); `texts` sends messages,
`messages` reads what comes back; `recordings` says where files are; `account` and `checks` are for
people who wait at a desk. `carrier` is all of it in one class.
"""
