"""Ties a child process to its parent: when the pipe on standard input ends, the parent is gone.

The pipe ends however the parent went, `kill -9` included, on every system; PR_SET_PDEATHSIG would
be Linux only and fires when the starting thread ends.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time

GRACE = 5.0  # Seconds a child has for its last checkpoint or its last answers.


def tie(stop: asyncio.Event) -> None:
    """Set the event when the parent is gone or says SIGTERM; leave Ctrl-C to the parent."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(loop, stop), daemon=True).start()


def _watch(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(stop.set)
    time.sleep(GRACE)
    os._exit(1)  # The loop hangs; a process without a parent must not stay.
