"""The API's description: one OpenAPI document of all functions, and pages for people."""


def write() -> None:
    """Write the description anew."""
    # Only now: the other commands have no use for the functions' code.
    from . import document, pages

    made = document.build()
    document.FILE.write_text(document.text(made))
    pages.FOLDER.mkdir(exist_ok=True)
    for old in pages.FOLDER.glob("*.md"):
        old.unlink()
    for name, text in pages.build(made).items():
        (pages.FOLDER / name).write_text(text)
