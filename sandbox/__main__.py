"""Run the sandbox: `python -m sandbox --port 4100 [--state FILE] [--patience TIMES]`."""

import argparse
from pathlib import Path

import uvicorn

from sandbox.app import build
from sandbox.books import UnreadableState
from sandbox.settings import Settings
from sandbox.wire import CuttableLine


def main() -> None:
    """Serve on this machine only, until interrupted."""
    parser = argparse.ArgumentParser(prog="sandbox", description="A stand-in for the carriers.")
    parser.add_argument("--port", type=int, default=4100)
    parser.add_argument("--state", type=Path, help="keep numbers and accounts in this file")
    parser.add_argument(
        "--patience",
        type=float,
        default=1.0,
        help="wait so many times as long as the carriers do for webhooks' answers (default: 1)",
    )
    arguments = parser.parse_args()
    try:
        app = build(arguments.state, Settings(patience=arguments.patience))
    except UnreadableState as error:
        parser.exit(1, f"{error}\n")
    print(f"Carrier sandbox on http://127.0.0.1:{arguments.port} (control API under /_/)")
    uvicorn.run(
        CuttableLine(app),
        host="127.0.0.1",
        port=arguments.port,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
