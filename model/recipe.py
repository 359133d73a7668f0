"""The training recipe: optimizer, learning rate, average of the weights. Defaults are the published ones."""
import torch
from torch.nn import functional as F
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.from_config import class_count
from runtime.errors import UserError

MIN_RATE = 1e-3  # training ends once the steps have lowered the rate below it
RISING_FRACTION = 0.3  # of a one-cycle schedule without warm_up_epoch (PyTorch's default)


def make_optimizer(arg, parameters):
    """Return the optimizer that `arg.optimizer` names: SGD with momentum 0.9, Adam, or AdamW."""
    if arg.optimizer == 'SGD':
        return torch.optim.SGD(parameters, lr=arg.base_lr, momentum=0.9, nesterov=arg.nesterov,
                               weight_decay=arg.weight_decay)
    optimizer = {'Adam': torch.optim.Adam, 'AdamW': torch.optim.AdamW}[arg.optimizer]
    return optimizer(parameters, lr=arg.base_lr, weight_decay=arg.weight_decay)


class Loss(torch.nn.Module):
    """The training loss of scores (N, num_class) and labels (N,): the mean over the samples of weight · cross entropy.

    `weight` (num_class,) holds the weight of each class; with None, all weigh the same. PyTorch's weighted cross
    entropy divides by the sum of the batch's weights; here a sample weighs the same in any batch, micro-batch or
    process.
    """

    def __init__(self, weight=None, label_smoothing=0.):
        super().__init__()
        self.register_buffer('weight', weight)
        self.label_smoothing = label_smoothing

    def forward(self, scores, label):
        if self.weight is None:
            return F.cross_entropy(scores, label, label_smoothing=self.label_smoothing)
        losses = F.cross_entropy(scores, label, reduction='none', label_smoothing=self.label_smoothing)
        return (self.weight[label] * losses).mean()


def make_loss(arg, labels):
    """Return the Loss of training samples with `labels`, with the class weights and the label smoothing of `arg`."""
    weight = arg.class_weights and class_weights(arg.class_weights, labels, class_count(arg))
    return Loss(weight, arg.label_smoothing)


def class_weights(given, labels, num_class):
    """Return the weight of each class in the loss, float32 (num_class,), scaled to a mean of 1 over the samples.

    `given` is ['balanced'] or a number for each class. Balanced weights are inverse to the number of samples of a
    class, so that all classes that have samples contribute equally to the loss of an epoch. Raises UserError for
    another number of weights, and if no sample would have a weight.
    """
    counts = torch.bincount(torch.as_tensor(labels), minlength=num_class)
    if given == ['balanced']:
        weight = 1 / counts.clamp(min=1)
    elif 'balanced' in given or len(given) != num_class:
        raise UserError(f'class_weights: {len(given)} values for {num_class} classes: give balanced, or one a class')
    else:
        weight = torch.tensor(given)
    if not (weight * counts).any():
        raise UserError('class_weights: every class that has training samples weighs 0')
    return weight * counts.sum() / (weight * counts).sum()


def freeze_graphs(network, frozen):
    """Freeze the learned graphs of `network` (the parameters named PA), or train them; return whether any changes."""
    learned = [parameter for name, parameter in network.named_parameters() if 'PA' in name]
    changed = any(parameter.requires_grad == frozen for parameter in learned)
    for parameter in learned:
        parameter.requires_grad_(not frozen)
    return changed


def learning_rate(arg, epoch):
    """Return the rate of `epoch` e, from 0.

    It rises as base_lr · (e+1) / warm_up_epoch; then it is base_lr, times lr_decay_rate for every step up to e.
    """
    if epoch < arg.warm_up_epoch:
        return arg.base_lr * (epoch + 1) / arg.warm_up_epoch
    return arg.base_lr * arg.lr_decay_rate ** sum(epoch >= step for step in arg.step)


def is_last_epoch(arg, epoch):
    """Return whether training ends after `epoch`: the last of num_epoch, or the rate falls below MIN_RATE."""
    lowered = arg.schedule == 'step' and epoch >= arg.warm_up_epoch and any(epoch >= step for step in arg.step)
    return epoch + 1 >= arg.num_epoch or lowered and learning_rate(arg, epoch) < MIN_RATE


def make_scheduler(arg, optimizer, steps_per_epoch):
    """Return the scheduler that sets the rate after every optimizer step, or None if it follows `learning_rate`.

    cosine: a linear rise over warm_up_epoch, then base_lr falls to 0 along half a cosine. one-cycle: a rise along a
    cosine from base_lr / 25, over warm_up_epoch or RISING_FRACTION of the run, then a fall to almost 0 (Smith and
    Topin, Super-Convergence, 2018).
    """
    epochs = max(1, arg.num_epoch - arg.start_epoch)
    total, rising = epochs * steps_per_epoch, arg.warm_up_epoch * steps_per_epoch
    if arg.schedule == 'one-cycle':
        # With one rising step, PyTorch would divide by 0.
        fraction = rising / total if 1 < rising < total else RISING_FRACTION
        return lr_scheduler.OneCycleLR(optimizer, arg.base_lr, total, pct_start=fraction)
    if arg.schedule == 'cosine':
        falling = lr_scheduler.CosineAnnealingLR(optimizer, max(1, total - rising))
        if not rising:
            return falling
        linear = lr_scheduler.LinearLR(optimizer, 1 / rising, total_iters=rising)
        return lr_scheduler.SequentialLR(optimizer, [linear, falling], [rising])
    return None


def average_weights(network, decay):
    """Return the moving average of `network`'s weights and running statistics, updated by `update_parameters`.

    Each update moves it by (1 − decay) of the difference. The averaged network is `.module`.
    """
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
