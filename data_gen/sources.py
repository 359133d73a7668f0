"""What predict.py and visualize.py are given: recordings of any form, clips, videos, and folders of all these."""
import pathlib

from tqdm import tqdm

from data_gen.formats import SUFFIXES, own_clips
from data_gen.formats.pose_recording import recording_of
from data_gen.formats.raw_file import reading
from data_gen.poses import video
from data_gen.poses.estimator_files import is_openpose_folder
from data_gen.poses.landmarks import PERSONS, Landmarker, detect, silent_libraries
from data_gen.poses.recordings import as_recording


def is_video(path):
    """Say whether the name of a file is that of a video."""
    return pathlib.Path(path).suffix.lower() in video.SUFFIXES


def recordings_in(paths):
    """Return the paths, with every folder replaced by the recordings and videos in it, in order of name.

    Folders within it are gone through too; one of OpenPose's frames stays one path, and the table of the labels of
    clips of one's own is no recording.
    """
    found = []
    for path in map(pathlib.Path, paths):
        if not path.is_dir() or is_openpose_folder(path):
            found.append(path)
            continue
        for within in sorted(path.iterdir()):
            if within.is_dir():
                found += recordings_in([within])
            elif is_video(within) or within.suffix in SUFFIXES and not own_clips.is_label_table(within):
                found.append(within)
    return found


def read_video(path, model):
    """Return (the PoseRecording that pose_gendata.py writes of the video at `path` by its defaults, remarks).

    `model` is the path of MediaPipe's. Raises BrokenSample, which names the video, for what cannot be read and if
    nobody is in it, and UserError if the model or a library is missing.
    """
    with reading(path), silent_libraries(), Landmarker(model, PERSONS) as landmarker:
        with video.open_video(path) as (frames, rate):
            frames = tqdm(frames, unit=' frames', leave=False, dynamic_ncols=True, disable=None)
            detections = detect(frames, rate, landmarker)
        recording, remarks = as_recording(detections, PERSONS, source=str(path))
    return recording, tuple(remarks)


def video_recordings(poses, remarks, preparations):
    """Return what `read_video` has returned as Recordings, of the dimensions of each of the Preparations."""
    return [recording_of(poses, preparation.dimensions)._replace(remarks=remarks) for preparation in preparations]
