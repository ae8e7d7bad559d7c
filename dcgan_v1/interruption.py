"""SIGINT and SIGTERM as a request to stop after the current step."""

import signal


class Interruption:
    """While entered, the first signal is remembered; a second SIGINT stops at once.

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
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number
