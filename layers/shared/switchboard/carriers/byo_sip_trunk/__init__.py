"""The organization's own SIP trunks, as a carrier."""
