"""Read TwiML as Twilio does, with its error codes for what it cannot read."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

MAX_BYTES = 64 * 1024
_XML_TYPES = ("text/xml", "application/xml", "text/html", "application/xhtml+xml")


class BadTwiml(Exception):
    """The document cannot be obeyed; `code` is Twilio's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


def parse(document: str, content_type: str) -> list[Element]:
    """Return the verbs of a TwiML document, or raise BadTwiml."""
    if content_type.partition(";")[0].strip().lower() not in _XML_TYPES:
        raise BadTwiml(12300, f"invalid Content-Type {content_type!r}")
    if len(document.encode()) > MAX_BYTES:
        raise BadTwiml(11750, "the TwiML response is larger than 64 kB")
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise BadTwiml(12100, f"document parse failure: {error}") from error
    if root.tag != "Response":
        raise BadTwiml(12102, f"the root element must be <Response>, not <{root.tag}>")
    return list(root)


def parameters(stream: Element) -> dict[str, str]:
    """Return the custom parameters of a <Stream>."""
    return {p.get("name", ""): p.get("value", "") for p in stream.findall("Parameter")}
