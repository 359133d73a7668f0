"""Write the configs beside this file: 8 benchmarks, 4 streams, training and testing, from one template."""
import pathlib

TEMPLATE = """\
# Written by config/pyskl/write_configs.py; explained in docs/zoo.md.
work_dir: ./work_dir/pyskl/{benchmark}/agcn_{run}
model_saved_name: ./runs/pyskl_{benchmark}_{run}
{weights}
feeder: feeders.pyskl.Feeder
{feeders}
model: model.aagcn.Model
model_args:
  num_class: {num_class}
  num_point: {num_point}
  num_person: 2
  graph: {graph}

phase: {phase}
device: [0, 1, 2, 3]
{rest}"""
FEEDER = """\
{part}_feeder_args:
  recordings: ./data/pyskl/{data_set}_{kind}
  split: {protocol}_{split}
  stream: {stream}
  dimensions: {dimensions}
  graph: {graph}
  clip_len: 100
  {clips}
"""
RECIPE = """\
batch_size: 128
test_batch_size: 128
optimizer: SGD
nesterov: True
base_lr: 0.1
weight_decay: 0.0005
schedule: cosine
num_epoch: 80
eval_interval: 80  # at the end: no weights are chosen on the test part
save_interval: 10
"""
TEST = """\
test_batch_size: 16
save_score: True
"""
BENCHMARKS = ('ntu60', 'xsub'), ('ntu60', 'xview'), ('ntu120', 'xsub'), ('ntu120', 'xset')
# Kind of recordings → the end of the name of the weights' folder; joints; dimensions; graph.
KINDS = {'3d': ('3dkp', 25, 3, 'graph.ntu_rgb_d.Graph'), 'hrnet': ('hrnet', 17, 2, 'graph.coco.PysklGraph')}
STREAMS = {'joint': 'j', 'bone': 'b', 'joint_motion': 'jm', 'bone_motion': 'bm'}


def configs():
    """Yield (path below this folder, content) of every config."""
    for data_set, protocol in BENCHMARKS:
        for kind, (folder, num_point, dimensions, graph) in KINDS.items():
            for stream, short in STREAMS.items():
                benchmark = f'{data_set}_{protocol}_{kind}'
                said = {'data_set': data_set, 'protocol': protocol, 'kind': kind, 'stream': stream,
                        'dimensions': dimensions, 'graph': graph}
                trained = FEEDER.format(part='train', split='train', clips='random_frames: True', **said)
                validated = FEEDER.format(part='test', split='val', clips='num_clips: 1', **said)
                tested = FEEDER.format(part='test', split='val', clips='num_clips: 10', **said)
                model = {'benchmark': benchmark, 'num_class': data_set[3:], 'num_point': num_point, 'graph': graph}
                weights = f'weights: ./pyskl/aagcn_pyskl_{data_set}_{protocol}_{folder}/{short}.pth  # below data/\n'
                yield f'{benchmark}/train_{stream}.yaml', TEMPLATE.format(
                    run=stream, weights='', feeders=trained + validated, phase='train', rest=RECIPE, **model)
                yield f'{benchmark}/test_{stream}.yaml', TEMPLATE.format(
                    run=f'test_{stream}', weights=weights, feeders=tested, phase='test', rest=TEST, **model)


if __name__ == '__main__':
    for name, content in configs():
        path = pathlib.Path(__file__).parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
