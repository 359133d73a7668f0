"""The demo's command; all its steps together are too long for a test."""
import pickle

import numpy as np

import demo


def test_a_failing_step_ends_the_demo_with_its_status(run, tmp_path):
    recordings = tmp_path / 'data' / 'demo_raw' / 'nturgb+d_skeletons'
    recordings.mkdir(parents=True)
    (recordings / 'S001C001P001R001A001.skeleton').touch()
    process = run('demo.py', '--folder', tmp_path, status=2)
    *_, reason, end = process.stderr.splitlines()
    assert 'S001C001P001R001A001.skeleton' in reason
    assert end == 'error: the demo stopped: data_gen/demo_gendata.py ended with status 2'
    assert not (tmp_path / 'work_dir').exists()


def test_the_table_shows_each_stream_and_the_sum_of_both(tmp_path, capsys):
    labels = [0, 1, 2, 3]
    streams = {'joint': np.eye(8)[[0, 1, 7, 7]], 'bone': 3 * np.eye(8)[[0, 5, 2, 5]]}  # two right each, three together
    streams['joint'][1, 1] = 4
    names = [f'S100C001P003R001A00{label + 1}.skeleton' for label in labels]
    folders = [tmp_path / 'data/demo/xsub', *(tmp_path / f'work_dir/demo/xsub/agcn_test_{s}' for s in streams)]
    contents = [(names, labels), *(dict(zip(names, rows.astype(np.float32))) for rows in streams.values())]
    for folder, name, content in zip(folders, ('val_label.pkl', *2 * ['epoch1_test_score.pkl']), contents):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(pickle.dumps(content))
    demo.print_table(tmp_path)
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line[:5] in ('joint', 'bone ', 'fused')]
    assert [row[:2] for row in rows] == [['joint', '50.00%'], ['bone', '50.00%'], ['fused', '75.00%']]
