"""The preparation of one NTU recording, frame by frame and joint by joint: what the fast code is compared with."""
import math

import numpy as np


def plain_clip(bodies):
    """Return the clip (3, 300, 25, 2) float32 of bodies (4, T, 25, 3), zero where nobody is."""
    energies = []
    for body in bodies:
        frames = np.array([frame for frame in body if frame.sum() != 0])
        energies.append(sum(frames[..., c].std() for c in range(3)) if len(frames) else 0)
    persons = np.zeros((2, 300, 25, 3), np.float32)
    for m, best in enumerate(sorted(range(4), key=lambda m: -energies[m])[:2]):
        persons[m, :bodies.shape[1]] = bodies[best]

    for person in persons:
        pad(person)
    center = persons[0, :, 1].copy()
    for person in persons:
        if person.sum() != 0:
            for t in range(300):
                for v in range(25):
                    person[t, v] = person[t, v] - center[t] if person[t, v].sum() != 0 else 0
    for end, start, axis in ((1, 0, (0, 0, 1)), (8, 4, (1, 0, 0))):
        matrix = turn(persons[0, 0, end] - persons[0, 0, start], np.array(axis, float))
        for person in persons:
            for frame in person:
                if frame.sum() != 0:
                    for v in range(25):
                        frame[v] = matrix @ frame[v]
    return persons.transpose(3, 1, 2, 0)


def pad(person):
    """Fill the empty frames of one person (300, 25, 3), in place."""
    if person.sum() == 0:
        return
    if person[0].sum() == 0:
        there = [frame.copy() for frame in person if frame.sum() != 0]
        person[:] = 0
        for t, frame in enumerate(there):
            person[t] = frame
    for t in range(300):
        if person[t].sum() == 0 and person[t:].sum() == 0:
            for later in range(t, 300):
                person[later] = person[(later - t) % t]
            return


def turn(v, e):
    """Return the matrix that turns v onto the unit vector e."""
    angle = 0 if np.abs(v).sum() < 1e-6 else math.acos(np.clip(np.dot(v / np.linalg.norm(v), e), -1, 1))
    axis = np.cross(v, e)
    if np.abs(axis).sum() < 1e-6 or angle < 1e-6:
        return np.eye(3)
    axis = axis / np.linalg.norm(axis)
    cos, sin = math.cos(angle), math.sin(angle)
    columns = [u * cos + np.cross(axis, u) * sin + axis * np.dot(axis, u) * (1 - cos) for u in np.eye(3)]
    return np.array(columns).T


def plain_bodies(path):
    """Return the bodies (4, T, 25, 3) in the `.skeleton` file at `path`, zero where nobody is, read line by line."""
    with open(path, encoding='ascii') as file:
        T = int(file.readline())
        bodies = np.zeros((4, T, 25, 3))
        for t in range(T):
            for m in range(int(file.readline())):
                file.readline()
                for v in range(int(file.readline())):
                    joint = [float(word) for word in file.readline().split()]
                    if m < 4:
                        bodies[m, t, v] = joint[:3]
    return bodies
