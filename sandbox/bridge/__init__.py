"""A SIP bridge of the customer's own, such as FreeSWITCH: see docs/sip-bridge.md."""
