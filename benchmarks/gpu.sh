#!/usr/bin/env bash
# Everything about a new GPU in under seven minutes: the tests marked cuda, then the speed of the model and of training.
# Each step has a time limit of its own. The figures and the status of each step become lines of one JSON file.
#
#     benchmarks/gpu.sh gpu.json        # PYTHON=python3.12 in front names another Python than python
#     benchmarks/gpu.sh cpu.json cpu    # the same steps without a GPU and at tiny sizes, to try them
set -uo pipefail
out=$(realpath -m "${1:?name the JSON file to write}")
device=${2:-cuda}
failed=0
cd "$(dirname "$0")/.."

step() {  # step NAME SECONDS ARGUMENTS: run Python with the arguments, for at most so long
    echo "== $1, at most $2 s: python ${*:3}"
    timeout --kill-after=5 "$2" "${PYTHON:-python}" "${@:3}"
    local status=$?
    [ "$status" = 0 ] || failed=1
    echo "{\"step\": \"$1\", \"status\": $status}" >> "$out"
}

model=(-m benchmarks.model --device "$device" --models agcn --json "$out")
training=(-m benchmarks.training --device "$device" --json "$out")
tests=(-m pytest -o addopts= -q --device "$device" tests/test_cuda.py -m)
rm -f "$out"
if [ "$device" = cuda ]; then
    nvidia-smi
    step tests 150 "${tests[@]}" cuda
    step model 90 "${model[@]}" --compile no
    step compiled 70 "${model[@]}" --compile yes --precisions bf16
    step training 75 "${training[@]}" --precision bf16
else
    step tests 150 "${tests[@]}" "cuda and not compiled"
    step model 90 "${model[@]}" --compile no --frames 4 --batch-size 2 --rounds 1 --precisions fp32
    step training 75 "${training[@]}" --frames 4 --batch-size 2 --steps 3
fi
cat "$out"
exit "$failed"
