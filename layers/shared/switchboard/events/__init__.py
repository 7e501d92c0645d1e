"""Events on their way to customers: begun, sent, tried again, given up, and asked for again."""
