//! Host memory: how much there is, how much a run takes, and allocation that fails with an error.
//!
//! Bytes are those allocated. Pages of psi that the beam never visits are never touched, so that the memory in use (RSS) is less;
//! a limit on address space counts them all the same, and how far a beam reaches is known only afterwards.

use crate::backend::Machine;
use crate::case::{AngleBins, Case, EnergyAxisSpec, Precision, Stepping};
use crate::error::{Error, Kind, Result};
use crate::march::March;
use crate::media::Media;
use crate::phantom::Phantom;
use crate::physics::Material;
use crate::scoring::Scores;
use crate::spectra::SpectraCollector;
use crate::transport::groups;
use bytemuck::Zeroable;
use std::path::Path;

/// Bytes on the host and on the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    pub host: u64,
    pub device: u64,
}

/// A zeroed buffer; an error, not an abort, where the system does not give it.
///
/// # Errors
/// Out of memory.
pub fn zeroed<T: Zeroable>(count: usize, what: &str) -> Result<Vec<T>> {
    bytemuck::allocation::try_zeroed_vec(count).map_err(|()| {
        let bytes = count as u64 * size_of::<T>() as u64;
        Error::new(
            Kind::OutOfMemory,
            format!("no {} for {what}: the system refused them", readable(bytes)),
        )
        .hint("`smatrix2d check` prints what the case takes; use a coarser grid, or a machine with more memory")
    })
}

pub fn readable(bytes: u64) -> String {
    const MIB: f64 = 1_048_576.0;
    let mib = bytes as f64 / MIB;
    if mib < 1024.0 {
        format!("{mib:.1} MiB")
    } else {
        format!("{:.2} GiB", mib / 1024.0)
    }
}

/// Memory that this process may still take, and what sets the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    pub bytes: u64,
    pub limited_by: &'static str,
}

/// The tightest of: free memory, control groups (v1 and v2), limits on address space and data. None where the system tells none.
pub fn available() -> Option<Available> {
    available_under(Path::new("/"))
}

/// As `available`, with `/proc` and `/sys` below `root`.
pub fn available_under(root: &Path) -> Option<Available> {
    let limits = [
        ("the memory that is free", free_bytes(root)),
        ("the control group's limit", control_group_bytes(root)),
        (
            "the limit on address space (ulimit -v)",
            resource_bytes(root, "Max address space", "VmSize:"),
        ),
        (
            "the limit on data (ulimit -d)",
            resource_bytes(root, "Max data size", "VmData:"),
        ),
    ];
    let known = limits.into_iter().filter_map(|(limited_by, bytes)| {
        Some(Available {
            bytes: bytes?,
            limited_by,
        })
    });
    known.min_by_key(|limit| limit.bytes)
}

fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn number(path: &Path) -> Option<u64> {
    text(path)?.trim().parse().ok()
}

/// The value of a line `NAME: 123 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * line.split_whitespace().next()?.parse::<u64>().ok()?)
}

fn free_bytes(root: &Path) -> Option<u64> {
    kilobytes(&text(&root.join("proc/meminfo"))?, "MemAvailable:")
}

/// A soft limit of this process less what it has taken.
fn resource_bytes(root: &Path, limit: &str, taken: &str) -> Option<u64> {
    let limits = text(&root.join("proc/self/limits"))?;
    let line = limits.lines().find_map(|line| line.strip_prefix(limit))?;
    let most: u64 = line.split_whitespace().next()?.parse().ok()?;
    let taken = kilobytes(&text(&root.join("proc/self/status"))?, taken)?;
    Some(most.saturating_sub(taken))
}

/// Files of a control group: limit, usage, and the name in memory.stat of the file cache that gives way.
const VERSION_2: [&str; 3] = ["memory.max", "memory.current", "inactive_file"];
const VERSION_1: [&str; 3] = [
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
];

/// The tightest limit of this process's control group and its parents.
fn control_group_bytes(root: &Path) -> Option<u64> {
    let groups = text(&root.join("proc/self/cgroup"))?;
    let room = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?);
        let (mount, files) = match controllers {
            "" => ("sys/fs/cgroup", VERSION_2),
            list if list.split(',').any(|name| name == "memory") => {
                ("sys/fs/cgroup/memory", VERSION_1)
            }
            _ => return None,
        };
        let mount = root.join(mount);
        // In a container the group's own path may not be visible; its files then lie at the mount.
        let group = Path::new(group.trim_start_matches('/'));
        let folders = group.ancestors().map(|part| mount.join(part));
        folders
            .filter_map(|folder| room_in_group(&folder, files))
            .min()
    };
    groups.lines().filter_map(room).min()
}

fn room_in_group(folder: &Path, [limit, usage, cache]: [&str; 3]) -> Option<u64> {
    let most = number(&folder.join(limit))?;
    let used = number(&folder.join(usage))?;
    let gives_way = text(&folder.join("memory.stat"))
        .and_then(|stat| {
            let line = stat.lines().find_map(|line| line.strip_prefix(cache))?;
            line.trim().parse::<u64>().ok()
        })
        .unwrap_or(0);
    Some(most.saturating_sub(used.saturating_sub(gives_way)))
}

/// A material's curves: range, stopping power and LET at 1300 energies (measured; tests/memory.rs holds it).
const MATERIAL_BYTES: u64 = 135_000;
/// The case, the axes, the ledger, and embedded tables while they are read (measured as above).
const PROGRAM_BYTES: u64 = 40_000;
/// Sets of score maps alive when a march ends: the run's, the spot's, and the fresh ones of the next spot.
const SCORES_AT_ONCE: u64 = 3;
const PHANTOM_BYTES_PER_CELL: u64 = (size_of::<u16>() + size_of::<f64>()) as u64;
const MEDIUM_BYTES_PER_CELL: u64 = size_of::<u16>() as u64;

/// What a run takes at its peak, which is in its largest march.
pub struct Forecast<'a> {
    pub march: March<'a>,
    /// psi twice, and sums over energy.
    buffers: Bytes,
    /// Phantom, materials, score maps, spectra.
    maps: u64,
}

impl<'a> Forecast<'a> {
    /// Looks at all marches of a case; builds no tables.
    pub fn new(
        case: &'a Case,
        phantom: &'a Phantom,
        media: &'a Media,
        water: &'a Material,
        machine: &dyn Machine,
    ) -> Option<Forecast<'a>> {
        let marches = groups(case).into_iter().map(|group| {
            let march = March::new(case, phantom, media, water, group[0]);
            Forecast {
                buffers: machine.buffer_bytes(&march),
                maps: map_bytes(case, phantom, &march),
                march,
            }
        });
        marches.max_by_key(|one| one.at_least().host + one.at_least().device)
    }

    /// All but the operators' tables.
    pub fn at_least(&self) -> Bytes {
        Bytes {
            host: self.maps.saturating_add(self.buffers.host),
            device: self.buffers.device,
        }
    }

    /// With the operators' tables, which are built for it.
    pub fn peak(&self) -> Bytes {
        let (kept, building) = match self.march.case.run.precision {
            Precision::Double => self.march.tables::<f64>().bytes(),
            Precision::Single | Precision::Half => self.march.tables::<f32>().bytes(),
        };
        // The march's buffers come after the tables are built.
        let in_march = (kept + self.buffers.host).max(kept + building);
        Bytes {
            host: self.maps.saturating_add(in_march),
            device: self.buffers.device + if self.buffers.device > 0 { kept } else { 0 },
        }
    }

    /// Refuses what does not fit into the host's memory.
    ///
    /// # Errors
    /// Out of memory, with the key to change.
    pub fn check(&self, needed: Bytes) -> Result<()> {
        match available() {
            Some(there) if there.bytes < needed.host => Err(self.refusal(needed.host, &there)),
            _ => Ok(()),
        }
    }

    fn refusal(&self, needed: u64, there: &Available) -> Error {
        let layout = self.march.phase_space.layout();
        let message = format!(
            "the run needs {} of memory, there are {} ({}); its phase space has {} energy x {} angle x {} z x {} x bins",
            readable(needed),
            readable(there.bytes),
            there.limited_by,
            layout.energies,
            layout.angles,
            layout.planes,
            self.march.phase_space.space.cells_x,
        );
        let other = needed - self.buffers.host;
        let (key, hint) = if other >= there.bytes || self.buffers.host == 0 {
            (
                "phantom.spacing_mm",
                "the maps alone do not fit: use larger cells".to_string(),
            )
        } else {
            self.remedy(self.buffers.host as f64 / (there.bytes - other) as f64)
        };
        let error = self.march.case.error(key, message).hint(hint);
        Error {
            kind: Kind::OutOfMemory,
            ..error
        }
    }

    /// The key to change, and how, so that psi takes `factor` times less.
    fn remedy(&self, factor: f64) -> (&'static str, String) {
        let case = self.march.case;
        if case.run.precision == Precision::Double && factor <= 2.0 {
            return (
                "run.precision",
                "precision = \"single\" takes half of it".into(),
            );
        }
        let axes = self.axes();
        let finest = axes
            .iter()
            .max_by(|a, b| a.fineness().total_cmp(&b.fineness()));
        let (key, mut hint) = match finest {
            Some(axis) if axis.bins as f64 >= factor * FEWEST_BINS => {
                (axis.key, axis.coarsened(factor))
            }
            _ => {
                let each = factor.powf(1.0 / axes.len() as f64);
                let hint = format!(
                    "{factor:.0} times fewer bins would fit: coarsen range_bin_mm, angle_bin_deg and spacing_mm {each:.1} times each"
                );
                ("phantom.spacing_mm", hint)
            }
        };
        if case.transport.stepping == Stepping::Path && case.grid.angle_max_deg < 90.0 {
            hint.push_str("; or stepping = \"depth\", which holds one plane at a time");
        }
        (key, hint)
    }

    /// The axes of psi that a case can coarsen.
    fn axes(&self) -> Vec<AxisOfPsi> {
        let (phase_space, case) = (&self.march.phase_space, self.march.case);
        let coordinate = &phase_space.energy.coordinate;
        let energy = match case.grid.energy_axis {
            EnergyAxisSpec::Range { .. } => AxisOfPsi::by_width(
                "grid.range_bin_mm",
                coordinate[1] - coordinate[0],
                coordinate.len(),
                400.0,
            ),
            EnergyAxisSpec::Log { .. } | EnergyAxisSpec::Uniform { .. } => {
                AxisOfPsi::by_count("grid.energy_bins", coordinate.len(), 400.0)
            }
        };
        let bins = phase_space.angle.bins();
        let angle = match case.grid.angle_bins {
            AngleBins::WidthDeg(width) => {
                AxisOfPsi::by_width("grid.angle_bin_deg", width, bins, 80.0)
            }
            AngleBins::Count(_) => AxisOfPsi::by_count("grid.angle_bins", bins, 80.0),
        };
        let space = &phase_space.space;
        let mut axes = vec![
            energy,
            angle,
            AxisOfPsi::by_width(
                "phantom.spacing_mm",
                space.spacing_x_mm,
                space.cells_x,
                100.0,
            ),
        ];
        if phase_space.stored_z > 1 {
            axes.push(AxisOfPsi::by_width(
                "phantom.spacing_mm",
                space.spacing_z_mm,
                space.cells_z,
                200.0,
            ));
        }
        axes
    }
}

/// An axis with fewer bins than this resolves nothing.
const FEWEST_BINS: f64 = 8.0;

/// An axis of psi, as the case sets it: by the width of its bins or by their number.
struct AxisOfPsi {
    key: &'static str,
    width: Option<f64>,
    bins: usize,
    /// Bins that usual cases have.
    usual: f64,
}

impl AxisOfPsi {
    fn by_width(key: &'static str, width: f64, bins: usize, usual: f64) -> AxisOfPsi {
        AxisOfPsi {
            key,
            width: Some(width),
            bins,
            usual,
        }
    }

    fn by_count(key: &'static str, bins: usize, usual: f64) -> AxisOfPsi {
        AxisOfPsi {
            key,
            width: None,
            bins,
            usual,
        }
    }

    fn fineness(&self) -> f64 {
        self.bins as f64 / self.usual
    }

    fn coarsened(&self, factor: f64) -> String {
        match self.width {
            Some(width) => format!("{} would fit (now {width:.3})", rounded_up(width * factor)),
            None => format!(
                "{:.0} would fit (now {})",
                self.bins as f64 / factor,
                self.bins
            ),
        }
    }
}

/// Two digits, never less than the value.
fn rounded_up(value: f64) -> String {
    let digits = 1 - value.log10().floor() as i32;
    let scale = 10f64.powi(digits);
    format!(
        "{:.*}",
        digits.max(0) as usize,
        (value * scale).ceil() / scale
    )
}

/// All maps and spectra of a run, alive at the end of a march.
fn map_bytes(case: &Case, phantom: &Phantom, march: &March) -> u64 {
    let space = &march.phase_space.space;
    let materials = phantom.materials.len() as u64 * MATERIAL_BYTES;
    let runs = march.media.planes.iter().map(Vec::capacity).sum::<usize>();
    PROGRAM_BYTES
        + materials
        + phantom_bytes(case)
        + (runs * size_of::<crate::media::Run>()) as u64
        + SCORES_AT_ONCE * Scores::bytes(space)
        + SpectraCollector::bytes(case, &march.phase_space)
}

/// The phantom and its media: known before either is made.
fn phantom_bytes(case: &Case) -> u64 {
    let [cells_z, cells_x] = case.phantom.cells();
    (cells_z * cells_x) as u64 * (PHANTOM_BYTES_PER_CELL + MEDIUM_BYTES_PER_CELL)
}

/// Refuses a phantom that does not fit, before it is made.
///
/// # Errors
/// Out of memory.
pub fn check_phantom(case: &Case) -> Result<()> {
    let needed = phantom_bytes(case);
    match available() {
        Some(there) if there.bytes < needed => {
            let message = format!(
                "the phantom needs {} of memory, there are {} ({})",
                readable(needed),
                readable(there.bytes),
                there.limited_by
            );
            let error = case
                .error("phantom.spacing_mm", message)
                .hint("use larger cells");
            Err(Error {
                kind: Kind::OutOfMemory,
                ..error
            })
        }
        _ => Ok(()),
    }
}
