"""SIP addresses as destinations: what is accepted is plain, public and no way around the limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.destinations import check_sip
from switchboard.errors import DestinationNotAllowed, InvalidRequest


@pytest.mark.parametrize(
    ("uri", "normal"),
    [
        ("sip:alice@example.com", "sip:alice@example.com"),
        (
            "SIPS:Bob@PBX.Example.com:5061;Transport=TLS",
            "sips:Bob@pbx.example.com:5061;transport=tls",
        ),
        ("sip:+14155550100@pbx.example.com", "sip:+14155550100@pbx.example.com"),
        ("sip:100@8.8.8.8;secure=srtp", "sip:100@8.8.8.8;secure=srtp"),
        ("sip:a@[2001:4860:4860::8888]:5060", "sip:a@[2001:4860:4860::8888]:5060"),
        (
            "sip:a@example.com?X-Team=Sales%20EU&x-id=7",
            "sip:a@example.com?X-Team=Sales%20EU&x-id=7",
        ),
        ("sip:gencredabc@sip.telnyx.com", "sip:gencredabc@sip.telnyx.com"),
    ],
)
def test_a_sip_address_is_brought_into_its_normal_form(uri: str, normal: str) -> None:
    assert check_sip(uri) == normal
    assert check_sip(normal) == normal


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "sip:",
        "sip:example.com",
        "sip:@example.com",
        "sip:alice@",
        "tel:+14155550100",
        "http:alice@example.com",
        "sip:alice:secret@example.com",
        "sip:alice@example.com\r\nX-Evil: 1",
        "sip:alice@example.com\n",
        "sip:alice%0d%0aX-Evil@example.com",
        "sip:alice@example.com?X-A=1%0D%0AX-Evil:%201",
        "sip:alice@example.com?X-A=%C2%85",
        "sip:alice@example.com?X-A=%ff",
        "sip:alice@example.com?Route=evil",
        "sip:alice@example.com?X-A=1&Replaces=evil",
        "sip:alice@example.com?X-A=<b>",
        'sip:"alice"@example.com',
        "<sip:alice@example.com>",
        "sip:alice@evil.com@example.com",
        "sip:alice@example.com;maddr=127.0.0.1",
        "sip:alice@example.com;transport=tls;method=REGISTER",
        "sip:alice@example.com:0",
        "sip:alice@example.com:70000",
        "sip:alice@intranet",
        "sip:alice@127.1",
        "sip:alice@2130706433",
        "sip:alice@0x7f.0.0.1",
        "sip:alice@0177.0.0.1",
        "sip:alice@-a.com",
        "sip:alice@a..com",
        "sip:alice@[example.com]",
        "sip:alice@[::1",
        "sip:ålice@example.com",
        "sip:alice@exämple.com",
        "sip:" + "a" * 250 + "@example.com",
    ],
)
def test_what_is_not_a_plain_sip_address_is_refused(uri: str) -> None:
    with pytest.raises(InvalidRequest):
        check_sip(uri)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "db.localhost",
        "pbx.local",
        "metadata.google.internal",
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[ff0e::1]",
    ],
)
def test_a_sip_address_inside_somebodys_network_is_refused(host: str) -> None:
    with pytest.raises(DestinationNotAllowed, match="local or private"):
        check_sip(f"sip:alice@{host}")


@pytest.mark.parametrize(
    "uri",
    [
        "sip:+19005550123@sip.telnyx.com",
        "sip:%2B19005550123@Sip.Telnyx.com",
        "sip:0044-909.879(1234)@acme.pstn.twilio.com;transport=tls",
        "sip:19005550123@sip.nexmo.com",
    ],
)
def test_a_sip_address_is_no_way_around_the_limits_on_numbers(uri: str) -> None:
    with pytest.raises(DestinationNotAllowed, match="past the limits"):
        check_sip(uri)


SIP_PIECES = st.sampled_from(
    [
        *("sip:", "sips:", "a", "+1", "@", "example.com", "8.8.8.8", "[::1]", ":", "5060", "."),
        *(";transport=", "tls", "?X-A=", "&", "%41", "%0a", "%", "\r\n", " ", '"', "<", "é", "\0"),
    ]
)


@given(uri=st.lists(SIP_PIECES, max_size=12).map("".join) | st.text(max_size=300))
def test_an_accepted_sip_address_has_nothing_that_ends_a_header(uri: str) -> None:
    try:
        normal = check_sip(uri)
    except (InvalidRequest, DestinationNotAllowed):
        return
    assert check_sip(normal) == normal
    assert normal.isascii()
    assert normal.isprintable()
    assert not set(normal) & set(" \"'<>\\")
