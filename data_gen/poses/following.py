"""Persons followed over the frames of a video by norfair's tracker: https://github.com/tryolabs/norfair.

Why norfair: on 468 scenes such as those of tests/data_gen/poses/test_following.py it gave nobody a second number and
nobody another's. OC-SORT, the best of `trackers` 2.6.1, did so in 26 of them, BoT-SORT in 64, ByteTrack in 102: they
follow boxes, and norfair keypoints.
"""
import numpy as np

from data_gen.poses.libraries import library

MAX_ABSENCE = 30  # frames, about a second: after a longer absence a person counts as new
MAX_DISTANCE = 0.4  # body sizes, between the expected and the found place of a person, as a mean over the joints
MIN_SIZE = 50  # UNITS, for a body of which few joints are seen
UNITS = 1000  # to the longer side of the image: the tracker's noise is in pixels of such an image


class Follower:
    """Gives the poses of one frame after the other the numbers of persons, counted from 0 in order of appearance."""

    def __init__(self, image_size=None):
        self.norfair = library('norfair')
        width, height = image_size or (1, 1)
        self.scale = np.array([width, height]) * UNITS / max(width, height)
        self.tracker = self.norfair.Tracker(distance, MAX_DISTANCE, hit_counter_max=MAX_ABSENCE, initialization_delay=0,
                                            past_detections_length=0)

    def follow(self, joints):
        """Return the persons (P,) in the next frame of joints (P, V, 3), x and y as fractions of the image."""
        poses = [self.norfair.Detection(xy, score, data=p)
                 for p, (xy, score) in enumerate(zip(joints[..., :2] * self.scale, joints[..., 2]))]
        # The period sets how many frames a person lives on after each match, also after the first one.
        self.tracker.update(poses, period=MAX_ABSENCE)
        persons = np.zeros(len(poses), int)
        for person in self.tracker.tracked_objects:
            if person.last_detection in poses:
                persons[person.last_detection.data] = person.id - 1
        return persons


def distance(pose, person):
    """Return how far a pose is from where a person is expected, in body sizes: the mean over joints seen in both."""
    known = person.detected_at_least_once_points
    both = known & (pose.scores > 0)
    if not both.any():
        return np.inf
    expected = person.estimate
    size = max(np.linalg.norm(np.ptp(points, axis=0)) for points in (expected[known], pose.points[pose.scores > 0]))
    return np.linalg.norm(pose.points[both] - expected[both], axis=1).mean() / max(size, MIN_SIZE)
