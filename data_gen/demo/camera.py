"""What a Kinect records of the demo's people: their joints as it sees them, with its errors, as a `.skeleton` file."""
import numpy as np

from data_gen.demo.figure import turn

CAMERA_HEIGHT, CAMERA_DISTANCE = 1.1, 3.3  # metres, from the floor and from where people stand

NOISE = .005  # metres, the deviation of a joint from frame to frame
DRIFT = .008  # metres, the deviation of a joint over some frames
LOST = .3  # the share of recordings in which the sensor loses everybody for some frames


def seen_by(degrees, joints):
    """Return the joints (M, T, 25, 3) in the axes of a camera that stands at `degrees`: x, y up, z away from it."""
    return joints @ turn(np.deg2rad(degrees), 1).T + (0, -CAMERA_HEIGHT, CAMERA_DISTANCE)


def sensed(joints, rng):
    """Return the joints (M, T, 25, 3) as a sensor measures them: with noise, and with errors that drift along."""
    drift = DRIFT * rng.standard_normal(joints.shape)
    window = np.hanning(13)
    spread = np.fft.irfft(np.fft.rfft(drift, axis=1) * np.fft.rfft(window, drift.shape[1])[:, None, None],
                          drift.shape[1], axis=1) / np.linalg.norm(window)
    return joints + spread + NOISE * rng.standard_normal(joints.shape)


def tracked(frames, rng):
    """Return the frames (T,) in which the sensor sees anybody: all of them, or all but a few in a row."""
    seen = np.ones(frames, dtype=bool)
    if rng.random() < LOST:
        start = rng.integers(1, frames - 4)
        seen[start:start + rng.integers(1, 4)] = False
    return seen


# A body's line: id, clipped edges, confidence and state of the left and of the right hand, restricted, lean in x and
# y, tracking state. A joint's line: x y z, its place in the depth image and in the colour image, four numbers of its
# orientation (left at 0, as the sensor itself leaves them where it has none), tracking state.
BODY_LINES = '%d 0 1 1 1 1 0 %.4f %.4f 2\n25\n' + 25 * '%.5f %.5f %.5f %.3f %.3f %.3f %.3f 0 0 0 0 2\n'
DEPTH_IMAGE, COLOUR_IMAGE = (365., 256., 212.), (1060., 960., 540.)  # focal length and middle, in pixels
FIRST_BODY_ID = 72057594037927936


def skeleton_text(joints, seen):
    """Return the text of a `.skeleton` file: joints (M, T, 25, 3), of which the frames `seen` (T,) have bodies."""
    depth, colour = (middle + focal * joints[..., :2] * (1, -1) / joints[..., 2:]
                     for focal, *middle in (DEPTH_IMAGE, COLOUR_IMAGE))
    columns = np.concatenate((joints, depth, colour), axis=-1)  # (M, T, 25, 7)
    lean = joints[..., 20, ::2] - joints[..., 0, ::2]  # shoulders against base of spine
    lines = [f'{joints.shape[1]}\n']
    for t, anybody in enumerate(seen):
        lines.append(f'{len(joints) if anybody else 0}\n')
        for m in range(len(joints) if anybody else 0):
            lines.append(BODY_LINES % (FIRST_BODY_ID + m, *lean[m, t], *columns[m, t].ravel()))
    return ''.join(lines)
