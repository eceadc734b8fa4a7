//! What of a case has another effect than one may expect, a line each: `check` prints them with the plan, `run` on stderr.

use smatrix2d::case::{Case, Stepping};
use smatrix2d::phantom::edges_off_the_grid;

pub fn notes(case: &Case) -> Vec<String> {
    let mut notes = edges_off_the_grid(&case.phantom);
    notes.extend(long_steps(case));
    notes
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
