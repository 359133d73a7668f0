"""Text of many numbers, of which only some are wanted: split and read without a Python object for each."""
import numpy as np

LONGEST = 16  # characters that are read in one go; longer words are read by float()
EXACT = 15  # places: integers of so many, and powers of ten up to 10^22, are exact in float64
POWERS = 10.0 ** np.arange(LONGEST + 1)
FROM_END = np.arange(LONGEST, 0, -1, dtype=np.uint8)[:, None]  # how far before the end of its word a character is
PLACES = POWERS[LONGEST - 1::-1]  # the worth of a digit in each of the last LONGEST characters


class Words:
    """The words of `raw` (bytes), separated by white space: `len(words)`, `words[i]` as bytes, `numbers(indices)`."""

    def __init__(self, raw):
        self.raw = b' ' * LONGEST + raw + b' '
        self.characters = np.frombuffer(self.raw, np.uint8)
        in_word = self.characters > ord(' ')
        edges = np.flatnonzero(in_word[1:] != in_word[:-1]) + 1
        self.starts, self.ends = edges[::2], edges[1::2]

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, index):
        return self.raw[self.starts[index]:self.ends[index]]

    def numbers(self, indices):
        """Return the words at `indices` (an integer array) as float64 of its shape, each exactly as float() reads it.

        A plain decimal of up to 15 places is an integer over a power of ten, both exact, so their quotient is the
        nearest float64 to it. All other words go to float() itself: ValueError if it knows no such number.
        """
        shape, indices = indices.shape, indices.ravel()
        starts, ends = self.starts[indices], self.ends[indices]
        lengths = np.minimum(ends - starts, LONGEST + 1).astype(np.uint8)
        L = min(int(lengths.max(initial=1)), LONGEST)
        before_end = np.ndarray(len(self.raw) - L, f'V{L}', self.raw, strides=(1,))[ends - L]
        characters = np.ascontiguousarray(before_end.view(np.uint8).reshape(-1, L).T)  # (L, n)
        from_end = FROM_END[-L:]
        in_word = lengths >= from_end
        digits = characters - np.uint8(ord('0'))
        is_digit = (digits < 10) & in_word
        is_point = (characters == ord('.')) & in_word
        num_digits = is_digit.sum(0, dtype=np.uint8)
        num_points = is_point.sum(0, dtype=np.uint8)
        negative = self.characters[starts] == ord('-')
        plain = ((num_digits + num_points + negative == lengths) & (num_points <= 1) & (num_digits > 0)
                 & (num_digits + num_points <= EXACT))

        # 12.345 is read as 12|0|345, a place for the point, from which the places after it are parted again.
        with_gap = PLACES[-L:] @ (digits * is_digit)
        decimals = (is_point * (from_end - 1)).sum(0, dtype=np.uint8)  # places after the point, 0 without one
        scale = POWERS.take(decimals, mode='clip')  # 'clip': the words that are not plain may have any number of them
        whole = np.floor(with_gap / (10 * scale)) * (num_points == 1)
        values = (with_gap - whole * (9 * scale)) / scale
        np.negative(values, out=values, where=negative)
        for i in np.flatnonzero(~plain):
            values[i] = float(self[indices[i]])
        return values.reshape(shape)
