//! What of a case has another effect than one may expect, a line each: `check` prints them with the plan, `run` on stderr.

use smatrix2d::case::Case;
use smatrix2d::phantom::edges_off_the_grid;

pub fn notes(case: &Case) -> Vec<String> {
    edges_off_the_grid(&case.phantom)
}

pub fn tell(case: &Case) {
    for note in notes(case) {
        eprintln!("note: {note}");
    }
}
