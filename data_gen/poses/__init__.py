"""Everything that is not joints yet: videos and cameras, and what pose estimators write.

    video            frames of a video file or of a camera
    landmarks        MediaPipe's joints of the people in a frame
    openpose_frames  a folder of OpenPose's `.json` files, one a frame
    result_list      a `.json` list of AlphaPose's or COCO's results
    mmpose_instances a `.json` file of MMPose's instances, in 2D or 3D
    estimator_files  which of these three forms a file or folder has, and its x and y as fractions of the image

Each of them ends in Detections (detections.py): poses of persons, frame by frame. `following` says who is who over the
frames, `recordings` makes of it one recording that describes itself, see data_gen.formats.pose_recording.
"""
