"""Raw NTU recordings for tests: random people, written as `.skeleton` files."""
import numpy as np


def random_bodies(rng, frames, bodies=1):
    """Return (bodies, frames, 25, 3): random people in metres, who move a little; all are there in every frame."""
    people = rng.normal(size=(bodies, 1, 25, 3)) * 0.3 + rng.normal(size=(bodies, 1, 1, 3)) + (0, 0, 3)
    return people + np.cumsum(rng.normal(scale=0.02, size=(bodies, frames, 25, 3)), 1)


def skeleton_text(bodies):
    """Return bodies (M, T, 25, 3) as the text of a `.skeleton` file, each with an ID of its own.

    A body that is NaN in a frame is not there.
    """
    lines = [str(bodies.shape[1])]
    for frame in bodies.transpose(1, 0, 2, 3):
        there = [(m, body) for m, body in enumerate(frame) if not np.isnan(body).any()]
        lines.append(str(len(there)))
        for m, body in there:
            lines += [f'7205759403790295{m} 0 1 1 1 1 0 0.02 -0.006 2', '25']
            lines += [f'{x:.7g} {y:.7g} {z:.7g} 1.5 -0.4 -inf 0.9 1.2 -0.4 -0.9 -1e-05 2' for x, y, z in body.tolist()]
    return '\n'.join(lines) + '\n'


def write_tree(folder, names, frames=8, seed=0):
    """Write a recording of each name into `folder`: one or two people, some with frames that lack them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        rng = np.random.default_rng([seed, number])
        bodies = random_bodies(rng, frames, 1 + number % 2)
        bodies[-1, rng.integers(frames)] = np.nan
        (folder / f'{name}.skeleton').write_text(skeleton_text(bodies), encoding='ascii')


def names_of(count, setups=(1,), actions=60):
    """Return `count` names of recordings, over persons 1 to 12 and all three cameras."""
    return [f'S{setups[i % len(setups)]:03d}C{1 + i % 3:03d}P{1 + i % 12:03d}R001A{1 + i % actions:03d}'
            for i in range(count)]


def tree_bytes(folder):
    """Return all files under `folder`: their paths from there → their bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}
