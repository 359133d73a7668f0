"""Videos, a camera, and what pose estimators write → recordings that every other command reads.

Each becomes one `.npz` with the joints of its persons, see data_gen.formats.pose_recording. Joints of videos and
cameras are found by MediaPipe's Pose Landmarker. Existing recordings are kept, so that a command that was killed goes
on when it is started again. docs/own-video.md has the whole way.
"""
import argparse
import concurrent.futures
import itertools
import pathlib
import re
import sys
import time
import zlib
from typing import NamedTuple

from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.formats.pose_recording import SUFFIX, write_recording
from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample
from data_gen.poses import landmarks, openpose_frames, video
from data_gen.poses.estimator_files import read_detections
from data_gen.poses.recordings import Wishes, as_recording
from graph.skeleton import skeleton_names
from runtime.arguments import Parser, cores, count, number_above_0
from runtime.atomic_file import only_run_on
from runtime.errors import StopSignals, UserError, run_command, stop_requested

JSON = '.json'
NAMES = 3  # recordings that a remark names
DONE, DONE_WITH_SOURCES_LEFT_OUT = 0, 1


class Source(NamedTuple):
    """What one recording is made of: a path, or the number of a camera, and the name of the recording's file."""

    path: pathlib.Path | int
    name: str


class Outcome(NamedTuple):
    """What became of one source: its frames and remarks on them, or, if it is left out, why."""

    frames: int = 0
    remarks: list = []
    problem: str = ''


def main():
    arg = parse_arguments()
    sources = [source for source in list_sources(arg.sources) if arg.part is None or in_part(source.name, *arg.part)]
    wanted = [source for source in sources if arg.overwrite or not (arg.out_folder / source.name).exists()]
    if len(wanted) < len(sources):
        print(f'{arg.out_folder}: keeping {len(sources) - len(wanted)} existing recordings (--overwrite replaces them)')
    if not wanted:
        return DONE
    if any(map(needs_landmarks, wanted)):
        landmarks.check_model(arg.pose_model)
    locked = arg.out_folder if arg.part is None else arg.out_folder / 'part-{}-of-{}'.format(*arg.part)
    with only_run_on(locked, '--out_folder'), landmarks.silent_libraries():
        return write_all(wanted, arg)


def list_sources(paths):
    """Return the Sources that the arguments name, sorted by name; UserError if two have one name, or there is none."""
    sources = list(itertools.chain.from_iterable(map(sources_at, paths)))
    by_name = {}
    for source in sources:
        if (other := by_name.setdefault(source.name, source)).path != source.path:
            raise UserError(f'{other.path} and {source.path} would both be written to {source.name}: give them other '
                            'names, or write them into two folders')
    if not by_name:
        raise UserError(f'{", ".join(map(str, paths))}: no videos ({", ".join(video.SUFFIXES)}) and no files of pose '
                        'estimators there')
    return [by_name[name] for name in sorted(by_name)]


def sources_at(text):
    """Yield the Sources that an argument stands for: itself, or those in a folder and the folders within."""
    path = pathlib.Path(text)
    if not path.exists():
        if not re.fullmatch('[0-9]+', text):
            raise UserError(f'{path}: no such video, file or folder: check the path')
        yield Source(int(text), f'camera{text}{SUFFIX}')
    elif path.is_dir() and not openpose_frames.is_folder(path):
        yield from sources_within(path, path)
    else:
        yield Source(path, f'{path.resolve().name if path.is_dir() else path.stem}{SUFFIX}')


def sources_within(folder, root):
    """Yield the Sources in a folder, named by their paths from `root`."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not openpose_frames.is_folder(path):
            yield from sources_within(path, root)
        elif path.is_dir() or path.suffix.lower() in (*video.SUFFIXES, JSON):
            name = path.name if path.is_dir() else path.stem
            yield Source(path, (path.relative_to(root).parent / f'{name}{SUFFIX}').as_posix())


def in_part(name, part, parts):
    """Say whether the recording `name` is in this part of so many: its name alone decides, whatever else is there."""
    return zlib.crc32(name.encode()) % parts == part - 1


def is_camera(source):
    return isinstance(source.path, int)


def needs_landmarks(source):
    """Say whether a source is images, of a video or a camera, and not what an estimator wrote."""
    return is_camera(source) or source.path.is_file() and source.path.suffix.lower() != JSON


def write_all(sources, arg):
    """Write the recordings of all `sources`; return the exit status."""
    start, summary, frames, left_out = time.monotonic(), {}, 0, 0
    with tqdm(unit=' frames', dynamic_ncols=True, disable=None) as progress:
        for done, (source, outcome) in enumerate(do_all(sources, arg, progress), 1):
            frames += outcome.frames
            left_out += bool(outcome.problem)
            if outcome.problem:
                progress.write(f'left out: {outcome.problem}', file=sys.stderr)
            for text, detail in outcome.remarks:
                summary.setdefault(text, []).append(f'{source.name}: {detail}' if detail else source.name)
            progress.set_description(f'{done} of {len(sources)}')
    for text, names in sorted(summary.items()):
        print(f'{text}: {len(names)} ({"; ".join(sorted(names)[:NAMES])}{"; …" if len(names) > NAMES else ""})')
    seconds = max(time.monotonic() - start, 1e-3)
    print(f'{len(sources) - left_out} recordings in {seconds:.1f} s, {frames / seconds:.0f} frames a second')
    return DONE_WITH_SOURCES_LEFT_OUT if left_out else DONE


def do_all(sources, arg, progress):
    """Yield (source, Outcome) of every source, as they are done."""
    with (StopSignals() as stop,
          concurrent.futures.ThreadPoolExecutor(min(arg.workers or cores(), len(sources) or 1)) as pool):
        running = {pool.submit(write_one, source, arg, progress, stop): source for source in sources}
        try:
            for future in concurrent.futures.as_completed(running):
                yield running[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def write_one(source, arg, progress, stop):
    """Write the recording of a source; return the Outcome. Runs in any thread, MediaPipe in this one alone."""
    try:
        with reading(source.path):
            detections = detect_in(source, arg, progress, stop)
            persons = arg.persons or (landmarks.PERSONS if needs_landmarks(source) else None)
            recording, remarks = as_recording(detections, Wishes(persons, arg.fill, arg.to), str(source.path))
    except BrokenSample as error:
        return Outcome(problem=str(error))
    write_recording(arg.out_folder / source.name, recording)
    return Outcome(detections.num_frames, remarks)


def detect_in(source, arg, progress, stop):
    """Return the Detections in a source; UserError if the command is stopped meanwhile."""
    if not needs_landmarks(source):
        detections = read_detections(source.path, arg.image_size, arg.fps)
        progress.update(detections.num_frames)
        return detections

    def counted(frames):
        for frame in frames:
            if stop.received and is_camera(source):
                return
            if stop.received:
                raise stop_requested(stop.received, 'start the command again, and it goes on')
            progress.update()
            yield frame

    with landmarks.Landmarker(arg.pose_model, arg.persons or landmarks.PERSONS) as landmarker:
        if is_camera(source):
            return landmarks.detect(counted(video.camera_frames(source.path)), None, landmarker)
        with video.open_video(source.path) as (frames, rate):
            return landmarks.detect(counted(frames), rate, landmarker)


def part_of(text):
    """Read `3/16`, the third of 16 parts, as (3, 16)."""
    match = re.fullmatch('([0-9]+)/([0-9]+)', text)
    part, parts = map(int, match.groups()) if match else (0, 0)
    if not 1 <= part <= parts:
        raise argparse.ArgumentTypeError(f"'{text}' is not such as 3/16, the third of 16 parts")
    return part, parts


def parse_arguments():
    parser = Parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add('sources', nargs='+', metavar='SOURCE',
        help="a video, the number of a camera (Ctrl-C ends it), a folder of OpenPose's frames, a .json of AlphaPose, "
             'COCO, MMPose or rtmlib, or a folder with any of these')
    landmarks.add_pose_model(add)
    add('--out_folder', '--out-folder', type=pathlib.Path, default='./data/poses', metavar='FOLDER',
        help='output folder')
    add('--persons', type=count, metavar='N',
        help=f'number of persons at most: those seen most (default: {landmarks.PERSONS} of a video, all of an '
             "estimator's file)")
    add('--image_size', '--image-size', nargs=2, type=count, metavar=('WIDTH', 'HEIGHT'),
        help="estimators' files: the size of the image in pixels, which they do not say")
    add('--fps', type=number_above_0, metavar='N', help="estimators' files: frames per second, which they do not say")
    add('--fill', type=count, default=0, metavar='FRAMES',
        help='interpolate missing joints in gaps of up to so many frames')
    add('--as', dest='to', choices=skeleton_names(), metavar='SKELETON',
        help='map the joints to a skeleton of config/skeletons, such as openpose18')
    add('--workers', type=count, metavar='N', help='recordings made at once (default: the number of CPU cores)')
    add('--part', type=part_of, metavar='I/N',
        help='make only this part of the recordings, such as 3/16: for machines that share a folder')
    add('--overwrite', action='store_true', help='make existing recordings again')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
