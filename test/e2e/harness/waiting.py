"""Waiting for conditions, free ports, tails of logs."""
import socket
import time


def wait_for(condition, deadline, what, pause=0.02):
    """Calls condition() until it returns something true, which it returns. After `deadline` seconds
    fails, saying what was awaited and what was seen: the last false result or the last NotYet."""
    end = time.monotonic() + deadline
    while True:
        try:
            seen = condition()
            if seen:
                return seen
        except NotYet as not_yet:
            seen = not_yet
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what}; seen last: {seen}")
        time.sleep(pause)


class NotYet(Exception):
    """Raised by a condition that wants to say what it saw."""


def free_port(distance=0):
    """A port that the OS calls free; the one `distance` further is free, too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            if not distance:
                return port
            try:
                second.bind(("127.0.0.1", port + distance))
                return port
            except (OSError, OverflowError):
                continue


def tail(path, lines=40):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except OSError as error:
        return str(error)
