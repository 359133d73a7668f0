"""visualize.py as its users run it, and that what is drawn is what the model used."""
import pickle
import re

import numpy as np
import pytest
import torch
from conftest import assert_one_line_error
from tiny import NUM_CLASS, config, write_config, write_dataset, write_weights

from figures.report import confused_pairs, confusion_counts
from model.aagcn import Model as AttentiveModel
from model.capture import SUM, captured_graphs
from tests.data_gen.raw_ntu import write_tree


@pytest.fixture
def tiny(tmp_path):
    """A folder with tiny data, weights, and the config that tests these on those."""
    write_dataset(tmp_path / 'data')
    write_weights(tmp_path / 'weights.pt')
    content = config(tmp_path / 'data', tmp_path, phase='test', weights=str(tmp_path / 'weights.pt'))
    write_config(tmp_path / 'c.yaml', content)
    return tmp_path


def test_captured_graphs_are_those_of_the_forward_pass(tmp_path):
    model = write_weights(tmp_path / 'weights.pt')
    model.skip_empty_bodies = False
    data = torch.randn(2, 3, 12, 25, 2)
    data[0, ..., 1] = 0  # an absent person has graphs, too
    inputs = {}
    for layer in (1, 5, 10):
        getattr(model, f'l{layer}').gcn1.register_forward_pre_hook(
            lambda unit, x, layer=layer: inputs.update({layer: x[0].detach()}))
    with torch.no_grad():
        model(data)
    captured = captured_graphs(model, data, [1, 5, 10])
    for layer, graphs in captured.items():
        unit = getattr(model, f'l{layer}').gcn1
        np.testing.assert_allclose(graphs['C'], data_dependent_graph(unit, inputs[layer]), atol=1e-5)
        np.testing.assert_allclose(graphs['A'] + graphs['B'] + graphs['C'], graphs[SUM], atol=1e-6)
        for body in range(4):
            np.testing.assert_array_equal(graphs['B'][body], unit.PA.detach())
            np.testing.assert_array_equal(graphs['A'][body], unit.A)
    assert np.ptp(captured[5]['C']) > 1e-4


def data_dependent_graph(unit, x):
    """Return C (N, 3, V, V) of section 4.1 of the paper, subset by subset, of x (N, C, T, V)."""
    graphs = []
    with torch.no_grad():
        for theta, phi in zip(unit.conv_a, unit.conv_b):
            a, b = theta(x).permute(0, 3, 1, 2).flatten(2), phi(x).flatten(1, 2)
            graphs.append((a @ b / a.shape[2]).softmax(1))
    return torch.stack(graphs, 1)


def test_aagcn_shows_what_it_has():
    model = AttentiveModel(num_class=4, graph='graph.ntu_rgb_d.Graph')
    assert list(captured_graphs(model, torch.randn(1, 3, 12, 25, 2), [2])[2]) == ['B', 'C', SUM]


def test_matrices_are_drawn_as_they_are_on_one_scale_a_row():
    pytest.importorskip('matplotlib')
    from figures.graph import matrices
    graphs = {letter: np.random.default_rng(0).normal(size=(3, 25, 25)) for letter in ('A', 'B', 'C', SUM)}
    images = [axes.images[0] for axes in matrices(graphs, ['joint'] * 25, 'title').axes if axes.images]
    drawn = np.array([image.get_array() for image in images])
    np.testing.assert_array_equal(drawn.reshape(4, 3, 25, 25), list(graphs.values()))
    for row in range(4):
        assert len({image.get_clim() for image in images[3 * row:3 * row + 3]}) == 1


def test_graph_is_drawn_as_matrices_and_on_the_body(run, tiny):
    pytest.importorskip('matplotlib')
    run('visualize.py', 'graph', '--config', tiny / 'c.yaml', '--sample', 'S001C001P002R001A002', '--out', 'g.svg')
    text = (tiny / 'g.svg').read_text()
    for name in ('left hand tip', 'S001C001P002R001A002', 'A+B+C', 'subset 3'):
        assert name in text
    run('visualize.py', 'graph', '--config', tiny / 'c.yaml', '--joint', 'left hand', '--layer', 3, 7, '--out', 'b.png')
    assert (tiny / 'b.png').read_bytes()[:4] == b'\x89PNG'


def test_clip_is_a_film_or_a_strip(run, tiny):
    image = pytest.importorskip('PIL.Image')
    write_tree(tiny / 'raw', ['S001C001P001R001A001'], frames=9)
    write_tree(tiny / 'raw', ['long'], frames=310)
    for out, source in (('film.gif', ['--file', tiny / 'raw/S001C001P001R001A001.skeleton']),
                        ('strip.png', ['--sample', 'S001C001P002R001A002', '--weights', tiny / 'weights.pt'])):
        run('visualize.py', 'clip', '--config', tiny / 'c.yaml', *source, '--out', out)
    with image.open(tiny / 'film.gif') as film, image.open(tiny / 'strip.png') as strip:
        # The one body is away in one frame, which is in the film unless it is the last or the first.
        assert film.n_frames in (8, 9) and strip.size[0] > 900
    process = run('visualize.py', 'clip', '--config', tiny / 'c.yaml', '--file', tiny / 'raw/long.skeleton', '--out',
                  'strip.png')
    assert 'long.skeleton: longer than 300 frames, cut' in process.stderr


@pytest.mark.parametrize('flags, words', [
    (['graph', '--joint', 'tail'], ['--joint tail', 'left hand']),
    (['graph', '--layer', '11'], ['--layer', 'no layer 11']),
    (['clip', '--out', 'x.jpg'], ['x.jpg', '.gif']),
    (['timeline', '--file', 'a.npy', '--window', '8', '--weights', 'w.pt', 'b.npy'], ['b.npy: more files'])])
def test_what_cannot_be_drawn_gets_one_line(run, tiny, flags, words):
    command, *others = flags
    assert_one_line_error(run('visualize.py', command, '--config', 'c.yaml', *others, status=2), *words)


@pytest.fixture
def scored(tmp_path):
    """Labels and the scores of two streams of 40 samples, written; returns (labels, joint scores, bone scores)."""
    rng = np.random.default_rng(1)
    labels = np.arange(40) % NUM_CLASS
    names = [f'sample {i}' for i in range(40)]
    streams = [(rng.normal(size=(40, NUM_CLASS)) + 2 * np.eye(NUM_CLASS)[labels]).astype(np.float32) for _ in range(2)]
    (tmp_path / 'labels.pkl').write_bytes(pickle.dumps((names, labels.tolist())))
    for stream, scores in zip(('joint', 'bone'), streams):
        (tmp_path / f'{stream}.pkl').write_bytes(pickle.dumps(dict(zip(names, scores))))
    return labels, *streams


def test_report_adds_up_to_the_score_file_and_needs_no_matplotlib(run, scored, tmp_path):
    labels, joint, bone = scored
    (tmp_path / 'sitecustomize.py').write_text('import sys\nsys.modules["matplotlib"] = None\n')
    printed = run('visualize.py', 'report', '--scores', 'joint.pkl', 'bone.pkl', '--labels', 'labels.pkl',
                  env={'PYTHONPATH': str(tmp_path)}).stdout
    predicted = (joint + bone).argmax(1)
    right = predicted == labels
    assert f'40 samples of 4 classes: top-1 {right.mean():.2%}' in printed
    per_class = {int(c): (int(n), int(of)) for n, of, c in re.findall(r'%\s+(\d+) of (\d+)\s+class (\d)', printed)}
    assert per_class == {c: (int(right[labels == c].sum()), 10) for c in range(NUM_CLASS)}
    counts = confusion_counts(predicted, labels, NUM_CLASS)
    np.testing.assert_array_equal(counts.sum(1), np.bincount(labels))
    assert counts.trace() + sum(number for _, _, number in confused_pairs(counts)) == 40
    true, taken, number = confused_pairs(counts)[0]
    assert f'{number} of 10    class {true} → class {taken}' in printed
    joint_right = joint.argmax(1) == labels
    assert f'fusion makes {(right & ~joint_right).sum()} of its {(~joint_right).sum()} wrong samples right' in printed


def test_report_draws_the_confusions_best_class_first(run, scored, tmp_path):
    pytest.importorskip('matplotlib')
    (tmp_path / 'classes.txt').write_text('sit\nstand\nwave\nfall\n')
    run('visualize.py', 'report', '--scores', 'joint.pkl', '--labels', 'labels.pkl', '--names', 'classes.txt',
        '--out', 'r.svg')
    text = (tmp_path / 'r.svg').read_text()
    assert all(text.count(f'>{name}<') == 2 for name in ('sit', 'stand', 'wave', 'fall'))

    from figures.confusion import confusion
    axes = confusion(np.array([[1, 3, 0], [0, 4, 0], [0, 0, 0]]), ['a', 'b', 'c'], 'title').axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), [[1, 0], [.75, .25]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ['b', 'a']
