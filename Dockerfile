# The environment of the project on a machine with NVIDIA GPUs; the project itself is mounted (see the README).
FROM pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime

WORKDIR /workspace/2s-AGCN
COPY requirements.txt requirements-extra.txt ./
# The image brings torch, which is kept.
RUN pip install --no-cache-dir -r requirements.txt -r requirements-extra.txt

CMD ["bash"]
