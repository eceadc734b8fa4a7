//! The group `/provenance`: what made the file, so that it can be made again.

use super::section::Section;
use crate::results::Provenance;
use sha2::{Digest, Sha256};

/// Environment variables of a Slurm job, written under their names in lower case where they are set.
const SLURM_VARIABLES: [&str; 8] = [
    "SLURM_JOB_ID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_STEP_ID",
    "SLURM_RESTART_COUNT",
    "SLURM_JOB_NODELIST",
    "SLURM_JOB_PARTITION",
    "SLURM_CLUSTER_NAME",
];

/// Program name and version, as in the root attribute `source`.
pub fn program() -> String {
    format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

pub fn write(section: &Section, provenance: &Provenance) -> hdf5::Result<()> {
    for (name, text) in run_texts(provenance) {
        section.text(name, text)?;
    }
    section.text("case_sha256", &sha256(&provenance.case_text))?;
    section.text(
        "case_resolved_sha256",
        &sha256(&provenance.case_resolved_text),
    )?;
    section.value("steps", provenance.steps as i64)?;
    section.value("wall_time_s", provenance.wall_time_s)?;
    section.text("program_version", &program())?;
    section.text(
        "git_commit",
        option_env!("SMATRIX2D_GIT_COMMIT").unwrap_or("unknown"),
    )?;
    section.text(
        "build_flags",
        option_env!("SMATRIX2D_BUILD").unwrap_or("unknown"),
    )?;
    section.text("host", &host_name())?;
    for variable in SLURM_VARIABLES {
        if let Ok(text) = std::env::var(variable) {
            section.text(&variable.to_ascii_lowercase(), &text)?;
        }
    }
    Ok(())
}

fn run_texts(provenance: &Provenance) -> [(&'static str, &str); 13] {
    [
        ("case_text", &provenance.case_text),
        ("case_resolved_text", &provenance.case_resolved_text),
        ("physics_tables_sha256", &provenance.physics_tables_sha256),
        ("backend", &provenance.backend),
        ("backend_reason", &provenance.backend_reason),
        ("gpu_name", &provenance.gpu_name),
        ("gpu_uuid", &provenance.gpu_uuid),
        ("driver", &provenance.driver),
        ("precision", &provenance.precision),
        ("start_time", &provenance.start_time),
        ("end_time", &provenance.end_time),
        ("command_line", &provenance.command_line),
        ("exit_reason", &provenance.exit_reason),
    ]
}

/// Lower-case hexadecimal SHA-256 of a text's bytes.
pub fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn host_name() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let name = kernel.ok().or_else(|| std::env::var("HOSTNAME").ok());
    name.map_or("unknown".to_string(), |name| name.trim().to_string())
}
