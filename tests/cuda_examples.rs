//! Every example, on coarse axes, by the CUDA backend on the host: the dose of the CPU, bit for bit.

#[path = "support/host_launcher.rs"]
mod host_launcher;

use host_launcher::HostMachine;
use smatrix2d::backend::Machine;
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::case::Case;
use smatrix2d::phantom::Phantom;
use smatrix2d::transport::run;
use std::path::{Path, PathBuf};

/// What makes an example small, with its first two spots; its phantom, media and stepping stay.
const SMALL: [(&str, &str); 4] = [
    ("grid.range_bin_mm", "4.0"),
    ("grid.angle_max_deg", "75.0"),
    ("grid.angle_bin_deg", "15.0"),
    ("transport.prune", "1e-4"),
];

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut cases: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    cases.sort();
    cases
}

fn load(path: &Path, nuclear: &str) -> Case {
    let nuclear = ("physics.nuclear", nuclear);
    let keys: Vec<(String, String)> = SMALL
        .iter()
        .chain([&nuclear])
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    let text = std::fs::read_to_string(path).unwrap();
    let mut case = Case::parse(&text, path, &keys).unwrap_or_else(|error| panic!("{error}"));
    case.beams.truncate(2);
    case
}

/// Bits of the dose per cell.
fn dose(case: &Case, path: &Path, machine: &dyn Machine) -> Vec<u64> {
    let phantom = Phantom::build(case, path.parent().unwrap()).unwrap();
    let outcome = run(case, &phantom, machine, &mut |_| {}).unwrap();
    let dose = outcome.results.dose_gy_mm.unwrap();
    assert!(dose.iter().any(|cell| *cell > 0.0));
    dose.iter().map(|cell| cell.to_bits()).collect()
}

#[test]
fn every_example_gives_the_dose_of_the_cpu_bit_for_bit() {
    let examples = examples();
    assert!(examples.len() >= 8, "{examples:?}");
    for path in examples {
        let case = load(&path, "none");
        let cpu = dose(&case, &path, &Cpu::new(case.run.precision));
        let cuda = dose(&case, &path, &HostMachine::new(case.run.precision));
        assert!(cpu == cuda, "{}", path.display());
        println!("{}: {} cells", path.display(), cpu.len());
    }
}

#[test]
fn examples_with_secondary_protons_give_the_dose_of_the_cpu_bit_for_bit() {
    for name in ["half_bone.toml", "oblique_path.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(name);
        let case = load(&path, "transport");
        let cpu = dose(&case, &path, &Cpu::new(case.run.precision));
        let cuda = dose(&case, &path, &HostMachine::new(case.run.precision));
        assert!(cpu == cuda, "{name}");
    }
}
