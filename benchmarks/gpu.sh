#!/usr/bin/env bash
# What there is to know of a GPU, in under seven minutes: the tests marked cuda, then the speed of the model and of
# training. Each step has a limit of time of its own, and what it has found by then is kept. One JSON file holds it all.
#
#     benchmarks/gpu.sh gpu.json        # PYTHON=python3.12 in front names another Python than python
#     benchmarks/gpu.sh cpu.json cpu    # the same steps without a GPU and at tiny sizes, to try them
set -uo pipefail
out=$(realpath -m "${1:?name the JSON file to write}")
device=${2:-cuda}
python=${PYTHON:-python}
cd "$(dirname "$0")/.."
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT

step() {  # step NAME SECONDS ARGUMENTS: run Python with the arguments, for so long
    local name=$1 limit=$2
    shift 2
    echo "== $name, at most $limit s: python $*"
    timeout --kill-after=5 "$limit" "$python" "$@" 2>&1 | tee "$kept/$name.txt"
    echo "${PIPESTATUS[0]}" > "$kept/$name.status"
}

if [ "$device" = cuda ]; then
    nvidia-smi
    selected=(cuda)
    model=(--data ntu --models agcn)
    training=(--precision bf16 --samples 3840 --clips 1280 --steps 60 --log-intervals 100)
else
    selected=("cuda and not compiled")
    model=(--models agcn --frames 4 --batch-size 2 --rounds 1 --precisions fp32)
    training=(--frames 4 --batch-size 2 --samples 6 --clips 4 --steps 1 --log-intervals 2 --workers 0)
fi
step machine 30 -c 'import numpy, platform, torch; print(platform.platform(), platform.python_version(), torch.__version__,
    numpy.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU", sep=", ")'
step tests 150 -m pytest -o addopts= -q -m "${selected[*]}" --device "$device" tests/test_cuda.py
step model 90 -m benchmarks.model --device "$device" "${model[@]}" --compile no --json "$kept/model.json"
if [ "$device" = cuda ]; then
    step compiled 70 -m benchmarks.model --device cuda "${model[@]}" --compile yes --precisions bf16 \
        --json "$kept/compiled.json"
fi
step training 75 -m benchmarks.training --device "$device" "${training[@]}" --json "$kept/training.json"

"$python" - "$kept" "$out" <<'END'
import json, pathlib, sys
kept, out = map(pathlib.Path, sys.argv[1:])
found = {}
for status in sorted(kept.glob('*.status')):
    rows = status.with_suffix('.json')
    lines = status.with_suffix('.txt').read_text().splitlines()
    found[status.stem] = {
        'status': int(status.read_text()), 'last line': lines[-1] if lines else '',
        'rows': list(map(json.loads, rows.read_text().splitlines())) if rows.exists() else []}
out.write_text(json.dumps(found, indent=1) + '\n')
for name, step in found.items():
    print(f'{name}: status {step["status"]}, {len(step["rows"])} rows; {step["last line"]}')
print(f'All figures: {out}')
sys.exit(any(step['status'] for step in found.values()))
END
