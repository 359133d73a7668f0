"""The oracle itself against the published code's answers."""
import pytest

from tests.golden_models import MODELS, assert_sgd_losses, build_plain, check_against_golden, sgd_losses


@pytest.mark.parametrize('name', MODELS)
def test_oracle_answers_as_published(golden, name):
    expected = {key.split('/')[1]: value for key, value in golden('model.npz').items() if key.startswith(name + '/')}
    plain, x, y = build_plain(name)
    check_against_golden(plain, plain, x, y, expected)


def test_oracle_trains_as_published(golden):
    plain, x, y = build_plain('agcn_ntu')
    assert_sgd_losses('agcn_ntu', sgd_losses(plain, plain, x, y), golden('model.npz')['agcn_ntu/sgd_losses'])
