"""How a network is trained: optimizer, learning rate, and the average of the weights. What is not asked for is as
published."""
import torch
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

LOWEST_RATE = 1e-3  # training ends when steps have brought the rate below it
RISING_SHARE = 0.3  # of a one-cycle schedule without warm_up_epoch (PyTorch's default)


def make_optimizer(arg, parameters):
    """Return the optimizer that `arg.optimizer` names: SGD with momentum 0.9, Adam, or AdamW."""
    if arg.optimizer == 'SGD':
        return torch.optim.SGD(parameters, lr=arg.base_lr, momentum=0.9, nesterov=arg.nesterov,
                               weight_decay=arg.weight_decay)
    optimizer = {'Adam': torch.optim.Adam, 'AdamW': torch.optim.AdamW}[arg.optimizer]
    return optimizer(parameters, lr=arg.base_lr, weight_decay=arg.weight_decay)


def learning_rate(arg, epoch):
    """Return the rate of `epoch`, from 0: base_lr · (e+1) / warm_up_epoch at first, then a tenth after every step."""
    if epoch < arg.warm_up_epoch:
        return arg.base_lr * (epoch + 1) / arg.warm_up_epoch
    return arg.base_lr * 0.1 ** sum(epoch >= step for step in arg.step)


def is_last_epoch(arg, epoch):
    """Tell whether training ends after `epoch`: num_epoch is reached, or steps brought the rate below LOWEST_RATE."""
    lowered = arg.schedule == 'step' and epoch >= arg.warm_up_epoch and any(epoch >= step for step in arg.step)
    return epoch + 1 >= arg.num_epoch or lowered and learning_rate(arg, epoch) < LOWEST_RATE


def make_scheduler(arg, optimizer, steps_per_epoch):
    """Return the scheduler that sets the rate after every step of the run, or None: steps follow `learning_rate`.

    cosine: base_lr falls to 0 along half a cosine, after a linear rise over warm_up_epoch. one-cycle: it rises from
    base_lr / 25 along a cosine, over warm_up_epoch or RISING_SHARE of the run, and falls to almost 0 (Smith and Topin,
    Super-Convergence, 2018).
    """
    epochs = max(1, arg.num_epoch - arg.start_epoch)
    total, rising = epochs * steps_per_epoch, arg.warm_up_epoch * steps_per_epoch
    if arg.schedule == 'one-cycle':
        # PyTorch divides by the steps after the first one in which the rate rises.
        share = rising / total if 1 < rising < total else RISING_SHARE
        return lr_scheduler.OneCycleLR(optimizer, arg.base_lr, total, pct_start=share)
    if arg.schedule == 'cosine':
        falling = lr_scheduler.CosineAnnealingLR(optimizer, max(1, total - rising))
        if not rising:
            return falling
        linear = lr_scheduler.LinearLR(optimizer, 1 / rising, total_iters=rising)
        return lr_scheduler.SequentialLR(optimizer, [linear, falling], [rising])
    return None


def average_weights(network, decay):
    """Return a copy of `network` that follows it by `update_parameters`: each time (1 − decay) of the way.

    The running statistics of batch norms are averaged too. The copy itself is `.module`.
    """
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
