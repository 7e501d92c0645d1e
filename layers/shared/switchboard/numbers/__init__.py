"""The life of a phone number: found, bought, given to an assistant, released."""
