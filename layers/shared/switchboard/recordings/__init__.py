"""Recordings: announced by the carrier, fetched by a job of their own, kept, listed, played."""
