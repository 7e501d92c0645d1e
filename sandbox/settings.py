"""Hold the figures that a test or a slow machine may want to change."""

from dataclasses import dataclass, fields


@dataclass
class Settings:
    """The sandbox's own time limits and prices; all times are in seconds, prices in dollars.

    The carriers' figures where they are bearable on a laptop, shorter where nobody wants to wait.
    """

    twilio_webhook_limit_s: float = 15.0
    telnyx_webhook_limit_s: float = 2.0
    vonage_answer_limit_s: float = 5.0
    vonage_event_limit_s: float = 10.0
    # How many times these limits, and the caller's, are waited for, whoever set them: more than 1
    # is for a machine whose functions start slower than Lambda's.
    patience: float = 1.0
    retry_delay_s: float = 0.2
    first_command_timeout_s: float = 10.0
    caller_patience_s: float = 5.0
    call_limit_s: float = 30.0
    far_end_answers_after_s: float = 0.2
    longest_ring_s: float = 5.0
    machine_detection_s: float = 0.2
    # So long after a call its recording is announced already, and not there yet.
    recording_late_s: float = 0.0
    number_price: float = 1.0
    # Ten days, as Twilio says: https://support.twilio.com/hc/en-us/articles/223183028
    released_number_held_s: float = 864_000.0

    def change(self, wanted: dict[str, object]) -> None:
        """Set the named figures; raise ValueError for an unknown name or a wrong value."""
        names = {field.name for field in fields(self)}
        for name, value in wanted.items():
            if name not in names:
                raise ValueError(f"unknown setting {name!r}; there are: {', '.join(sorted(names))}")
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name} must be a number of at least 0")
            setattr(self, name, float(value))
