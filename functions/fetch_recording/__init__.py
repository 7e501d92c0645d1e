"""Recordings on their way from the carriers to the bucket."""
