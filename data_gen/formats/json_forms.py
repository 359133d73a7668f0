"""What a JSON file that is no clip of Kinetics-Skeleton looks like, by the keys of its object, or of its first one."""

FORMS = (  # a key that tells the form: what it is
    ('instance_info', "MMPose's predictions"),
    ('instances', "MMPose's predictions"),
    ('keypoint_scores', "MMPose's predictions of one frame"),
    ('people', "OpenPose's output of one frame"),
    ('keypoints', "a list of detections, as AlphaPose and COCO's tools write it"),
    ('annotations', "COCO's annotations"),
    ('skeletons', 'a recording of NW-UCLA'),
    ('landmarks', "MediaPipe's landmarks"),
    ('pose_landmarks', "MediaPipe's landmarks"),
    ('poseLandmarks', "MediaPipe's landmarks"),
    ('has_skeleton', 'a label file of Kinetics-Skeleton'),
)


def form_of(content):
    """Return what the content of a JSON file looks like, None if it is nothing that is known."""
    objects = [content, *(content[:1] if isinstance(content, list) else [])]
    if isinstance(content, dict):
        objects += list(content.values())[:1]
    return next((form for key, form in FORMS for one in objects if isinstance(one, dict) and key in one), None)
