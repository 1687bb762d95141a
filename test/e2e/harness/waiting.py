"""Waiting for conditions, free ports, tails of logs."""
import os
import random
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


_given_ports = set()
_HALF = int(os.environ.get("DAAS_E2E_HALF", "0"))  # of in_two: each has ports of its own


def free_port(distance=0):
    """A port that is free, as the one `distance` further is, and that no call before has given away. Below
    those that the OS hands out by itself, so that it stays free while its owner is not running."""
    while True:
        port = random.randrange(12000, 31000, 2) + _HALF
        wanted = {port, port + distance}
        if wanted & _given_ports:
            continue
        try:
            for one in wanted:
                with socket.socket() as probe:
                    probe.bind(("0.0.0.0", one))
        except OSError:
            continue
        _given_ports.update(wanted)
        return port


def tail(path, lines=40):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except OSError as error:
        return str(error)
