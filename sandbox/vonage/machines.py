"""Word what Vonage's answering-machine detection finds, by what the dial asked for."""

from dataclasses import dataclass
from typing import Any

BEHAVIORS = ("continue", "hangup")
MODES = ("default", "detect", "detect_beep")


@dataclass(frozen=True)
class Detection:
    """What a dial asked for: `mode` is plain, default, detect or detect_beep."""

    mode: str
    behavior: str

    @property
    def comes_first(self) -> bool:
        """Tell whether the NCCO waits until it is known who answered."""
        return self.mode in ("detect", "detect_beep")

    def findings(self, answered_by: str) -> list[tuple[str, dict[str, str]]]:
        """List the events and their extra fields, for who answered."""
        if answered_by == "unknown":
            return []
        if answered_by == "human":
            return [("human", {})]
        beep = ("machine", {"sub_state": "beep_start"})
        if self.mode == "detect_beep":
            return [beep]
        hears_beep = self.mode == "default" and self.behavior == "continue"
        return [("machine", {}), beep] if hears_beep else [("machine", {})]


def detection(dialled: dict[str, Any]) -> Detection | None:
    """Read it; the advanced form overrides the plain one."""
    advanced = dialled.get("advanced_machine_detection")
    if advanced:
        return Detection(advanced.get("mode", "detect"), advanced.get("behavior", "continue"))
    plain = dialled.get("machine_detection")
    return Detection("plain", plain) if plain else None
