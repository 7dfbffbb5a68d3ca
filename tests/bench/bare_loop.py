"""The least that a generator in Python does: receive with the kernel's stamp, and send.

`python bare_loop.py PORT CONNECTIONS SECONDS`
"""

import select
import socket
import sys
from time import monotonic

SO_TIMESTAMPNS = 35
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


def connected(port: int) -> socket.socket:
    """A connection that is never waited for."""
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    made.setblocking(False)
    return made


def main(port: int, connections: int, seconds: float) -> None:
    """Say how many a second were answered."""
    sockets = [connected(port) for _ in range(connections)]
    calls = {each.fileno(): (each.recvmsg, each.send) for each in sockets}
    epoll, answered, end_s = select.epoll(), 0, monotonic() + seconds
    for each in sockets:
        epoll.register(each.fileno(), select.EPOLLIN)
        each.send(REQUEST)
    while monotonic() < end_s:
        for number, _ in epoll.poll(0.01):
            receive, send = calls[number]
            receive(65_536, 32)
            send(REQUEST)
            answered += 1
    print(answered / seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
