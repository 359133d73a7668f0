"""Each row of the table in docs/errors.md, provoked by a command."""
import contextlib
import json
import os
import pathlib
import pickle
import re

import numpy as np
import pytest
import torch
from conftest import ROOT, run_script
from tiny import MODEL_ARGS, config, write_config, write_dataset

from data_gen.formats.pose_recording import PoseRecording, write_recording
from data_gen.recording import FRACTIONS
from graph.skeleton import SKELETONS
from model.agcn import Model
from runtime.atomic_file import only_run_on
from tests.data_gen.raw_custom import SKELETON, flags, own_preparation, write_clips, write_skeleton, write_table
from tests.data_gen.raw_ntu import write_tree
from tests.pyskl_files import made_up, write_annotations, write_recordings
from tests.small_model import Model as SmallModel

SCRIPT = 'data_gen/custom_gendata.py'
POSE = {'data': [{'frame_index': 0, 'skeleton': [{'pose': [.5] * 36, 'score': [1] * 18}]}]}  # Kinetics-Skeleton's
CLIP = np.ones((3, 9, 5, 2), np.float32)


def table():
    """Return what → (template of the line, status) of the last table in docs/errors.md."""
    text = (ROOT / 'docs/errors.md').read_text().split('## What each line says')[1]
    rows = [[cell.strip() for cell in line.strip('|').split(' | ')] for line in text.splitlines() if line[:2] == '| ']
    return {what: (line.strip('`'), int(status)) for what, line, status in rows[2:]}


def flat_preparation(**more):
    return own_preparation(dimensions=2, persons=2, **more).as_text()


class Hostile:
    def __reduce__(self):
        return os.system, ('true',)


class Case:
    """A temporary folder with tiny data, and the ways to spoil it; a method returns the command to run."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {}
        write_dataset(folder / 'data')
        self.val = {'data_path': str(folder / 'data/val_data_joint.npy'),
                    'label_path': str(folder / 'data/val_label.pkl')}

    def write(self, name, content):
        """Write an array, text or a value as JSON, which is YAML, too, and return the path."""
        path = self.folder / name
        if name.endswith('.npy'):
            np.save(path, content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def main(self, *flags, **changes):
        content = config(self.folder / 'data', self.folder, **changes)
        return 'main.py', '--config', write_config(self.folder / 'c.yaml', content), *flags

    def test_feeder(self, **changes):
        return self.main(test_feeder_args={**self.val, **changes})

    def labels(self, content):
        (self.folder / 'data/other.pkl').write_bytes(pickle.dumps(content))
        return self.test_feeder(label_path=str(self.folder / 'data/other.pkl'))

    def cut_data(self):
        path = self.folder / 'data/cut.npy'
        path.write_bytes((self.folder / 'data/val_data_joint.npy').read_bytes()[:-1000])
        return self.test_feeder(data_path=str(path))

    def nan_clip(self):
        clips = np.load(self.folder / 'data/train_data_joint.npy')
        clips[3, 0, 0, 0, 0] = np.nan
        np.save(self.folder / 'data/train_data_joint.npy', clips)
        return self.main('--batch-size', '16')

    def weights(self, changed, cut=None):
        state = {**Model(**MODEL_ARGS).state_dict(), **changed}
        torch.save(state, self.folder / 'w.pt')
        (self.folder / 'w.pt').write_bytes((self.folder / 'w.pt').read_bytes()[:cut])
        return self.main('--weights', self.folder / 'w.pt')

    def recordings(self):
        splits = {f'split xsub_{part}': np.array([0]) for part in ('train', 'val')}
        np.savez(self.folder / 'recordings.npz', name=['a'], label=[0], begin=[0], bodies=[1], frames=[1], **splits)
        feeder_args = {'recordings': str(self.folder), 'split': 'xsub_test'}
        return self.main(feeder='feeders.pyskl.Feeder', train_feeder_args=feeder_args, test_feeder_args=feeder_args)

    def high_label(self):
        names, labels = pickle.loads((self.folder / 'data/val_label.pkl').read_bytes())
        return self.labels((names, [*labels[:-1], 9]))

    def earlier_run(self):
        (self.folder / 'work_dir').mkdir()
        torch.save({'arguments': {'phase': 'train', 'model': 'model.agcn.Model'}, 'random': []},
                   self.folder / 'work_dir/checkpoint.pt')
        return self.main('--resume', '--model', 'model.aagcn.Model')

    def earlier_weights(self):
        (self.folder / 'runs').mkdir()
        (self.folder / 'runs/tiny-best.pt').write_bytes(b'')
        return self.main()

    def running(self):
        self.held = contextlib.ExitStack()  # held while the case lives
        self.held.enter_context(only_run_on(self.folder / 'work_dir', '--work-dir'))
        return self.main()

    def unwritable(self):
        (self.folder / 'file').write_text('')
        return self.main('--work-dir', self.folder / 'file/work')

    def scores(self):
        names, _ = pickle.loads((self.folder / 'data/val_label.pkl').read_bytes())
        for stream, kept in (('joint', names), ('bone', names[2:])):
            path = self.folder / f'work_dir/ntu/xsub/agcn_test_{stream}/epoch1_test_score.pkl'
            path.parent.mkdir(parents=True)
            path.write_bytes(pickle.dumps({name: np.zeros(4, np.float32) for name in kept}))
        return 'ensemble.py', '--datasets', 'ntu/xsub', '--labels', self.val['label_path']

    def raw(self, *flags):
        write_tree(self.folder / 'raw', ['S001C001P001R001A002', 'S001C002P003R001A002'])
        (self.folder / 'raw/S001C001P001R001A001.skeleton').write_text('1\n1\nword\n')
        paths = '--data_path', self.folder / 'raw', '--out_folder', self.folder / 'out'
        return 'data_gen/ntu_gendata.py', *paths, *flags

    def clips(self, *more, header=None):
        """Prepare clips of a skeleton in YAML, with a broken one among them; `header` replaces the table's."""
        write_clips(self.folder / 'mine', people=2)
        np.save(self.folder / 'mine/clips/p0_sit.npy', np.ones((9, 4, 3)))
        if header:
            write_table(self.folder / 'mine/labels.csv', header, [['p0_sit.npy', 'sit', 'train']])
        return SCRIPT, *flags(self.folder / 'mine', self.folder / 'made'), *more

    def other_clips(self):
        run_script(*self.clips(), cwd=self.folder, status=1)
        return SCRIPT, *flags(self.folder / 'mine', self.folder / 'made'), '--center', 'chest'

    def skeleton(self, **change):
        graph_args = {'file': str(self.write('skeleton.yaml', {**SKELETON, **change}))}
        return self.main(model_args={'num_class': 4, 'graph': 'graph.skeleton.Graph', 'graph_args': graph_args})

    def predict(self, *files):
        """Predict broken.skeleton and whole.skeleton, those of them in `files`, with initial weights."""
        self.weights({})
        self.raw()
        (self.folder / 'raw/S001C001P001R001A001.skeleton').rename(self.folder / 'broken.skeleton')
        (self.folder / 'raw/S001C001P001R001A002.skeleton').rename(self.folder / 'whole.skeleton')
        (self.folder / 'nothing').mkdir()
        return ('predict.py', '--config', self.folder / 'c.yaml', '--weights', self.folder / 'w.pt',
                *(self.folder / name for name in files))

    def own(self, file, content, preparations):
        """Predict a file by a stream for each of the `preparations`, texts, trained on clips of SKELETON."""
        model_args = {'num_class': 4, 'num_point': 5, 'graph': 'graph.skeleton.Graph',
                      'graph_args': {'file': str(self.write('skeleton.yaml', SKELETON))}}
        torch.save(SmallModel(**model_args).state_dict(), self.folder / 'w.pt')
        configs = []
        for number, text in enumerate(preparations):
            data = self.folder / f'own{number}'
            data.mkdir()
            if text is not None:
                (data / 'preparation.yaml').write_text(text)
            configs.append(write_config(data / 'c.yaml', config(
                data, data, model='tests.small_model.Model', model_args=model_args, weights=str(self.folder / 'w.pt'))))
        return 'predict.py', '--config', *configs, self.write(file, content)

    def rates(self):
        """Prepare two recordings of different frames per second."""
        (self.folder / 'mine').mkdir()
        write_skeleton(self.folder / 'mine/skeleton.yaml')
        for name, fps in (('a', 30.), ('b', 60.)):
            write_recording(self.folder / f'mine/clips/{name}.npz', PoseRecording(
                tuple(SKELETON['joints']), joints_3d=np.ones((1, 9, 5, 3)), fps=np.array(fps)))
        write_table(self.folder / 'mine/labels.csv', ['file', 'class', 'part'], [['a.npz', 'sit', 'train'],
                                                                                 ['b.npz', 'fall', 'val']])
        return SCRIPT, *flags(self.folder / 'mine', self.folder / 'made')

    def other_recordings(self):
        write_recordings(self.folder / 'r', made_up())
        path = write_annotations(self.folder / 'other.pkl', made_up(V=17, C=3))
        return ('data_gen/pyskl_gendata.py', '--annotations', path, '--recordings', self.folder / 'r', '--skeleton',
                SKELETONS / 'h36m17.yaml')

    def draw(self, sample='S1'):
        _, *flags = self.predict()
        return 'visualize.py', 'graph', *flags, '--sample', sample, '--out', self.folder / 'g.png'

    def draw_without_matplotlib(self):
        (self.folder / 'sitecustomize.py').write_text('import sys\nsys.modules["matplotlib"] = None\n')
        self.env = {'PYTHONPATH': str(self.folder)}
        return self.draw()


CASES = {
    'a flag that does not exist': lambda c: c.main('--bse-lr', '1'),
    'a key in the config that does not exist': lambda c: c.main(bse_lr=1),
    'a value that its key cannot have': lambda c: c.main(base_lr='fast'),
    'a config that does not exist': lambda c: ('main.py', '--config', 'none.yaml'),
    'a config that is not YAML': lambda c: ('main.py', '--config', c.write('c.yaml', 'a: [1')),
    'no model named': lambda c: c.main(model=None),
    'a model, feeder or graph whose module does not exist': lambda c: c.main(model='model.agnc.Model'),
    'a model, feeder or graph whose class does not exist': lambda c: c.main(model='model.agcn.Modell'),
    'an argument that the class does not accept': lambda c: c.test_feeder(widow_size=3),
    'no graph for the model': lambda c: c.main(model_args={'num_class': 4}),
    'a file that is not a skeleton': lambda c: c.skeleton(inward=[['hand', 'elbow'], ['elbow', 'hand']]),
    'data that do not exist': lambda c: c.test_feeder(data_path='none.npy'),
    'truncated data': Case.cut_data,
    'labels that do not exist': lambda c: c.test_feeder(label_path='none.pkl'),
    'a label file that contains more than data': lambda c: c.labels(Hostile()),
    'a sample that is listed twice in a label file': lambda c: c.labels((['a.skeleton'] * 2, [0, 2])),
    'labels and data of different lengths': lambda c: c.labels((['a'], [0])),
    'a label beyond num_class': Case.high_label,
    'data of another skeleton': lambda c: c.main(
        model_args={'num_class': 4, 'num_point': 18, 'graph': 'graph.kinetics.Graph'}),
    'a batch that cannot be filled, or divided': lambda c: c.main('--accumulate', '3'),
    'a validation part without samples': lambda c: c.main('--val-persons', 'P099'),
    'a validation part that leaves nothing to train on': lambda c: c.main(
        '--val-persons', *(f'P{i + 1:03d}' for i in range(16))),
    'a test without weights': lambda c: c.main('--phase', 'test'),
    'weights that do not exist': lambda c: c.main('--weights', 'runs/none.pt'),
    'truncated weights': lambda c: c.weights({}, cut=5000),
    'weights for other classes': lambda c: c.weights({'fc.weight': torch.zeros(60, 256)}),
    'weights of another model': lambda c: c.weights({'l1.gcn1.alpha': torch.zeros(1)}),
    "a split that PYSKL's recordings lack": Case.recordings,
    'weights of a training that had failed': lambda c: c.weights({'fc.bias': torch.full((4,), torch.nan)}),
    'a clip with a value that is not finite': Case.nan_clip,
    'a device that does not exist': lambda c: c.main('--device', 'gpu'),
    'files of an earlier run': Case.earlier_weights,
    'a work folder that another run is using': Case.running,
    'nothing to resume': lambda c: c.main('--resume'),
    'resuming with another model': Case.earlier_run,
    'a loss that is not finite': lambda c: c.main('--base-lr', '1e30', '--step', '5'),
    'a folder that cannot be written to': Case.unwritable,
    'no score file to fuse': lambda c: ('ensemble.py', '--datasets', 'ntu/xsub', '--labels', c.val['label_path']),
    'a stream that lacks samples': Case.scores,
    'a file that predict.py cannot use among others that it can':
        lambda c: c.predict('broken.skeleton', 'whole.skeleton'),
    'no file that predict.py can use': lambda c: c.predict('nothing'),
    'a recording, and nothing says how it is prepared': lambda c: c.own('a.json', POSE, [None]),
    'a recording in 2D for a model of joints in 3D': lambda c: (*c.predict(), c.write('pose.json', POSE)),
    'a recording of other joints, which cannot be derived': lambda c: c.own(
        'a.json', POSE, [flat_preparation(units=FRACTIONS)]),
    'fractions of an image, and data whose units nothing says': lambda c: c.own('a.json', POSE, [flat_preparation()]),
    'fractions of an image that should be pixels': lambda c: c.own(
        'a.npy', np.linspace(.1, .9, 90).reshape(9, 5, 2), [flat_preparation(units=FRACTIONS, image_size=[640, 480])]),
    'a `.npy` that may be a clip or several persons': lambda c: c.own('a.npy', CLIP, [flat_preparation()]),
    'prepared clips for streams with different preparations': lambda c: c.own(
        'a.npy', CLIP[None], [own_preparation().as_text(), own_preparation(center='chest').as_text()]),
    'a `preparation.yaml` that is not whole': lambda c: c.own('a.npy', CLIP, ['frames: 9']),
    'a factor for one of two streams': lambda c: (
        *c.own('a.npy', CLIP, [flat_preparation()] * 2), '--stream-weights', '2'),
    'a stride that leaves out frames': lambda c: (*c.predict('whole.skeleton'), '--window', '8', '--stride', '9'),
    'prepared clips where a recording is needed': lambda c: (*c.predict('data/val_data_joint.npy'), '--window', '8'),
    'a line that is no frame, among those of `--live`': lambda c: (
        *c.predict(), '--live', c.write('frames.json', {'person': []}), '--window', '8'),
    'names for other classes': lambda c: (*c.predict('whole.skeleton'), '--names', c.write('names.txt', 'one\ntwo\n')),
    'a picture without matplotlib': Case.draw_without_matplotlib,
    'a sample that does not exist': lambda c: c.draw('S9'),
    'no raw recordings': lambda c: ('data_gen/ntu_gendata.py', '--data_path', c.folder),
    'a broken raw recording': Case.raw,
    'a broken raw recording, with `--strict`': lambda c: c.raw('--strict'),
    'a JSON file that is no recording': lambda c: (
        *c.predict(), c.write('clip.json', {'a': {'has_skeleton': True, 'label': 'sit', 'label_index': 0}})),
    'pixels where Kinetics-Skeleton has fractions of the image': lambda c: (
        *c.predict(), c.write('clip.json', {'data': [{'frame_index': 0, 'skeleton': [
            {'pose': [640] * 36, 'score': [1] * 18}]}]})),
    'a broken clip of your own': Case.clips,
    'recordings of several frames per second': Case.rates,
    'a table of clips that lacks a column': lambda c: c.clips(header=['file', 'action', 'part']),
    "a folder with PYSKL's recordings of other joints": Case.other_recordings,
    'a data folder with other classes or flags': Case.other_clips,
    'no data set to derive bones from': lambda c: ('data_gen/gen_bone_data.py', '--data_root', 'none'),
}


def test_every_row_has_a_case():
    assert list(table()) == list(CASES)


@pytest.mark.parametrize('what', CASES)
def test_the_line_and_the_status_are_those_of_the_table(what, run, tmp_path):
    template, status = table()[what]
    case = Case(tmp_path)
    command = CASES[what](case)
    process = run(*command, status=status, env=case.env)
    pattern = '.*'.join(re.escape(part) for part in template.split('…'))
    prefix = '' if template.startswith('left out') else 'error: '
    assert re.search(f'^{prefix}{pattern}$', process.stderr, re.M), process.stderr
    assert 'Traceback' not in process.stderr and process.stderr.count('error: ') == bool(prefix)
    if status == 2 and what not in ('a loss that is not finite', 'a clip with a value that is not finite'):
        assert not list(pathlib.Path(tmp_path).rglob('*.part')) and not (tmp_path / 'work_dir/config.yaml').exists()
