//! What the solver takes: [`dense`], a grid that is full, operator by operator; [`beams`], pencil beams in their window.
//! Both print times and never fail on them.

pub mod beams;
pub mod dense;

/// Middle value; the upper of the two middle ones of an even number.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
