"""`make bench`: the figures of the design's budgets, measured."""
