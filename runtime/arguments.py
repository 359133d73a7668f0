"""Arguments of a command: flags, and a YAML file with the same names, which argparse checks as it checks flags.

`get_parser` has the flags of main.py. It stands here because predict.py, visualize.py, export.py and crossval.py read
the same configs, and not all of them need torch.
"""
import argparse
import math
import os

import yaml

from runtime.errors import UserError


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are the user's one line, and whose flags may not be abbreviated.

    Help texts end in the default, where there is one and they do not state it.
    """

    def __init__(self, description, prog=None):
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def add_argument(self, *names, **how):
        text = how.get('help')
        if text and how.get('default') not in (None, [], argparse.SUPPRESS) and '(default: ' not in text:
            how['help'] = f'{text} (default: %(default)s)'
        return super().add_argument(*names, **how)

    def error(self, message):
        raise UserError(f'{message}: {self.prog} --help lists the flags')

    def parse_with_config(self, argv=None):
        """Return the namespace of `argv`, with the rest taken from the YAML of its `--config`.

        Priority: command line, then YAML, then default. Of a dict (feeder and model arguments) the command line
        replaces only the keys that it names. Raises UserError for a key that is no flag and for a wrong value.
        """
        path = self.parse_args(argv).config
        arguments = self.parse_args([])
        for key, value in read_yaml(path).items():
            try:
                self.parse_args(as_flag(key, value), arguments)
            except UserError as error:
                raise UserError(f'{path}: {key}: {error}') from None
        return self.parse_args(argv, arguments)


class Update(argparse.Action):
    """Of a flag whose value is a dict: its keys replace those of the config, the others stay."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, {**getattr(namespace, self.dest), **values})


def as_flag(key, value):
    """Return the words of a command line that give the flag `key` the `value` read from YAML; none for null."""
    flag = '--' + str(key).replace('_', '-')
    if value is None:
        return []
    if isinstance(value, list):
        return [flag, *map(str, value)]
    return [f'{flag}={yaml.safe_dump(value, default_flow_style=True) if isinstance(value, dict) else value}']


def read_yaml(path):
    """Return the mapping in the YAML file at `path`; UserError names the line where it is broken."""
    try:
        with open(path, encoding='utf-8') as file:
            content = yaml.safe_load(file)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f'{path}: not valid YAML: {error}') from None
    if not isinstance(content, dict | None):
        raise UserError(f'{path}: the file must hold "key: value" lines')
    return content or {}


def yes_or_no(text):
    """Read a boolean as the published flags spell it: yes/true/t/y/1 or no/false/f/n/0."""
    if text.lower() in ('yes', 'true', 't', 'y', '1'):
        return True
    if text.lower() in ('no', 'false', 'f', 'n', '0'):
        return False
    raise argparse.ArgumentTypeError(f"'{text}' is neither yes nor no")


def mapping(text):
    """Read a dict as YAML writes it in one line: `{window_size: 64, debug: true}`."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None
    if not isinstance(content, dict):
        raise argparse.ArgumentTypeError(f"'{text}' is not a mapping such as {{window_size: 64}}")
    return content


def ranged(kind, fits, words):
    """Return a flag's type, which reads a `kind` of number that `fits`; `words` describe such numbers."""
    def read(text):
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not fits(number):
            raise argparse.ArgumentTypeError(f"'{text}' is not {words}")
        return number
    return read


count = ranged(int, lambda number: number >= 1, 'a whole number ≥ 1')
whole_number = ranged(int, lambda number: number >= 0, 'a whole number ≥ 0')
number_from_0 = ranged(float, lambda number: 0 <= number < math.inf, 'a number ≥ 0')
number_above_0 = ranged(float, lambda number: 0 < number < math.inf, 'a number > 0')
finite_number = ranged(float, math.isfinite, 'a finite number')
fraction = ranged(float, lambda number: 0 <= number < 1, 'a number ≥ 0 and < 1')


def balanced_or_number(text):
    """Read the word balanced, or a number from 0."""
    return text if text == 'balanced' else number_from_0(text)


def cores():
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def get_parser():
    """Return the parser of all flags of main.py."""
    parser = Parser('Train or test one stream of 2s-AGCN. Flags override the YAML of --config, which overrides the '
                    'defaults.', prog='main.py')
    add = parser.add_argument
    switch = {'type': yes_or_no, 'nargs': '?', 'const': True}
    dictionary = {'type': mapping, 'action': Update, 'default': {}}

    add('--config', default='./config/nturgbd-cross-view/test_bone.yaml', help='YAML file whose keys are these flags')
    add('--phase', default='train', choices=('train', 'test'), help='train the model or test it')
    add('--work-dir', default='./work_dir/temp', help='folder for the log, the config and the scores')
    add('-model_saved_name', '--model-saved-name', default='',
        help='path prefix of weights and TensorBoard events (default: WORK_DIR/weights)')
    add('--overwrite', default=False, **switch, help='replace the results of an earlier run')
    add('--resume', default=False, **switch, help='continue from the checkpoint in the work dir')

    add('--feeder', default='feeders.feeder.Feeder', help='dotted class name of the data set')
    add('--train-feeder-args', **dictionary, help='arguments of the training feeder')
    add('--test-feeder-args', **dictionary, help='arguments of the test feeder')
    add('--num-worker', type=whole_number, default=None,
        help='processes that load data (default: chosen for this machine)')
    add('--batch-size', type=count, default=256, help='samples of one training step, over all devices')
    add('--test-batch-size', type=count, default=256, help='samples of one test batch')

    add('--val-persons', default=[], nargs='*',
        help='validate on the training samples of these persons, such as P008')
    add('--val-share', type=fraction, default=0.,
        help='validate on this fraction of the training samples of each class; whole persons if they are known')

    add('--model', default=None, help='dotted class name of the model')
    add('--model-args', **dictionary, help='arguments of the model')
    add('--weights', default=None,
        help='initial weights (.pt, .pth or .pkl); a relative path is also looked up under data/')
    add('--ignore-weights', default=[], nargs='*', help='do not load weights whose names contain one of these texts')

    add('--optimizer', default='SGD', choices=('SGD', 'Adam', 'AdamW'), help='optimizer; SGD uses momentum 0.9')
    add('--base-lr', type=number_from_0, default=0.01,
        help='initial learning rate; the maximum, for the schedule one-cycle')
    add('--schedule', default='step', choices=('step', 'cosine', 'one-cycle'), help='learning rate schedule')
    add('--step', type=int, default=[20, 40, 60], nargs='*',
        help='epochs at which the schedule step lowers the rate')
    add('--lr-decay-rate', type=number_from_0, default=0.1, help='factor of the rate at each of these steps')
    add('--warm_up_epoch', '--warm-up-epoch', type=whole_number, default=0,
        help='epochs of linear warm-up to base-lr')
    add('--nesterov', type=yes_or_no, default=False, help='use Nesterov momentum')
    add('--weight-decay', type=number_from_0, default=0.0005, help='weight decay')
    add('--label-smoothing', type=fraction, default=0.,
        help='fraction of each label that is spread evenly over all classes')
    add('--class-weights', type=balanced_or_number, nargs='+', default=None,
        help='weights of the classes in the training loss: balanced, or a number for each class')
    add('--ema', type=fraction, default=0.,
        help='evaluate and save an exponential moving average of the weights, with this decay per step')
    add('--only_train_part', '--only-train-part', type=yes_or_no, default=False,
        help='freeze the learned graphs (PA) up to only-train-epoch')
    add('--only_train_epoch', '--only-train-epoch', type=int, default=0,
        help='last epoch, counted from 0, in which they are frozen')
    add('--start-epoch', type=whole_number, default=0, help='first epoch, counted from 0')
    add('--num-epoch', type=int, default=80, help='number of epochs')
    add('--accumulate', type=count, default=1,
        help='split each batch into this many micro-batches and average their gradients, to save memory')
    add('--grad-clip', type=number_above_0, default=None, help='clip the L2 norm of the gradient to this value')

    add('--device', default=['0'], nargs='+', help='GPU numbers, cuda:1, mps, cpu, or auto (the best available)')
    add('--precision', default='fp32', choices=('fp32', 'bf16', 'fp16'),
        help='precision of the forward pass; fp16 needs CUDA')
    add('--compile', default=False, **switch,
        help='compile the model (for training on CUDA only); the first batches are slow')
    add('--skip-empty-bodies', type=yes_or_no, default=True, help='compute identical bodies once')
    add('--seed', type=int, default=1, help='seed of weights, order of samples and augmentations')

    add('--log-interval', type=count, default=100, help='log loss and learning rate every N batches')
    add('--save-interval', type=count, default=2, help='save weights every N epochs')
    add('--eval-interval', type=count, default=1, help='evaluate every N epochs')
    add('--keep', type=count, default=None, help='keep only the latest N weight files (default: all)')
    add('--print-log', type=yes_or_no, default=True, help='write the log to work-dir/log.txt')
    add('--show-topk', type=count, default=[1, 5], nargs='+', help='values of k of the top-k accuracies in the log')
    add('--save-score', type=yes_or_no, default=False, help='write the scores of every evaluation')
    return parser
