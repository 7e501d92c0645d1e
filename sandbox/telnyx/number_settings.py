"""Telnyx's settings of a number that have an address of their own: messaging and voice."""

from typing import Any

from sandbox import inventory
from sandbox.books import OwnedNumber
from sandbox.telnyx.numbers import owned
from sandbox.telnyx.resources import MESSAGING_PROFILES
from sandbox.telnyx.rest import data, invalid
from sandbox.wire import Asked, Refused, Reply

_VOICE_DEFAULTS: dict[str, Any] = {
    "call_forwarding": {"call_forwarding_enabled": True, "forwarding_type": "always"},
    "call_recording": {
        "inbound_call_recording_enabled": False,
        "inbound_call_recording_format": "wav",
        "inbound_call_recording_channels": "single",
    },
    "cnam_listing": {"cnam_listing_enabled": False},
    "emergency": {"emergency_enabled": False, "emergency_status": "disabled"},
    "inbound_call_screening": "disabled",
    "media_features": {
        "accept_any_rtp_packets_enabled": False,
        "rtp_auto_adjust_enabled": True,
        "t38_fax_gateway_enabled": False,
    },
    "tech_prefix_enabled": False,
    "translated_number": "",
    "usage_payment_method": "pay-per-minute",
}
_VOICE_FIXED = ("emergency",)
_VOICE_CHANGEABLE = (
    *(n for n in _VOICE_DEFAULTS if n not in _VOICE_FIXED),
    "caller_id_name_enabled",
)


def get_messaging(asked: Asked) -> Reply:
    """Show a number's messaging settings."""
    return data(_messaging(owned(asked)))


def update_messaging(asked: Asked) -> Reply:
    """Set a number's messaging profile: null keeps it, an empty string takes it away."""
    number = owned(asked)
    profile = asked.body.get("messaging_profile_id")
    if profile and not asked.world.books.resource(asked.account, MESSAGING_PROFILES, profile):
        raise Refused(invalid("/messaging_profile_id", f"Profile {profile} does not exist."))
    if profile is not None:
        number.config["messaging_profile_id"] = profile or None
    if asked.body.get("messaging_product"):
        number.config["messaging_product"] = asked.body["messaging_product"]
    return data(_messaging(number))


def _messaging(number: OwnedNumber) -> dict[str, Any]:
    product = number.config.get("messaging_product", "A2P")
    can = inventory.offer(number.number).features
    two_way = {"domestic_two_way": True}
    international = {"international_inbound": True, "international_outbound": True}
    return {
        "record_type": "messaging_settings",
        "id": number.id,
        "phone_number": number.number,
        "messaging_profile_id": number.config.get("messaging_profile_id"),
        "messaging_product": product,
        "traffic_type": product,
        "country_code": number.country,
        "type": "toll-free" if number.kind == "toll_free" else "long-code",
        "eligible_messaging_products": ["A2P", "P2P"] if number.kind == "local" else ["A2P"],
        "features": {
            "sms": two_way | international if "sms" in can else None,
            "mms": two_way | dict.fromkeys(international, False) if "mms" in can else None,
        },
        "created_at": number.bought_at,
        "updated_at": number.bought_at,
    }


def get_voice(asked: Asked) -> Reply:
    """Show a number's voice settings."""
    return data(_voice(owned(asked)))


def update_voice(asked: Asked) -> Reply:
    """Change a number's voice settings; groups of settings change field by field."""
    number = owned(asked)
    changed = dict(number.config.get("voice", {}))
    for name in _VOICE_CHANGEABLE:
        wanted = asked.body.get(name)
        if isinstance(wanted, dict):
            wanted = changed.get(name, _VOICE_DEFAULTS.get(name, {})) | wanted
        if wanted is not None:
            changed[name] = wanted
    number.config["voice"] = changed
    return data(_voice(number))


def _voice(number: OwnedNumber) -> dict[str, Any]:
    known = {
        name: number.config[name]
        for name in ("connection_id", "customer_reference")
        if number.config.get(name)
    }
    own = {"record_type": "voice_settings", "id": number.id, "phone_number": number.number}
    changed: dict[str, Any] = number.config.get("voice", {})
    return _VOICE_DEFAULTS | changed | known | own
