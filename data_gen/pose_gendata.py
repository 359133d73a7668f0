"""Videos, a camera, and files of pose estimators → recordings that every other command reads.

Each becomes one `.npz` with the joints of its persons, see data_gen.formats.pose_recording. Existing recordings are
kept, so that a command that was stopped goes on when it is started again. docs/own-video.md explains the use.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import pathlib
import re
import sys
import zlib

from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.formats.pose_recording import SUFFIX, write_recording
from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample
from data_gen.poses import landmarks, video
from data_gen.poses.estimator_files import is_openpose_folder, read_detections
from data_gen.poses.recordings import as_recording
from data_gen.writing.data_set import print_summary
from graph.skeleton import skeleton_names
from runtime.arguments import Parser, cores, count, number_above_0
from runtime.atomic_file import only_run_on
from runtime.errors import StopSignals, UserError, run_command, stop_requested

JSON = '.json'


def main():
    arg = parse_arguments()
    sources = list_sources(arg.sources)
    part, parts = arg.part
    mine = [name for name in sources if zlib.crc32(name.encode()) % parts == part - 1]
    missing = [name for name in mine if arg.overwrite or not (arg.out_folder / name).exists()]
    if len(missing) < len(mine):
        print(f'{arg.out_folder}: keeping {len(mine) - len(missing)} existing recordings (--overwrite replaces them)')
    if not missing:
        return 0
    locked = arg.out_folder if parts == 1 else arg.out_folder / f'part-{part}-of-{parts}'
    with only_run_on(locked, '--out_folder'), landmarks.silent_libraries():
        return write_all({name: sources[name] for name in missing}, arg)


def list_sources(arguments):
    """Return a dict: file name of a recording → its source, a path, or the number of a camera as text."""
    found = {}
    for argument in arguments:
        path = pathlib.Path(argument)
        if not path.exists() and not argument.isdecimal():
            raise UserError(f'{path}: no such video, file or folder: check the path')
        camera = [(f'camera{argument}{SUFFIX}', argument)]
        for name, source in sources_at(path, path) if path.exists() else camera:
            if found.setdefault(name, source) != source:
                raise UserError(f'{found[name]} and {source} would both be written to {name}: rename one of them')
    if not found:
        raise UserError(f'{", ".join(arguments)}: no videos ({", ".join(video.SUFFIXES)}) and no files of pose '
                        'estimators')
    return dict(sorted(found.items()))


def sources_at(path, root):
    """Yield (name of its recording, path) of each source at `path` or below, named from `root`."""
    if path.is_dir() and not is_openpose_folder(path):
        for within in sorted(path.iterdir()):
            if within.is_dir() or within.suffix.lower() in (*video.SUFFIXES, JSON):
                yield from sources_at(within, root)
    else:
        relative = path.relative_to(root) if path != root else pathlib.Path(path.resolve().name)
        stem = relative.name if path.is_dir() else relative.stem
        yield relative.with_name(stem + SUFFIX).as_posix(), path


def write_all(sources, arg):
    """Write the recordings of all `sources`; return the exit status: 1 if some were left out."""
    remarks, left_out = collections.defaultdict(list), 0
    with (StopSignals() as stop, tqdm(unit=' frames', dynamic_ncols=True, disable=None) as progress,
          concurrent.futures.ThreadPoolExecutor(min(arg.workers or cores(), len(sources))) as pool):
        running = {pool.submit(write_one, name, source, arg, progress, stop): name for name, source in sources.items()}
        try:
            for done, future in enumerate(concurrent.futures.as_completed(running), 1):
                try:
                    for remark in future.result():
                        remarks[remark].append(running[future])
                except BrokenSample as error:
                    left_out += 1
                    progress.write(f'left out: {error}', file=sys.stderr)
                progress.set_description(f'{done} of {len(sources)}')
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    print_summary({remark: sorted(names) for remark, names in remarks.items()})
    print(f'{arg.out_folder}: {len(sources) - left_out} recordings written')
    return 1 if left_out else 0


def write_one(name, source, arg, progress, stop):
    """Write the recording of a source, in any thread; return remarks on it."""
    is_camera = isinstance(source, str)
    with reading(source):
        if not is_camera and (source.is_dir() or source.suffix.lower() == JSON):
            detections, persons = read_detections(source, arg.image_size, arg.fps), arg.persons
            progress.update(detections.num_frames)
        else:
            persons = arg.persons or landmarks.PERSONS
            camera = contextlib.nullcontext((video.camera_frames(source), None))
            opened = camera if is_camera else video.open_video(source)
            with landmarks.Landmarker(arg.pose_model, persons) as landmarker, opened as (frames, rate):
                frames = until_stopped(frames, is_camera, progress, stop)
                detections = landmarks.detect(frames, rate, landmarker)
        recording, remarks = as_recording(detections, persons, arg.fill, arg.to, str(source))
    write_recording(arg.out_folder / name, recording)
    return remarks


def until_stopped(frames, is_camera, progress, stop):
    """Yield the frames. If the command is to stop, the recording of a camera ends, and that of a video fails."""
    for frame in frames:
        if stop.received and is_camera:
            return
        if stop.received:
            raise stop_requested(stop.received, 'start the command again, and it goes on')
        progress.update()
        yield frame


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
    add('--part', type=part_of, default=(1, 1), metavar='I/N',
        help='make only this part of the recordings, such as 3/16: for machines that share a folder')
    add('--overwrite', action='store_true', help='make existing recordings again')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
