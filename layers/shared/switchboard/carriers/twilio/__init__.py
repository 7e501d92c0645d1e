"""Twilio: everything that is known about it.

Round trips: buying a configured number takes 1 request, answering a call 0.

`api` speaks to Twilio. `voice` is all that a ringing phone needs, and imports nothing else: what
Twilio sends (`webhooks`) and what it is told (`calls`). `numbers`, `account` and `checks` are for
people who wait at a desk. `carrier` is all of it in one class.
"""
