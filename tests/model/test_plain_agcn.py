"""The oracle itself against the published code's answers."""
import pytest

from tests.golden_models import MODELS, build_plain, check_against_golden


@pytest.mark.parametrize('name', MODELS)
def test_oracle_answers_as_published(golden, name):
    expected = {key.split('/')[1]: value for key, value in golden('model.npz').items() if key.startswith(name + '/')}
    plain, x, y = build_plain(name)
    check_against_golden(plain, plain, x, y, expected)
