"""SIGINT and SIGTERM as a request to stop after the current step."""

import signal


class Interruption:
    """While entered, the first signal is remembered; a second SIGINT kills at once.

    Also in the middle of a long operation, which a handler in Python would wait for.

    Attributes:
      signal: the number of the signal that came, or None.
    """

    def __init__(self):
        self.signal = None

    def __enter__(self):
        self._before = {
            number: signal.signal(number, self._handle)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number, _):
        self.signal = number
        signal.signal(signal.SIGINT, signal.SIG_DFL)
