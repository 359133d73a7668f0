"""The normalisation of 2D skeletons: joints in an image, each with a score, as the clip that the model takes."""
import numpy as np


def clip_of_flat(places, score, shape, image_size=None):
    """Return places (M, T, V, 2) and score (M, T, V) as a clip, float32 of `shape` (3, T', V, M'), T ≤ T'.

    Channels are x, y and score; x and y are 0 where the score is. The persons of highest score come first, zeros
    follow the last frame. With `image_size` (height, width), x and y become shares of the image from its centre, y
    upwards.
    """
    best = np.argsort(-score.sum((1, 2)), kind='stable')[:shape[3]]
    places, score = places[best], score[best]
    x, y = places[..., 0], places[..., 1]
    if image_size is not None:
        height, width = image_size
        x, y = x / width - 0.5, -(y / height - 0.5)
    seen = score != 0
    persons = np.stack((np.where(seen, x, 0), np.where(seen, y, 0), score))
    clip = np.zeros(shape, np.float32)
    clip[:, :score.shape[1], :, :len(best)] = persons.transpose(0, 2, 3, 1)
    return clip
