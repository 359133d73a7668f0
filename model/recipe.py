"""How a network is trained: the optimizer, and the learning rate of each epoch, as published."""
import torch

LOWEST_RATE = 1e-3  # training ends when steps have brought the rate below it


def make_optimizer(arg, parameters):
    """Return the optimizer that `arg.optimizer` names: SGD with momentum 0.9, or Adam."""
    if arg.optimizer == 'SGD':
        return torch.optim.SGD(parameters, lr=arg.base_lr, momentum=0.9, nesterov=arg.nesterov,
                               weight_decay=arg.weight_decay)
    return torch.optim.Adam(parameters, lr=arg.base_lr, weight_decay=arg.weight_decay)


def learning_rate(arg, epoch):
    """Return the rate of `epoch`, from 0: base_lr · (e+1) / warm_up_epoch at first, then a tenth after every step."""
    if epoch < arg.warm_up_epoch:
        return arg.base_lr * (epoch + 1) / arg.warm_up_epoch
    return arg.base_lr * 0.1 ** sum(epoch >= step for step in arg.step)


def is_last_epoch(arg, epoch):
    """Tell whether training ends after `epoch`: num_epoch is reached, or steps brought the rate below LOWEST_RATE."""
    lowered = epoch >= arg.warm_up_epoch and any(epoch >= step for step in arg.step)
    return epoch + 1 >= arg.num_epoch or lowered and learning_rate(arg, epoch) < LOWEST_RATE
