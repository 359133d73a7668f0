"""What the files of a run hold: for tests that compare runs."""
import struct

import torch
from tensorboardX.proto.event_pb2 import Event, SessionLog


def files_below(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob('*') if p.is_file()}


def same_weights(one, other):
    one, other = torch.load(one, weights_only=True), torch.load(other, weights_only=True)
    return list(one) == list(other) and all(torch.equal(one[k], other[k]) for k in one)


def read_scalars(folder):
    """Return tag → [(step, value)] of all event files in `folder`, in order, as TensorBoard shows them."""
    scalars = {}
    for event in read_events(folder):
        if event.session_log.status == SessionLog.START:  # a resumed run takes back what was written from this step on
            scalars = {tag: [point for point in points if point[0] < event.step] for tag, points in scalars.items()}
        for value in event.summary.value:
            if value.WhichOneof('value') == 'simple_value':
                scalars.setdefault(value.tag, []).append((event.step, value.simple_value))
    return scalars


def read_events(folder):
    for path in sorted(folder.glob('events.*')):
        content = path.read_bytes()
        while len(content) > 8:
            length = struct.unpack('<Q', content[:8])[0]
            if len(content) < 16 + length:  # a killed run leaves the beginning of an event
                break
            yield Event.FromString(content[12:12 + length])
            content = content[16 + length:]
