"""SIGINT (Ctrl-C) and SIGTERM (sent by clusters) stop a run after its current step."""
import signal

from runtime.errors import UserError


def stop_requested(number, advice):
    """Return the error that ends a run which signal `number` stopped, with the status that shells expect."""
    return UserError(f'stopped by {signal.Signals(number).name}: {advice}', 128 + number)


class StopSignals:
    """Within the block, a first SIGINT or SIGTERM is only stored, in `received`; a second one has its usual effect."""

    def __init__(self):
        self.received = None

    def __enter__(self):
        self._before = {number: signal.signal(number, self._remember) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number, _frame):
        self.received = number
        signal.signal(number, self._before[number])
