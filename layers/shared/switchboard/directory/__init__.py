"""Who is here: organizations, and what answers their calls."""
