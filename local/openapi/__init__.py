"""The API's description: one OpenAPI document of all functions, and pages for people."""


def write() -> None:
    """Write the description anew."""
    # Only now: the other commands have no use for the functions' code.
    from . import document

    document.FILE.write_text(document.text(document.build()))
