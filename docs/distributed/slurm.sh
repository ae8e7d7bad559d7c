#!/usr/bin/env bash
#SBATCH --nodes=2 --ntasks-per-node=1 --gpus-per-task=1 --requeue
# One worker on each node of a SLURM job: sbatch docs/distributed/slurm.sh
# The folder must be shared; so is runs/, which the chief alone writes.
# Requeued after a lost node, the job goes on from its last checkpoint.
set -euo pipefail
export PORT=${PORT:-20000}
NODES=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | paste -sd,)
export NODES
export RESTORE=""
if [ -e runs/faces/config.json ]; then RESTORE=--restore; fi

# shellcheck disable=SC2016  # each task puts in its own number
srun --kill-on-bad-exit=1 bash -c '
  export TF_CONFIG=$(python - <<"PY"
import json, os
port, nodes = os.environ["PORT"], os.environ["NODES"].split(",")
workers = [f"{node}:{port}" for node in nodes]
task = {"type": "worker", "index": int(os.environ["SLURM_PROCID"])}
print(json.dumps({"cluster": {"worker": workers}, "task": task}))
PY
  )
  exec python scripts/train.py --model celeba64 --data /data/img_align_celeba.zip \
    --batch-size 256 --run-dir runs/faces --trust-network $RESTORE
'
