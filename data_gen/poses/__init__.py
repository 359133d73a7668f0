"""Videos, cameras and the files of pose estimators: what is not a recording of joints yet.

    video            reads the frames of a video file or of a camera
    landmarks        finds the joints of the people in a frame with MediaPipe
    estimator_files  reads what OpenPose, AlphaPose, COCO's tools and MMPose write

Each source becomes Detections: the poses of persons, frame by frame. `following` finds the poses of one person, and
`recordings` makes one recording of all, see data_gen.formats.pose_recording.
"""
