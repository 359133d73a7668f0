"""Numbers read from text, many at a time, are those that float() reads, to the last bit."""
import random

import numpy as np
import pytest

from data_gen.decimals import Words

ODD = ['0', '-0', '-0.0', '007.50', '.5', '-5.', '+3', 'nan', '-inf', '1e-05', '123456789012345.', '999999999999999',
       '9.99999999999999', '.99999999999999', '99999999999999.9', '0.00000000000001', '1234567890123456789',
       '0.1234567890123456789', '1.7976931348623157e+308', '5e-324']


def test_numbers_are_those_of_float():
    draw = random.Random(0)
    values = [draw.gauss(0, 1) * 10 ** draw.randint(-8, 8) for _ in range(20_000)]
    words = ODD + [draw.choice(['%r', '%.7g', '%.6f', '%d', f'%.{draw.randint(0, 14)}f']) % value for value in values]
    read = Words(' \r\n\t'.join(words).encode())
    assert len(read) == len(words) and [read[i] for i in range(20)] == [word.encode() for word in ODD]
    numbers = read.numbers(np.arange(len(words)).reshape(2, -1))
    assert numbers.shape == (2, len(words) // 2)
    expected = np.array([float(word) for word in words])
    assert np.array_equal(numbers.ravel().view(np.int64), expected.view(np.int64))


@pytest.mark.parametrize('word', ['1.2.3', '1-2', '-', '.', 'e5', 'word', '--1', '1.2.3.4.5.6.7.8.9.0'])
def test_words_that_are_no_numbers(word):
    with pytest.raises(ValueError):
        Words(f'1 {word} 2'.encode()).numbers(np.arange(3))


def test_no_words_at_all():
    assert len(Words(b'')) == len(Words(b' \n')) == 0
    assert Words(b'').numbers(np.zeros((0, 3), int)).shape == (0, 3)
