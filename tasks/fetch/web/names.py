"""Looking up a service's name in bounds: the system's resolver takes no time-out and may hang as long as its name servers let it.

The place where httpcore lets the network be replaced (httpcore.NetworkBackend) is used, so encryption still checks the certificate
against the name, and the name of a proxy is looked up in the same bounds.
"""

import socket
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx


class NameProblem(Exception):
    """Something about a name; the text of the exception that is one says what."""


class NameUnanswered(NameProblem, httpcore.ConnectTimeout):
    """The resolver did not answer in time."""


class NameUnknown(NameProblem, httpcore.ConnectError):
    """The resolver answered that there is no such name, or none for now."""


class BoundedNames(httpcore.SyncBackend):
    """Connects as httpcore does, but `timeout` bounds the lookup and the tries of all addresses together: each address gets an equal
    share of what is left, since the first may be one that never answers."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        end = None if timeout is None else time.monotonic() + timeout
        addresses = looked_up(host, port, timeout)
        last: Exception = NameUnknown(f"the name {host} has no address")
        for place, address in enumerate(addresses):
            share = None if end is None else max(0.05, (end - time.monotonic()) / (len(addresses) - place))
            try:
                return super().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as problem:
                last = problem
        raise last


def looked_up(host: str, port: int, timeout: float | None) -> list[str]:
    """The addresses of a name, each once, in the resolver's order. Raises NameUnanswered after `timeout` seconds (the thread that waits
    is left to itself and ends with the process), NameUnknown where there is no such name."""
    found: list[str] = []
    problems: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as problem:
            problems.append(problem)

    waiting = threading.Thread(target=ask, name=f"lookup of {host}", daemon=True)
    waiting.start()
    waiting.join(timeout)
    if waiting.is_alive():
        raise NameUnanswered(f"no name server said within {timeout:g} s where {host} is")
    if problems:
        why = problems[0].strerror if isinstance(problems[0], OSError) else "it is no name"
        raise NameUnknown(f"the name {host} was not found: {why}")
    return list(dict.fromkeys(found))


def bound_names(client: httpx.Client) -> None:
    """Have `client` look names up in bounds, also those of proxies. httpx has no option for the backend of its pools, so it is set in
    each of them; tests hold that it is used (tests/contract/test_hostile_services.py)."""
    backend = BoundedNames()
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = backend
