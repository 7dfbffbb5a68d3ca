"""A certificate that nobody vouches for, made anew for each run."""

from __future__ import annotations

import ssl

import trustme


def of_nobody() -> ssl.SSLContext:
    """A server's context with a certificate of an authority that no machine knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context
