"""Let functions in containers reach the local stack, which listens on 127.0.0.1 only.

Docker Desktop leads `host.docker.internal` to this machine's 127.0.0.1 by itself. On Linux the name
means the gateway of Docker's bridge, an address that only this machine and its containers can
reach; nothing listens there unless this relay does. It is started by hand and lives until Ctrl-C.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from .problem import Problem
from .progress import Progress
from .workspace import Workspace

_CHUNK = 65536
_BRIDGE = b"docker0"
_SIOCGIFADDR = 0x8915  # Linux: the IPv4 address of an interface (netdevice(7))
_Relay = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def run(workspace: Workspace, progress: Progress) -> int:
    """Forward the bridge's ports to 127.0.0.1 until interrupted."""
    if sys.platform != "linux":
        progress.note("Docker Desktop reaches this machine by itself: no relay is needed.")
        return 0
    address = _checked(os.environ.get("RELAY_ADDRESS") or _bridge_address())
    ports = (workspace.emulator_port, workspace.sandbox_port)
    progress.note(f"Containers reach the stack through {address}; Ctrl-C ends it.")
    try:
        asyncio.run(_serve(address, ports))
    except OSError as error:
        raise Problem(f"The relay cannot listen on {address}: {error.strerror or error}") from error
    return 0


def _bridge_address() -> str:
    request = struct.pack("256s", _BRIDGE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            reply = fcntl.ioctl(probe, _SIOCGIFADDR, request)
        except OSError as error:
            raise Problem(
                "Docker's bridge is not there: start Docker, or set RELAY_ADDRESS to the address "
                "that host.docker.internal has in a container."
            ) from error
    return socket.inet_ntoa(reply[20:24])


def _checked(address: str) -> str:
    # Anything else would open the stack, which trusts everybody, to other machines.
    with contextlib.suppress(ValueError):
        wanted = ip_address(address)
        if wanted.is_private and not wanted.is_unspecified:
            return address
    raise Problem(f"RELAY_ADDRESS={address} is not an address between this machine and containers.")


async def _serve(address: str, ports: tuple[int, ...]) -> None:
    async with contextlib.AsyncExitStack() as listening:
        for port in ports:
            server = await asyncio.start_server(_relay_to(port), address, port)
            await listening.enter_async_context(server)
        await asyncio.Event().wait()


def _relay_to(port: int) -> _Relay:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))

    return relay


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
