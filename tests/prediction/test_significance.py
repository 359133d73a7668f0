"""Intervals and tests against numbers in the literature."""
import pytest

from prediction.significance import mcnemar, wilson


@pytest.mark.parametrize('right, number, interval', [
    (81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0000, 0.1611)), (1, 29, (0.0061, 0.1718))])
def test_wilsons_interval_as_newcombe_1998_has_it(right, number, interval):
    assert wilson(right, number) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize('only_a, only_b, p', [
    (59, 121, 4.434449e-06), (121, 59, 4.434449e-06), (1, 7, 0.0703125), (5, 5, 1), (0, 0, 1), (0, 6, 0.03125)])
def test_mcnemars_exact_test(only_a, only_b, p):
    assert mcnemar(only_a, only_b) == pytest.approx(p, rel=1e-6)


def test_mcnemars_test_of_many_clips_is_no_overflow():
    assert 0 < mcnemar(2000, 2300) < 1e-5
