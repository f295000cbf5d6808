"""A command that goes on for ever ends when it is told, and leaves signals as it found them."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from api.commands.stopping import until_told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_the_event_and_does_afterwards_what_it_did_before(number: signal.Signals) -> None:
    stopped, before = threading.Event(), signal.getsignal(number)
    with until_told(stopped):
        os.kill(os.getpid(), number)
        assert stopped.wait(5)
    assert signal.getsignal(number) == before


def test_a_fault_within_leaves_them_as_they_were_too() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError), until_told(threading.Event()):
        raise ValueError
    assert signal.getsignal(signal.SIGTERM) == before
