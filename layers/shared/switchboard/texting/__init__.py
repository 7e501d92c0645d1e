"""Text messages: taken from customers, sent once and in time; received, and passed on."""
