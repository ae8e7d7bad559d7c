"""SIGINT, SIGTERM and SIGHUP as a request to stop after the current step."""

import os
import signal
import stat
from types import FrameType
from typing import Self


class Interruption:
    """While entered, the first signal is remembered; a second SIGINT kills at once.

    Also in the middle of a long operation, which a handler in Python would wait for. A
    lost connection (SIGHUP) takes the terminal with it, and what reads our pipes, so
    whatever is printed from then on goes nowhere; under `nohup` that signal stays
    ignored.

    Attributes:
      signal: the number of the signal that came, or None.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    def __enter__(self) -> Self:
        # asked now: of a terminal that has gone the answer is no
        self._mortal = [s for s in (1, 2) if os.isatty(s) or _is_pipe(s)]
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._handle) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _: FrameType | None) -> None:
        self.signal = number
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if number == signal.SIGHUP:
            nothing = os.open(os.devnull, os.O_WRONLY)
            for stream in self._mortal:
                os.dup2(nothing, stream)
            os.close(nothing)


def _is_pipe(stream: int) -> bool:
    return stat.S_ISFIFO(os.fstat(stream).st_mode)
