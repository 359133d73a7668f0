"""The benchmark of videos runs from its command line and prints every rate."""
import pytest
from commands import Command
from conftest import ROOT, shared_path


def test_every_step_and_all_together_have_a_rate():
    for library in ('av', 'mediapipe', 'norfair', 'matplotlib'):
        pytest.importorskip(library)
    process = Command('-m', ['benchmarks.video', '--pose-model', shared_path('pose/pose_landmarker_full.task'),
                             '--frames', 14, '--window', 4, '--stride', 4, '--threads', 1], ROOT).finish()
    assert process.returncode == 0, process.stderr
    rows = [line.strip('| ').split(' | ') for line in process.stdout.splitlines() if line.startswith('| ')][2:]
    assert [row[0] for row in rows] == ['decoding', 'landmarks', 'recognition', 'all together']
    assert all(float(row[1]) > 0 for row in rows)
