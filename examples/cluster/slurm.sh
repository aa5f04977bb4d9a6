#!/usr/bin/env bash
#SBATCH --job-name=kerasgen
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --output=kerasgen-%j.log
# Trains one recipe on as many nodes as Slurm gives, one worker a node, and goes on after a lost one.
#
#     sbatch examples/cluster/slurm.sh vae_mnist [OPTIONS OF kerasgen train]
#
# Run where `kerasgen` is on the PATH, in a folder that all nodes reach. GPUs: #SBATCH --gpus-per-node=1.
set -euo pipefail
recipe=${1:?a recipe file, or the name of a preset}
export KERASGEN_HOSTS="$(scontrol show hostnames "$SLURM_JOB_NODELIST" | paste -sd ' ')"
export KERASGEN_PORT=$((20000 + SLURM_JOB_ID % 10000))

worker='
set -euo pipefail
workers=$(for host in $KERASGEN_HOSTS; do printf "\"%s:%s\"," "$host" "$KERASGEN_PORT"; done)
task="{\"type\": \"worker\", \"index\": $SLURM_PROCID}"
export TF_CONFIG="{\"cluster\": {\"worker\": [${workers%,}]}, \"task\": $task}"
exec kerasgen train "$@" --strategy multiworker --resume
'
for attempt in 1 2 3 4 5; do
    # A lost worker ends all: they start again together, from the last checkpoint.
    srun --kill-on-bad-exit=1 bash -c "$worker" worker "$@" --out "runs/$(basename "$recipe" .yaml)" && exit 0
    echo "attempt $attempt ended; the workers start again" >&2
    sleep 10
done
exit 1
