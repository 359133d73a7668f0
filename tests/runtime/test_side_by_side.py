"""Runs side by side: on which devices. That they run, fail and go on is tested with crossval.py."""
from runtime.cores import cores
from runtime.side_by_side import places


def test_each_run_at_a_time_has_a_device():
    assert places(['0', '1']) == ['0', '1']
    assert places(['0', '1'], 3) == ['0', '1', '0']
    assert places(['cpu']) == ['cpu'] * cores()
    assert places(['cpu'], 2) == ['cpu', 'cpu']
