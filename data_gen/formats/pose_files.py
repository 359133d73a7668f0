"""Files of pose estimators: which of them a file is, and its persons as joints, followed, filled and mapped."""
import pathlib
from collections.abc import Callable
from typing import NamedTuple

from data_gen.formats import mediapipe_landmarks, mmpose_instances, openpose_frames, result_list
from data_gen.formats.raw_file import load_json, reading
from data_gen.formats.sample import BrokenSample, Recording
from data_gen.formats.table import read_table
from data_gen.tracking import fill_gaps, follow
from graph.mapping import map_joints, skeleton, skeleton_names
from runtime.arguments import count

FORMS = openpose_frames, result_list, mmpose_instances, mediapipe_landmarks
SHARES = -0.5, 1.5  # shares of an image lie between these, also where a person is partly outside


class PoseFlags(NamedTuple):
    """What a file of an estimator leaves open, from the flags of `add_flags`, and the joints that are needed.

    `image_size` is (width, height) in pixels; `to` the skeleton of config/skeletons that joints are mapped to; `fill`
    the longest gap, in frames, that is interpolated; `by_id` how persons are told apart in a `.skeleton` file, see
    data_gen.formats.ntu_skeleton. `joints` are the names that are needed, `dimensions` 2 or 3, None if either is taken.
    `tell` is called with lines about the file, unless it is None.
    """

    image_size: tuple | None = None
    to: str | None = None
    fill: int = 0
    by_id: bool = False
    joints: list | None = None
    dimensions: int | None = None
    tell: Callable | None = None


NO_FLAGS = PoseFlags()


def add_flags(add, image_size_help=''):
    """Add the flags by `add`, the add_argument of a parser."""
    add('--image_size', '--image-size', nargs=2, type=count, metavar=('WIDTH', 'HEIGHT'),
        help=f'size of the image in pixels, for files of pose estimators that hold pixels{image_size_help}')
    add('--as', dest='to', choices=skeleton_names(), metavar='SKELETON',
        help='files of pose estimators: map the joints to a skeleton of config/skeletons, such as openpose18')
    add('--fill', type=count, default=0, metavar='FRAMES',
        help='files of pose estimators: interpolate missing joints in gaps of up to so many frames')


def is_recording(path):
    """Say whether `path` is a folder of OpenPose's frames, or a table of MediaPipe's landmarks."""
    path = pathlib.Path(path)
    try:
        if path.is_dir():
            return openpose_frames.is_folder(path)
        with open(path, encoding='utf-8-sig') as file:
            return path.suffix == '.csv' and mediapipe_landmarks.recognises_columns(
                [column.strip() for column in file.readline().split(',')])
    except (OSError, UnicodeDecodeError, BrokenSample):
        return False


def read_recording(path, flags):
    """Return the Recording in an estimator's file or folder; BrokenSample, which names it, if it is none."""
    path = pathlib.Path(path)
    if path.suffix == '.csv':
        table = read_table(path, [])
        with reading(path):
            return as_recording(mediapipe_landmarks.parse_table(table), path, flags)
    with reading(path):
        if not path.is_dir():
            return recording_in(load_json(path), path, flags)
        if not openpose_frames.is_folder(path):
            raise BrokenSample(f'a folder, and not {openpose_frames.WORDS}')
        return as_recording(openpose_frames.parse_folder(path), path, flags)


def form_in(content):
    """Return the module that reads the content of a JSON file, None if none does."""
    return next((form for form in FORMS if form.recognises(content)), None)


def recording_in(content, path, flags):
    """Return the Recording in the content of the JSON file at `path`."""
    form = form_in(content)
    if form is None:
        raise BrokenSample(f'{looks_of(content)}: taken are {", ".join(form.WORDS for form in FORMS)}, and by '
                           'predict.py clips of Kinetics-Skeleton (data)')
    chosen = {'dimensions': dimensions_of(flags)} if form is mediapipe_landmarks else {}
    return as_recording(form.parse(content, **chosen), path, flags)


def looks_of(content):
    """Return what the content of a JSON file looks like."""
    if not isinstance(content, dict):
        return 'a list' if isinstance(content, list) else 'no object and no list'
    first = next(iter(content.values()), None)
    if isinstance(first, dict) and 'has_skeleton' in first:
        return 'a label file of Kinetics-Skeleton'
    return f'an object with {", ".join(sorted(content)[:3]) or "no keys"}'


def dimensions_of(flags):
    """Return the dimensions that are needed: without a data set that says so, 3 for NTU's skeleton and 2 for others."""
    if flags.dimensions:
        return flags.dimensions
    joints = skeleton(flags.to).joint_names if flags.to else flags.joints
    return 3 if joints == skeleton('ntu25').joint_names else 2


def as_recording(detections, path, flags):
    """Return the Recording of Detections from `path`: its persons followed, gaps filled, joints mapped."""
    found, needed = detections.dimensions, dimensions_of(flags)
    if found != needed:
        raise BrokenSample(f'its joints have {found} dimensions, and {needed} are needed: data_gen/custom_gendata.py '
                           f'takes them with --dimensions {found}')
    image_size = size_of_image(detections, flags) if found == 2 else None
    tell = flags.tell or (lambda line: None)
    joints, remarks = follow(detections), []
    names = skeleton(detections.skeleton).joint_names
    if gap := fill_gaps(joints, flags.fill):
        m, v, first, last = gap
        length = last - first + 1
        remarks.append('joints are missing in gaps of some frames: --fill FRAMES interpolates them')
        tell(f"{path}: '{names[v]}' of person {m + 1} is missing in frames {first + 1} to {last + 1}: --fill {length} "
             f'interpolates gaps of up to {length} frames')
    if flags.to and flags.to != detections.skeleton:
        names = skeleton(flags.to).joint_names
        try:
            joints, notes = map_joints(joints, detections.skeleton, flags.to, found)
        except ValueError as error:
            raise BrokenSample(f'--as {flags.to}: {detections.skeleton}: {error}') from None
        if notes:
            remarks.append(f'{detections.skeleton} as {flags.to}: {"; ".join(notes)}')
            tell(remarks[-1])
    if flags.joints not in (None, names):
        known = [name for name in skeleton_names() if skeleton(name).joint_names == flags.joints]
        raise BrokenSample(f'its joints are those of {flags.to or detections.skeleton}, and {len(flags.joints)} others '
                           'are needed' + (f': --as {known[0]} maps them' if known else ''))
    return Recording(joints, image_size=image_size, remarks=tuple(remarks))


def size_of_image(detections, flags):
    """Return (width, height) of the image in the units of x and y; (1, 1) if these are shares of it."""
    low, high = detections.joints[..., :2].min(), detections.joints[..., :2].max()
    if detections.shares or SHARES[0] <= low <= high <= SHARES[1]:
        return 1, 1
    if flags.image_size is None:
        raise BrokenSample(f'coordinates from {low:g} to {high:g} cannot be shares of an image: give its size in '
                           'pixels by --image_size WIDTH HEIGHT')
    return tuple(flags.image_size)
