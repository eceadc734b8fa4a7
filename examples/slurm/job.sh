#!/bin/bash
# One array task per case file, on a GPU each:
#
#     ls cases/*.toml > cases.txt
#     sbatch --array=1-$(wc -l < cases.txt)%8 job.sh cases.txt results
#
# A task that nears its time limit is stopped and queued again; a case whose result is there is not run again.
#SBATCH --job-name=smatrix2d
#SBATCH --gpus=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=8G
#SBATCH --time=00:30:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120
#SBATCH --output=smatrix2d-%A_%a.log
set -u

RESTARTS_MAX=3
STOPPED=75             # exit code: stopped early and resumable
ENDED_BY_USR1=138      # 128 + 10

case_list=${1:?usage: sbatch --array=1-N job.sh CASE_LIST RESULT_FOLDER}
results=${2:?usage: sbatch --array=1-N job.sh CASE_LIST RESULT_FOLDER}
case_file=$(sed -n "${SLURM_ARRAY_TASK_ID:?not an array task: give sbatch --array}p" "$case_list")
[ -n "$case_file" ] || { echo "$case_list has no line $SLURM_ARRAY_TASK_ID" >&2; exit 66; }
result=$results/$(basename "$case_file" .toml).h5
mkdir -p "$results"

echo "task $SLURM_ARRAY_TASK_ID, restart ${SLURM_RESTART_COUNT:-0}, $(hostname): $case_file"
# The program renames a complete file into place, so a result that exists is complete.
[ -e "$result" ] && { echo "$result is there"; exit 0; }

# --signal=B: reaches this shell only, and only `wait` lets it act at once: hence the program in the background.
# The cluster grants a GPU, so its absence is an error (exit code 69), not a reason to use the CPU.
# The traps stand before the program starts: it may be stopped at once.
trap 'interrupted=yes; echo "time is nearly up: stopping"; kill -USR1 $!' USR1
trap 'interrupted=yes; kill -TERM $!' TERM
smatrix2d run "$case_file" -o "$result" --backend cuda &
program=$!
# A signal ends `wait` before the program has ended: then wait again for the program's own status.
while interrupted=no; wait "$program"; status=$?; [ "$interrupted" = yes ]; do :; done

if [ "$status" -eq "$STOPPED" ] || [ "$status" -eq "$ENDED_BY_USR1" ]; then
    if [ "${SLURM_RESTART_COUNT:-0}" -ge "$RESTARTS_MAX" ]; then
        echo "stopped after $RESTARTS_MAX restarts: give it more --time" >&2
        exit "$STOPPED"
    fi
    # Naming the task, not the job: the other tasks of the array are none of its business.
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
    exit 0
fi
exit "$status"
