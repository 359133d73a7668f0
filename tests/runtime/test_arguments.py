"""Flags and config keys: who wins, how values are spelled, and what a wrong one gets."""
import pytest
import yaml

from main import get_parser
from runtime.errors import UserError


@pytest.fixture
def parse(tmp_path):
    def parse_config(text, *flags):
        (tmp_path / 'c.yaml').write_text(text)
        return get_parser().parse_with_config(['--config', str(tmp_path / 'c.yaml'), *flags])
    return parse_config


def test_command_line_before_yaml_before_default(parse):
    arg = parse('base_lr: 1e-3\nstep: [3, 4]\nseed: 9\nnum_epoch: 9\n', '--step', '7', '--num-epoch', '80')
    assert (arg.base_lr, arg.step, arg.seed, arg.num_epoch, arg.weight_decay) == (0.001, [7], 9, 80, 0.0005)


def test_feeder_arguments_are_replaced_key_by_key(parse):
    arg = parse('test_feeder_args: {data_path: a.npy, debug: true}\n', '--test-feeder-args', '{debug: false}')
    assert arg.test_feeder_args == {'data_path': 'a.npy', 'debug': False}


@pytest.mark.parametrize('text, value', [(t, True) for t in ('yes', 'True', 't', 'Y', '1')]
                         + [(t, False) for t in ('no', 'false', 'F', 'n', '0')])
def test_booleans(parse, text, value):
    assert parse('', '--nesterov', text).nesterov is value
    assert parse(f"nesterov: '{text}'\n").nesterov is value


def test_a_config_is_read_as_it_was_written(parse, tmp_path):
    arg = parse("val_persons: []\ngrad_clip: null\nsave_score: true\nseed: -1\nweights: '-w.pt'\n"
                "class_weights: [1, 2.5]\ndevice: 0\nstep: 30\n"
                "train_feeder_args: {graph_args: {a: ['é: 1', 1.0e-05, null]}, split: yes}\n")
    assert (arg.val_persons, arg.grad_clip, arg.save_score, arg.seed, arg.weights) == ([], None, True, -1, '-w.pt')
    assert (arg.class_weights, arg.device, arg.step) == ([1., 2.5], ['0'], [30])
    assert arg.train_feeder_args == {'graph_args': {'a': ['é: 1', 1e-5, None]}, 'split': True}
    assert parse(yaml.safe_dump({**vars(arg), 'config': str(tmp_path / 'c.yaml')})) == arg


@pytest.mark.parametrize('text, words', [
    ('1: 0.1\n', '1: unrecognized arguments'),
    ('forward_batch_size: 8\n', 'main.py --help lists the flags'), ('help: true\n', 'help: '),
    ('base_lr: [1, 2]\n', 'base_lr: unrecognized arguments: 2'), ('step: [[1], 2]\n', "step: argument --step: "),
    ('phase: trian\n', "phase: argument --phase: invalid choice: 'trian'"), ('seed: {a: 1}\n', 'seed: '),
    ('grad_clip: -1\n', "'-1' is not a number > 0"), ('weight_decay: -1\n', 'is not a number ≥ 0'),
    ('num_worker: -1\n', "'-1' is not a whole number ≥ 0"),
    ('train_feeder_args: "{a"\n', 'is not a mapping'),
    ('nesterov: maybe\n', "'maybe' is neither yes nor no"),
    ('model_args: 3\n', 'model_args'),
    ('- a\n', '"key: value"'),
    ('!!python/object/apply:os.system ["true"]\n', 'not valid YAML'),
])
def test_a_wrong_config_gets_one_line(parse, text, words):
    with pytest.raises(UserError) as error:
        parse(text)
    assert words in str(error.value) and 'c.yaml' in str(error.value)
