"""Whatever a value says, it changes nothing but itself wherever it is written."""

import http.client
import io
import json
from collections.abc import Callable
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from hypothesis import example, given
from hypothesis import strategies as st

from switchboard.carriers.base import CarrierContext, speakable
from switchboard.carriers.twilio.voice import TwilioVoice
from switchboard.model import ConnectStream, Instruction, Say
from switchboard.templates import render_all
from tests.builders import ORGANIZATION, a_call
from tests.clock import Clock

# Half a surrogate pair becomes something else, and has a test of its own.
ANY_VALUE = st.text(max_size=60)
HOSTILE = [
    '"/><Dial>+19005550100</Dial><Say x="',
    "]]></Say></Response><!--",
    "&lt;&#0;&amp;",
    '","role":"admin","x":"',
    "x\r\nX-Admin: yes\r\n\r\nbody",
    "x\n y: z\r w\u2028v\x85u\x00\x1f",
    "{{ other }}\\{{",
]


def render(template: str, name: str) -> str:
    rendered = render_all({"agenda": template}, {"name": name, "other": "read twice"}, {})["agenda"]
    assert rendered is not None
    return rendered


def hostile(test: Callable[[str], None]) -> Callable[[str], None]:
    """Run a test with values that would break out, and with any other."""
    for value in HOSTILE:
        test = example(value)(test)
    return given(ANY_VALUE)(test)


def twiml(instruction: Instruction) -> ElementTree.Element:
    context = CarrierContext(
        api_url="https://api.twilio.example",
        public_base_url="https://hooks.example.com",
        stage="test",
        organization_id=ORGANIZATION,
        clock=Clock(),
        http=None,  # type: ignore[arg-type] # a reply asks nobody
    )
    return ElementTree.fromstring(TwilioVoice({}, context).reply(a_call(), instruction).body)


def as_xml_reads(text: str) -> str:
    """Line ends become one kind in text: https://www.w3.org/TR/xml/#sec-line-ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@hostile
def test_no_value_adds_a_verb_to_twiml(value: str) -> None:
    response = twiml(Say(render("Hello {{ name }}!", name=value)))

    (say,) = response
    assert (response.tag, say.tag, say.attrib, list(say)) == ("Response", "Say", {}, [])
    assert say.text == as_xml_reads(speakable(f"Hello {value}!"))


@hostile
def test_no_value_ends_a_stream_parameter(value: str) -> None:
    text = render("Hello {{ name }}!", name=value)

    response = twiml(ConnectStream("wss://media.example.com", {"agenda": text}, 1, "token"))

    stream = response[0][0]
    (parameter,) = stream
    assert [element.tag for element in response.iter()] == [
        "Response",
        "Connect",
        "Stream",
        "Parameter",
    ]
    assert parameter.attrib == {"name": "agenda", "value": speakable(f"Hello {value}!")}


@hostile
def test_no_value_adds_a_field_to_json(value: str) -> None:
    body = json.dumps({"agenda": render("{{ name }}!", name=value), "to": "+14155550100"})

    assert json.loads(body.encode()) == {"agenda": f"{value}!", "to": "+14155550100"}


@hostile
def test_no_value_adds_a_header(value: str) -> None:
    text = render("Hello {{ name }}!", name=value)

    headers = http.client.parse_headers(io.BytesIO(sent_headers(quote(text))))

    assert headers.keys() == ["Host", "Accept-Encoding", "X-Agenda", "X-Last"]
    assert unquote(headers["X-Agenda"]) == f"Hello {value}!"


@hostile
def test_a_header_that_was_not_encoded_is_refused_or_stays_one_header(value: str) -> None:
    text = render("{{ name }}!", name=value)

    try:
        sent = sent_headers(text)
    except ValueError:
        return
    assert http.client.parse_headers(io.BytesIO(sent)).keys() == [
        "Host",
        "Accept-Encoding",
        "X-Agenda",
        "X-Last",
    ]


def sent_headers(value: str) -> bytes:
    """Return the header lines that an HTTP client sends for these headers."""
    sent = bytearray()
    connection = http.client.HTTPConnection("api.example.com")
    connection.send = sent.extend  # type: ignore[method-assign, assignment]
    connection.putrequest("POST", "/")
    connection.putheader("X-Agenda", value.encode())
    connection.putheader("X-Last", "1")
    connection.endheaders()
    return bytes(sent).partition(b"\r\n")[2]
