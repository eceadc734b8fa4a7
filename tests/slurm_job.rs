//! examples/slurm/job.sh with a program and a scontrol of the test's own: what is run, what is queued again.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Stands for a program that is stopped by the signal that Slurm sends to the batch shell, its parent.
const STOPPED_BY_SIGNAL: &str =
    "trap 'echo saved; exit 75' USR1; kill -USR1 $PPID; while :; do sleep 0.01; done";
/// The same, for a program that does not know the signal.
const ENDED_BY_SIGNAL: &str = "kill -USR1 $PPID; exec sleep 60";

fn script(folder: &Path, name: &str, body: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/bash\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn folder_with_program(body: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "smatrix2d", body);
    script(folder.path(), "scontrol", "echo \"scontrol $*\"");
    std::fs::write(
        folder.path().join("cases.txt"),
        "cases/first.toml\ncases/second.toml\n",
    )
    .unwrap();
    folder
}

/// Array task `task` of job 7, started for the `restarts`-th time again.
fn run_task(folder: &TempDir, task: &str, restarts: &str) -> Output {
    let job = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/slurm/job.sh");
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    let slurm = [
        ("SLURM_ARRAY_TASK_ID", task),
        ("SLURM_ARRAY_JOB_ID", "7"),
        ("SLURM_RESTART_COUNT", restarts),
    ];
    let mut command = Command::new("bash");
    command
        .arg(job)
        .args(["cases.txt", "results"])
        .current_dir(folder.path())
        .env("PATH", path)
        .envs(slurm);
    command.output().unwrap()
}

#[test]
fn a_task_runs_the_case_on_its_line_and_ends_as_the_program_does() {
    for code in [0, 65, 69] {
        let folder = folder_with_program(&format!("echo \"ran $*\"; exit {code}"));
        let output = run_task(&folder, "2", "0");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            text.contains("ran run cases/second.toml -o results/second.h5 --backend cuda"),
            "{text}"
        );
        assert!(!text.contains("scontrol"), "{text}");
        assert_eq!(output.status.code(), Some(code));
    }
}

#[test]
fn a_task_that_nears_its_limit_is_queued_again_but_not_for_ever() {
    for program in [STOPPED_BY_SIGNAL, ENDED_BY_SIGNAL] {
        let folder = folder_with_program(program);
        let output = run_task(&folder, "1", "2");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("scontrol requeue 7_1"), "{text}");
        assert_eq!(output.status.code(), Some(0));
        let last = run_task(&folder, "1", "3");
        assert_eq!(last.status.code(), Some(75));
        assert!(!String::from_utf8_lossy(&last.stdout).contains("scontrol"));
    }
}

#[test]
fn a_case_whose_result_is_there_is_not_run_again() {
    let folder = folder_with_program("exit 1");
    std::fs::create_dir(folder.path().join("results")).unwrap();
    std::fs::write(folder.path().join("results/first.h5"), "").unwrap();
    assert_eq!(run_task(&folder, "1", "1").status.code(), Some(0));
}

#[test]
fn a_task_without_a_case_is_an_error() {
    let folder = folder_with_program("exit 0");
    assert_eq!(run_task(&folder, "3", "0").status.code(), Some(66));
}
