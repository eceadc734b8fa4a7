//! What of a case has another effect than one may expect, a line each: `check` prints them with the plan, `run` on stderr.

use super::terminal;
use smatrix2d::case::{
    BackendChoice, Backward, BeamSpec, Case, CrossSections, DEFAULT_ANGLE_CAP_DEG, Nuclear,
    Scattering, Secondaries, SingleScatteringModel, Stepping, default_step_mm,
};
use smatrix2d::phantom::edges_off_the_grid;
use smatrix2d::spectra::nearest_edge;

/// `device` is that of `--device`.
pub fn notes(case: &Case, device: Option<&str>) -> Vec<String> {
    let mut notes = edges_off_the_grid(&case.phantom);
    notes.extend(unused_device(case.run.backend, device));
    notes.extend(long_steps(case));
    notes.extend(at_the_side(case));
    notes.extend(without_effect(case));
    notes.extend(moved_planes(case));
    notes
}

/// A GPU that nothing is computed on; `auto` takes no CPU where one is named.
fn unused_device(backend: BackendChoice, device: Option<&str>) -> Option<String> {
    let device = device.filter(|_| backend == BackendChoice::Cpu)?;
    Some(format!(
        "--device {device}: no effect with backend = \"cpu\", which uses no GPU"
    ))
}

/// Keys that other keys leave without effect. A default may stand anywhere: `check --resolved` writes them all.
fn without_effect(case: &Case) -> Vec<String> {
    let (phantom, transport, physics) = (&case.phantom, &case.transport, &case.physics);
    let keys = [
        (
            phantom.file.is_some() && case.places.given("phantom.material"),
            "phantom.material: no effect beside phantom.file, which names every cell's material",
        ),
        (
            transport.stepping == Stepping::Depth
                && transport.step_mm != default_step_mm(phantom.spacing_mm),
            "transport.step_mm: no effect with stepping = \"depth\", whose steps are the spacing in z",
        ),
        (
            transport.backward != Backward::AngularCap
                && transport.angle_cap_deg != DEFAULT_ANGLE_CAP_DEG,
            "transport.angle_cap_deg: no effect without backward = \"angular-cap\"",
        ),
        (
            physics.scattering != Scattering::Moliere
                && physics.single_scattering != SingleScatteringModel::WentzelVi,
            "physics.single_scattering: no effect without scattering = \"moliere\"",
        ),
        (
            physics.nuclear == Nuclear::None
                && physics.nuclear_sources.cross_sections != CrossSections::Barashenkov,
            "physics.cross_sections: no effect with nuclear = \"none\"",
        ),
        (
            physics.nuclear == Nuclear::None
                && physics.nuclear_sources.secondaries != Secondaries::BinaryCascade,
            "physics.secondaries: no effect with nuclear = \"none\"",
        ),
        (
            case.beams.iter().any(no_correlation),
            "beam.correlation: no effect without sigma_x_mm and divergence_mrad",
        ),
        (
            !case.output.planes_mm.is_empty() && !case.output.scores_planes(),
            "output.planes_mm: no effect where quantities name no spectrum and no phase_space",
        ),
    ];
    let told = keys
        .into_iter()
        .filter(|(without_effect, _)| *without_effect);
    told.map(|(_, note)| note.to_string()).collect()
}

/// A correlation of what has no width.
fn no_correlation(beam: &BeamSpec) -> bool {
    beam.correlation != 0.0 && beam.sigma_x_mm * beam.divergence_mrad == 0.0
}

/// Spectra are scored where a cell ends.
fn moved_planes(case: &Case) -> Vec<String> {
    let ([cells_z, _], z_min_mm) = (case.phantom.cells(), case.phantom.z_mm[0]);
    let cell_mm = case.phantom.spacing_mm[1];
    let moved = |(index, plane_mm): (usize, &f64)| {
        let depth_mm = plane_mm - z_min_mm;
        let scored_mm = nearest_edge(depth_mm, cell_mm, cells_z) as f64 * cell_mm;
        ((scored_mm - depth_mm).abs() > 1e-6 * cell_mm).then(|| {
            format!(
                "output.planes_mm[{index}]: {plane_mm} mm lies inside a cell; scored at the cell edge at {} mm",
                z_min_mm + scored_mm
            )
        })
    };
    match case.output.scores_planes() {
        true => case
            .output
            .planes_asked_mm
            .iter()
            .enumerate()
            .filter_map(moved)
            .collect(),
        false => Vec::new(),
    }
}

/// Streaming keeps a place within a cell by the cells beside it, and an outermost one has none on one side.
fn at_the_side(case: &Case) -> Option<String> {
    let ([low_mm, high_mm], [cell_mm, _]) = (case.phantom.x_mm, case.phantom.spacing_mm);
    let beside_mm = |x_mm: f64| (x_mm - low_mm).min(high_mm - x_mm);
    let is_outermost = |x_mm: f64| beside_mm(x_mm) <= (1.0 + 1e-6) * cell_mm;
    let index = case.beams.iter().position(|beam| is_outermost(beam.x_mm))?;
    Some(format!(
        "beam[{index}].x_mm: the beam enters an outermost cell, {cell_mm} mm wide; what is in it leaves sideways as if it filled the cell evenly: have one cell more beside the beam"
    ))
}

/// A step scores in the cell of its middle: steps of more than a cell leave out the cells between.
fn long_steps(case: &Case) -> Option<String> {
    let step_mm = case.transport.step_mm;
    let [x_mm, z_mm] = case.phantom.spacing_mm;
    let leaves_out = |angle_deg: f64| {
        let (sideways, forward) = angle_deg.to_radians().sin_cos();
        step_mm * sideways.abs() > x_mm || step_mm * forward > z_mm
    };
    let longer = case.beams.iter().any(|beam| leaves_out(beam.angle_deg));
    (case.transport.stepping == Stepping::Path && longer).then(|| {
        format!(
            "transport.step_mm: steps of {step_mm} mm are longer than cells of {x_mm} mm in x and {z_mm} mm in z; cells between two steps get no dose, or less than theirs"
        )
    })
}

pub fn tell(case: &Case, device: Option<&str>) {
    notes(case, device).iter().for_each(|note| tell_one(note));
}

pub fn tell_unused_device(backend: BackendChoice, device: Option<&str>) {
    unused_device(backend, device)
        .iter()
        .for_each(|note| tell_one(note));
}

fn tell_one(note: &str) {
    terminal::tell(&format!("note: {note}"));
}
