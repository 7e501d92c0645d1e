"""Word what Telnyx's answering-machine detection finds, by the mode that was asked for."""

MODES = (
    "disabled",
    "premium",
    "detect",
    "detect_beep",
    "detect_words",
    "greeting_end",
)
_RESULTS = {"human": "human", "machine": "machine"}
_PREMIUM_RESULTS = {"human": "human_residence", "machine": "machine", "fax": "fax_detected"}
_DETECTED = "call.machine.detection.ended"
_GREETED = "call.machine.greeting.ended"
_PREMIUM_DETECTED = "call.machine.premium.detection.ended"
_PREMIUM_GREETED = "call.machine.premium.greeting.ended"


def findings(mode: str, answered_by: str) -> list[tuple[str, str]]:
    """List the events and their results, for who answered: human, machine, fax or unknown."""
    if mode == "disabled":
        return []
    if mode == "premium":
        found = [(_PREMIUM_DETECTED, _PREMIUM_RESULTS.get(answered_by, "not_sure"))]
        heard = (_PREMIUM_GREETED, "beep_detected")
    else:
        found = [(_DETECTED, _RESULTS.get(answered_by, "not_sure"))]
        heard = (_GREETED, "beep_detected" if mode == "detect_beep" else "ended")
    if answered_by == "machine" and mode != "detect":
        found.append(heard)
    return found
