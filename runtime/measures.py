"""What training steps measure: kept on the device until it is needed, because reading makes the CPU wait."""
import math
import time

import torch

from runtime.errors import UserError
from runtime.trained import bad_clip, sample_names


class Measures:
    """Loss, l1 loss and accuracy of the steps of an epoch.

    `losses` holds those of the steps that were read, means over all processes. `events` get the scalars; `feeder` knows
    the names of the samples.
    """

    def __init__(self, events, processes, feeder):
        self.events = events
        self.processes = processes
        self.feeder = feeder
        self.losses = []
        self.unread = []

    def add(self, measured, index, epoch, global_step, rate):
        """Add the next step: `measured` (parts, 3) of the samples `index`, at this learning rate."""
        self.unread.append((measured, index, {'lr': rate, 'epoch': epoch}, global_step, time.time()))

    def read(self):
        """Read the steps that were added since the last call, and write them as events; UserError for a bad loss.

        All processes call it after the same steps.
        """
        steps, self.unread = self.unread, []
        if not steps:
            return
        measured = torch.stack([measured for measured, *_ in steps]).cpu().double()  # (steps, parts, 3)
        for (loss, loss_l1, accuracy), (_, index, scalars, global_step, when) in zip(
                self.processes.mean(measured.mean(1).numpy()).tolist(), steps):
            if not math.isfinite(loss):
                self.refuse(loss, index, scalars['epoch'])
            self.losses.append(loss)
            self.events.add_scalars({'acc': accuracy, 'loss': loss, 'loss_l1': loss_l1, **scalars}, global_step, when)

    def refuse(self, loss, index, epoch):
        index = index.tolist()
        gathered = self.processes.gather((bad_clip(self.feeder, index), sample_names(self.feeder, index)))
        for line, _ in gathered or []:
            if line:
                raise UserError(line)
        names = ', '.join(str(name) for _, names in gathered or [] for name in names)
        raise UserError(f'the loss is {loss} in epoch {epoch + 1}, batch {len(self.losses) + 1}, of the samples '
                        f'{names}: lower --base-lr or set --grad-clip; the weights saved earlier are kept')

    def clear(self):
        """Begin the next epoch."""
        self.losses = []

    def state_dict(self):
        return {'losses': self.losses}

    def load_state_dict(self, state):
        self.losses = list(state['losses'])
