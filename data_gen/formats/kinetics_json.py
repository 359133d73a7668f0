"""Kinetics-Skeleton: folders of JSON files with their label files, and one clip of OpenPose's skeletons as joints.

Format: https://github.com/yysijie/st-gcn, "Kinetics-skeleton". A clip has frames in a list `data`, each with its
`frame_index` and its `skeleton`s, each of those with a `pose` (x0, y0, x1, y1, …, fractions of the image, y down) and a
`score` per joint. `kinetics_{part}_label.json` maps the name of each clip, without suffix, to `has_skeleton`, `label`
and `label_index`.
"""
import numpy as np

from data_gen.formats.raw_file import load_json, look_up, numbers, reading
from data_gen.formats.sample import BrokenSample, Sample
from data_gen.recording import FRACTIONS, Recording
from graph.skeleton import skeleton
from runtime.errors import UserError, short_repr

SUFFIX = '.json'
MAX_PERSONS = 5  # of a frame, in the order of the file, as published
JOINTS = 18
FPS = 30  # to which ST-GCN's authors converted the videos
MAX_FRAMES = 30_000  # a quarter of an hour; the data set's clips last ten seconds
MAX_COORDINATE = 10  # images: OpenPose finds joints within one, and people in pixels are larger


def list_recordings(folder, parts):
    """Return the Samples of all `parts` in `folder`, by part and name; prints how many have no skeleton.

    Clips that are not both in the part's folder and in its label file, or have no proper label, are Samples with a
    problem. A part that has neither is skipped. Raises UserError if all parts are, or if one cannot be used.
    """
    samples = []
    for part in parts:
        part_folder, label_path = folder / f'kinetics_{part}', folder / f'kinetics_{part}_label.json'
        if part_folder.exists() or label_path.exists():
            samples += list_part(part, part_folder, label_path)
        else:
            print(f'skipping {part_folder}: neither the folder nor its label file exists')
    if not samples:
        raise UserError(f'{folder}: no clips in kinetics_{" or kinetics_".join(parts)}: check --data_path')
    return samples


def list_part(part, folder, label_path):
    """Return the Samples of one part, sorted by name; see list_recordings."""
    with reading(label_path):
        labels = load_json(label_path)
    if not isinstance(labels, dict) or not labels:
        raise UserError(f'{label_path}: not a label file, which has clips by name, each with has_skeleton and '
                        'label_index')
    found = {path.stem: path for path in folder.iterdir() if path.suffix == SUFFIX}
    samples, without = [], 0
    for clip in sorted(found.keys() | labels.keys()):
        path, entry = folder / f'{clip}{SUFFIX}', labels.get(clip)
        if isinstance(entry, dict) and entry.get('has_skeleton') is False:
            without += 1
        elif problem := problem_of(entry) if clip in found else f'missing, but in {label_path.name}':
            samples.append(Sample(path.name, -1, (), problem=f'{path}: {problem}'))
        else:
            samples.append(Sample(path.name, entry['label_index'], (part,), str(path)))
    if without:
        print(f'{label_path}: left out: {without} clips without a skeleton (has_skeleton is false)')
    return samples


def problem_of(entry):
    """Return what is wrong with one clip's entry in a label file, '' if nothing is."""
    if entry is None:
        return 'not in the label file'
    label = entry.get('label_index') if isinstance(entry, dict) else None
    if type(label) is int and label >= 0 and type(entry.get('has_skeleton')) is bool:
        return ''
    return (f'its entry in the label file, {short_repr(entry)}, is no has_skeleton (true or false) and label_index '
            '(from 0)')


def read_recording(path):
    """Return the Recording in the JSON file at `path`: x and y are fractions of the image.

    T is up to the last person's frame, and M is a person's position in the frame, of which the first five count, as
    published. Raises BrokenSample, which names the file and what is wrong; frames are named by their position in the
    file, from 1.
    """
    with reading(path):
        return recording_in(load_json(path))


def recording_in(content):
    """Return the Recording in the content of a JSON file, see `read_recording`; BrokenSample says what is wrong."""
    persons, frames, values = [], [], []  # each person's position in the frame, its frame, its pose and score
    for number, frame in enumerate(look_up(content, 'data', list, 'not a clip of Kinetics-Skeleton'), 1):
        where = f'frame {number}'
        index = look_up(frame, 'frame_index', int, where)
        if not 0 <= index < MAX_FRAMES:
            raise BrokenSample(f'{where}: frame_index {short_repr(index)}')
        for position, person in enumerate(look_up(frame, 'skeleton', list, where)[:MAX_PERSONS]):
            pose, score = look_up(person, 'pose', list, where), look_up(person, 'score', list, where)
            if (len(pose), len(score)) != (2 * JOINTS, JOINTS):
                raise BrokenSample(f'{where}: a pose of {len(pose)} and a score of {len(score)} values, not of '
                                   f'{2 * JOINTS} and {JOINTS}')
            persons.append(position)
            frames.append(index)
            values.append(pose + score)
    values = numbers(values, 'poses and scores').reshape(-1, 3 * JOINTS)
    farthest = np.abs(values[:, :2 * JOINTS]).max(initial=0)
    if farthest > MAX_COORDINATE:
        raise BrokenSample(f'a coordinate of {farthest:g}, far outside 0…1: x and y are fractions of the image, not '
                           'pixels: divide them by its width and its height')
    joints = np.zeros((max(persons, default=-1) + 1, max(frames, default=-1) + 1, JOINTS, 3))
    # Of two persons in one position, the later one stays, as published.
    joints[persons, frames, :, :2] = values[:, :2 * JOINTS].reshape(-1, JOINTS, 2)
    joints[persons, frames, :, 2] = values[:, 2 * JOINTS:]
    return Recording(joints, tuple(skeleton('openpose18').joint_names), 2, FRACTIONS, fps=FPS,
                     label=content.get('label_index'))
