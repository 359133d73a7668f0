"""The flags of a run, which are the keys of a YAML config too, with `_` for `-`.

Separate from main.py because predict.py and visualize.py read the same configs.
"""
from runtime.arguments import (
    Parser,
    Update,
    balanced_or_number,
    count,
    fraction,
    mapping,
    number_above_0,
    number_from_0,
    whole_number,
    yes_or_no,
)


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
    add('--balanced', default=False, **switch, help='draw training samples so that all classes come equally often')
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
    add('--deterministic', type=yes_or_no, default=True, help='use only deterministic cuDNN kernels')

    add('--log-interval', type=count, default=100, help='log loss and learning rate every N batches')
    add('--save-interval', type=count, default=2, help='save weights every N epochs')
    add('--eval-interval', type=count, default=1, help='evaluate every N epochs')
    add('--keep', type=count, default=None, help='keep only the latest N weight files (default: all)')
    add('--print-log', type=yes_or_no, default=True, help='write the log to work-dir/log.txt')
    add('--show-topk', type=count, default=[1, 5], nargs='+', help='values of k of the top-k accuracies in the log')
    add('--save-score', type=yes_or_no, default=False, help='write the scores of every evaluation')
    return parser
