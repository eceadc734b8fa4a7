//! What of a case has another effect than one may expect, a line each: `check` prints them with the plan, `run` on stderr.

use smatrix2d::case::{
    Backward, Case, CrossSections, Nuclear, Scattering, SingleScatteringModel, Stepping,
};
use smatrix2d::phantom::edges_off_the_grid;

pub fn notes(case: &Case) -> Vec<String> {
    let mut notes = edges_off_the_grid(&case.phantom);
    notes.extend(long_steps(case));
    notes.extend(without_effect(case));
    notes
}

/// Keys that other keys leave without effect. A default may stand anywhere: `check --resolved` writes them all.
fn without_effect(case: &Case) -> Vec<String> {
    let (phantom, transport, physics) = (&case.phantom, &case.transport, &case.physics);
    let default_step_mm = phantom.spacing_mm[0].min(phantom.spacing_mm[1]);
    let keys = [
        (
            phantom.file.is_some() && case.places.given("phantom.material"),
            "phantom.material: no effect beside phantom.file, which names every cell's material",
        ),
        (
            transport.stepping == Stepping::Depth && transport.step_mm != default_step_mm,
            "transport.step_mm: no effect with stepping = \"depth\", whose steps are the spacing in z",
        ),
        (
            transport.backward != Backward::AngularCap && transport.angle_cap_deg != 120.0,
            "transport.angle_cap_deg: no effect without backward = \"angular-cap\"",
        ),
        (
            physics.scattering != Scattering::Moliere
                && physics.single_scattering != SingleScatteringModel::WentzelVi,
            "physics.single_scattering: no effect without scattering = \"moliere\"",
        ),
        (
            physics.nuclear == Nuclear::None
                && physics.cross_sections != CrossSections::Barashenkov,
            "physics.cross_sections: no effect with nuclear = \"none\"",
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

pub fn tell(case: &Case) {
    for note in notes(case) {
        eprintln!("note: {note}");
    }
}
