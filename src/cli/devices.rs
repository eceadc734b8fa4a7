//! `smatrix2d devices`: the GPUs this program can use, or why there are none. Ends with 0 either way.

use super::terminal;
use smatrix2d::backend::cuda::probe::{GpuInfo, NoGpu, Slice, Verdict, probe};
use smatrix2d::error::Result;

#[derive(clap::Args)]
pub struct DevicesArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// # Errors
/// `Kind::Io`: stdout cannot be written.
pub fn run(args: DevicesArgs) -> Result<()> {
    let found = probe();
    let text = if args.json {
        json(&found)
    } else {
        table(&found)
    };
    terminal::print(&text)
}

fn table(found: &std::result::Result<Vec<GpuInfo>, NoGpu>) -> String {
    match found {
        Ok(gpus) => gpus.iter().map(lines).collect(),
        Err(why) => {
            let then = match why.verdict() {
                Verdict::NoneExists => "backend \"auto\" runs on the CPU",
                Verdict::OneFailed => "backend \"auto\" stops here; \"cpu\" runs",
            };
            format!("no GPU: {why}\n{then}\n")
        }
    }
}

fn lines(gpu: &GpuInfo) -> String {
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    let free = match gpu.memory_free_bytes() {
        Ok(bytes) => gib(bytes),
        Err(error) => error.message,
    };
    let (major, minor) = gpu.compute_capability;
    let (cuda_major, cuda_minor) = gpu.cuda_version;
    format!(
        "{}: {}\n   {}\n   compute capability {major}.{minor}, driver {} (CUDA {cuda_major}.{cuda_minor})\n   \
         memory {}, free {free}\n",
        gpu.index,
        gpu.name,
        gpu.uuid,
        gpu.driver_version
            .as_deref()
            .unwrap_or("of unknown version"),
        gib(gpu.memory_total_bytes),
    )
}

fn json(found: &std::result::Result<Vec<GpuInfo>, NoGpu>) -> String {
    let (devices, reason) = match found {
        Ok(gpus) => (gpus.iter().map(json_device).collect(), None),
        Err(why) => (Vec::new(), Some(why.to_string())),
    };
    let value = serde_json::json!({ "devices": devices, "reason": reason });
    format!("{value:#}\n")
}

fn json_device(gpu: &GpuInfo) -> serde_json::Value {
    let (major, minor) = gpu.compute_capability;
    let (cuda_major, cuda_minor) = gpu.cuda_version;
    serde_json::json!({
        "index": gpu.index,
        "name": gpu.name,
        "uuid": gpu.uuid,
        "mig": gpu.slice == Slice::Mig,
        "memory_total_bytes": gpu.memory_total_bytes,
        "memory_free_bytes": gpu.memory_free_bytes().ok(),
        "compute_capability": format!("{major}.{minor}"),
        "cuda_version": format!("{cuda_major}.{cuda_minor}"),
        "driver_version": gpu.driver_version,
    })
}
