"""Where the time of a webhook's start goes: by package, and drawn."""

from collections import Counter
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.runtime import BUILD, FLOOR, ROOT, Runtime

_PROBE = ROOT / "bench" / "import_probe.py"

_FUNCTIONS = {
    "floor": (FLOOR, {"CARRIER": ""}),
    "Twilio": (BUILD / "CarrierWebhookTwilio", {"CARRIER": "twilio"}),
    "Telnyx": (BUILD / "CarrierWebhookTelnyx", {"CARRIER": "telnyx"}),
    "Vonage": (BUILD / "CarrierWebhookVonage", {"CARRIER": "vonage"}),
    "SIP bridge": (BUILD / "CarrierWebhookSip", {"CARRIER": "byo-sip-trunk"}),
}
_RUNS = 5
_PARTS = {
    "boto3": ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
    "Powertools": ("aws_lambda_powertools", "typing_extensions"),
    "switchboard": ("switchboard",),
    "carrier's library": ("twilio", "cryptography", "_cffi_backend", "_openssl"),
}
_LIBRARY = "standard library"
_CLIENTS = "clients, and the rest"
_COLOURS = {
    _LIBRARY: "#9aa5b1",
    "boto3": "#e0a458",
    "Powertools": "#b5838d",
    "switchboard": "#3d7ea6",
    "carrier's library": "#6a994e",
    _CLIENTS: "#5c4d7d",
}
_WIDTH, _ROW, _LEFT = 900, 34, 90


@dataclass(frozen=True)
class Start:
    """One start: milliseconds by part."""

    parts: dict[str, float]

    @property
    def total(self) -> float:
        """Return all of it."""
        return sum(self.parts.values())


def measure(runtime: Runtime) -> dict[str, Start]:
    """Return the median of each function's starts, by total."""
    starts: dict[str, list[Start]] = {name: [] for name in _FUNCTIONS}
    for _ in range(_RUNS):
        # In turn: what the machine does beside them meets all of them.
        for name, (task, environment) in _FUNCTIONS.items():
            starts[name].append(_start(runtime, task, environment))
    return {name: sorted(found, key=_total)[_RUNS // 2] for name, found in starts.items()}


def draw(starts: dict[str, Start], to: Path) -> None:
    """Write the picture: a bar for each function, its parts in order."""
    scale = (_WIDTH - _LEFT - 80) / max(start.total for start in starts.values())
    lines = [_legend()]
    for row, (name, start) in enumerate(starts.items(), 1):
        lines += _bar(name, start, 14 + row * _ROW, scale)
    height = 24 + (len(starts) + 1) * _ROW
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="13">'
    )
    background = f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    to.write_text("\n".join([frame, background, *lines, "</svg>"]) + "\n")


def _total(start: Start) -> float:
    return start.total


def _bar(name: str, start: Start, y: int, scale: float) -> list[str]:
    lines = [f'<text x="4" y="{y + 17}">{escape(name)}</text>']
    x = float(_LEFT)
    for part, colour in _COLOURS.items():
        width = start.parts.get(part, 0) * scale
        lines.append(
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="24" fill="{colour}">'
            f"<title>{escape(part)}: {start.parts.get(part, 0):.0f} ms</title></rect>"
        )
        x += width
    lines.append(f'<text x="{x + 6:.1f}" y="{y + 17}">{start.total:.0f} ms</text>')
    return lines


def _legend() -> str:
    spans = []
    for place, (part, colour) in enumerate(_COLOURS.items()):
        x = _LEFT + place * 128
        spans.append(f'<rect x="{x}" y="10" width="12" height="12" fill="{colour}"/>')
        spans.append(f'<text x="{x + 17}" y="21">{escape(part)}</text>')
    return "\n".join(spans)


def _start(runtime: Runtime, task: Path, environment: dict[str, str]) -> Start:
    parts: Counter[str] = Counter()
    for package, seconds in runtime.run(_PROBE, task, **environment).items():
        parts[_part(package) if package else _CLIENTS] += 1000 * seconds
    return Start(dict(parts))


def _part(package: str) -> str:
    return next((part for part, names in _PARTS.items() if package in names), _LIBRARY)
