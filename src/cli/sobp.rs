//! `sobp`: writes the case of a spread-out Bragg peak, fitted with the solver's own depth doses.

use super::arguments::names;
use super::progress::Reporter;
use super::terminal::{self, Format};
use super::{notes, output_file};
use serde_json::{Value, json};
use smatrix2d::backend;
use smatrix2d::case::{BackendChoice, Named, Nuclear, Precision};
use smatrix2d::error::{Error, Kind, Result};
use smatrix2d::sobp::{self, Field, Spec};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct SobpArgs {
    /// Depth of the distal 90 % of the plateau
    #[arg(long, value_name = "MM", value_parser = positive)]
    range: f64,
    /// From the plateau's beginning to the range
    #[arg(long, value_name = "MM", value_parser = positive)]
    modulation: f64,
    /// Width of the field at half height, from about 3.5 sigma on; without it, one spot on the axis
    #[arg(long, value_name = "MM", value_parser = positive)]
    width: Option<f64>,
    /// Largest distance of neighbouring spots, of a field with a width
    #[arg(long, value_name = "MM", default_value = "4", value_parser = positive, requires = "width")]
    spot_spacing: f64,
    /// Spot size at the entrance, one standard deviation
    #[arg(long, value_name = "MM", default_value = "4", value_parser = positive)]
    sigma: f64,
    /// Energy spread of a layer, one standard deviation, per cent of its energy
    #[arg(long, value_name = "PERCENT", default_value = "0.5", value_parser = not_negative)]
    energy_spread: f64,
    /// Cell size in depth; default: 1 mm, less for short ranges
    #[arg(long, value_name = "MM", value_parser = positive)]
    cell: Option<f64>,
    /// Built-in material of the phantom
    #[arg(long, value_name = "NAME", default_value = "water")]
    material: String,
    /// Nuclear interactions: none, local or transport
    #[arg(long, value_name = "MODEL", default_value = "none", value_parser = names::<Nuclear>())]
    nuclear: String,
    /// Where to compute: auto, cuda or cpu
    #[arg(long, value_name = "BACKEND", default_value = "auto", value_parser = names::<BackendChoice>())]
    backend: String,
    /// GPU to use: its number in `smatrix2d devices`, or the beginning of its UUID
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Arithmetic: single, double or half
    #[arg(long, value_name = "PRECISION", default_value = "single", value_parser = names::<Precision>())]
    precision: String,
    /// Case file to write
    #[arg(short, long, value_name = "CASE.toml")]
    output: PathBuf,
    #[command(flatten)]
    format: Format,
    /// No progress and no notes
    #[arg(short, long)]
    quiet: bool,
}

pub fn run(arguments: SobpArgs) -> Result<()> {
    output_file::check_creatable(&arguments.output, &[])?;
    let choice = BackendChoice::from_name(&arguments.backend).unwrap_or(BackendChoice::Auto);
    let spec = arguments.spec();
    let device = arguments.device.as_deref();
    let opened = backend::open(choice, spec.precision, device)?;
    let mut reporter = match arguments.quiet {
        true => Reporter::Silent,
        false => Reporter::on_stderr()?,
    };
    if !arguments.quiet {
        notes::tell_unused_device(choice, device);
    }
    let planned = sobp::plan(&spec, opened.machine.as_ref(), &mut |done, all| {
        reporter.tell(done as u64, all as u64);
    });
    reporter.finish();
    let field = planned?;
    write(&arguments.output, &field)?;
    arguments.format.print(
        || text(&field, &arguments.output),
        || json_of(&field, &arguments.output),
    )
}

impl SobpArgs {
    fn spec(&self) -> Spec {
        Spec {
            range_mm: self.range,
            modulation_mm: self.modulation,
            width_mm: self.width,
            spot_spacing_mm: self.spot_spacing,
            sigma_x_mm: self.sigma,
            energy_spread_percent: self.energy_spread,
            cell_mm: self.cell,
            material: self.material.clone(),
            nuclear: Nuclear::from_name(&self.nuclear).unwrap_or(Nuclear::None),
            precision: Precision::from_name(&self.precision).unwrap_or(Precision::Single),
        }
    }
}

fn write(path: &Path, field: &Field) -> Result<()> {
    std::fs::write(path, &field.case_text).map_err(|error| {
        Error::new(
            Kind::Io,
            format!("the case file cannot be written: {error}"),
        )
        .at(path)
        .hint("check the space left, or choose another path with -o")
    })
}

fn text(field: &Field, path: &Path) -> String {
    let [first_mm, last_mm] = field.plateau_mm;
    terminal::table(&[
        ("layers", field.layers.len().to_string()),
        (
            "spots",
            (field.layers.len() * field.spots_x_mm.len()).to_string(),
        ),
        ("distal 90 %", format!("{:.3} mm", field.distal_90_mm)),
        (
            "plateau",
            format!(
                "{first_mm:.2} to {last_mm:.2} mm, flat within {:.2} %",
                100.0 * field.ripple
            ),
        ),
        ("written", path.display().to_string()),
    ])
}

fn json_of(field: &Field, path: &Path) -> Value {
    let column = |of: fn(&sobp::Layer) -> f64| field.layers.iter().map(of).collect::<Vec<_>>();
    json!({
        "output": path.display().to_string(),
        "distal_90_mm": field.distal_90_mm,
        "plateau_mm": field.plateau_mm,
        "ripple": field.ripple,
        "energy_mev": column(|layer| layer.energy_mev),
        "weight": column(|layer| layer.weight),
        "spots_x_mm": field.spots_x_mm,
        "depth_mm": field.depth_mm,
        "depth_dose_mev_per_mm": field.depth_dose_mev_per_mm,
    })
}

fn positive(text: &str) -> std::result::Result<f64, String> {
    number(text, |value| value > 0.0).ok_or_else(|| "give a finite number above 0".into())
}

fn not_negative(text: &str) -> std::result::Result<f64, String> {
    number(text, |value| value >= 0.0).ok_or_else(|| "give a finite number, at least 0".into())
}

fn number(text: &str, allowed: impl Fn(f64) -> bool) -> Option<f64> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    allowed(value).then_some(value)
}
