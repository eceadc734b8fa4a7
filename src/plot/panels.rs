//! The curves: depth dose with its range, lateral profiles.

use super::content::Content;
use super::{Drawn, Scale};
use plotters::coord::Shift;
use plotters::prelude::*;

const CURVE: RGBColor = RGBColor(31, 90, 160);
const RANGE: RGBColor = RGBColor(190, 30, 45);
const PROFILES: [RGBColor; 3] = [
    RGBColor(120, 120, 120),
    RGBColor(31, 90, 160),
    RGBColor(200, 80, 20),
];

/// Room above the largest value.
const HEADROOM: f64 = 1.08;

/// Energy per depth, with R80 and the peak where the curve has them.
pub fn draw_depth_dose<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    let z = &content.map.z_mm;
    let top = HEADROOM
        * content
            .depth_dose
            .iter()
            .copied()
            .fold(0.0, f64::max)
            .max(f64::MIN_POSITIVE);
    let mut chart = ChartBuilder::on(area)
        .margin(scale.pixels(12))
        .margin_right(scale.pixels(24))
        .x_label_area_size(scale.pixels(52))
        .y_label_area_size(scale.pixels(76))
        .build_cartesian_2d(z.edges[0]..z.edges[z.len()], 0.0..top)?;
    (chart.configure_mesh())
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|value| format!("{value:.0}"))
        .x_desc("depth z, mm")
        .y_desc("depth dose, MeV/mm per proton")
        .set_all_tick_mark_size(scale.pixels(5))
        .label_style(scale.font(17))
        .axis_desc_style(scale.font(18))
        .draw()?;
    let points = z
        .centers
        .iter()
        .copied()
        .zip(content.depth_dose.iter().copied());
    chart.draw_series(LineSeries::new(points, CURVE.stroke_width(scale.pixels(2))))?;
    let summary = &content.summary;
    if summary.r80_mm.is_finite() {
        let line = [(summary.r80_mm, 0.0), (summary.r80_mm, top)];
        chart.draw_series(DashedLineSeries::new(
            line,
            scale.pixels(7),
            scale.pixels(5),
            RANGE.stroke_width(scale.pixels(2)),
        ))?;
        let figures = [
            (format!("R80 {:.2} mm", summary.r80_mm), RANGE),
            (
                format!("80-20 falloff {:.2} mm", summary.falloff_80_20_mm),
                BLACK,
            ),
            (
                format!(
                    "peak at {:.2} mm, {:.1} × entrance",
                    summary.peak_depth_mm, summary.peak_to_entrance
                ),
                BLACK,
            ),
            (
                format!("peak width (FWHM) {:.2} mm", summary.peak_width_mm),
                BLACK,
            ),
        ];
        let known = figures
            .into_iter()
            .filter(|(text, _)| !text.contains("NaN"));
        for (line, (text, colour)) in known.enumerate() {
            let style = scale.font(18).into_font().color(&colour);
            let place = (
                z.edges[0] + 0.04 * (z.edges[z.len()] - z.edges[0]),
                top * (0.93 - 0.09 * line as f64),
            );
            chart.draw_series(std::iter::once(Text::new(text, place, style)))?;
        }
    }
    Ok(())
}

/// The map's profiles over x.
pub fn draw_profiles<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    let x = &content.x_mm.edges;
    let values = content
        .profiles
        .iter()
        .flat_map(|profile| profile.values.iter().copied());
    let largest = values.fold(f64::MIN_POSITIVE, f64::max);
    let legend_room = 1.0 + 0.11 * content.profiles.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin(scale.pixels(12))
        .margin_right(scale.pixels(24))
        .x_label_area_size(scale.pixels(52))
        .y_label_area_size(scale.pixels(76))
        .build_cartesian_2d(x[0]..x[x.len() - 1], 0.0..HEADROOM * legend_room * largest)?;
    (chart.configure_mesh())
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|value| format!("{value:.0}"))
        .x_desc("lateral position x, mm")
        .y_desc(format!("{}, {} per proton", content.quantity, content.unit))
        .set_all_tick_mark_size(scale.pixels(5))
        .label_style(scale.font(17))
        .axis_desc_style(scale.font(18))
        .draw()?;
    for (profile, colour) in content.profiles.iter().zip(PROFILES) {
        let points = content
            .x_mm
            .centers
            .iter()
            .copied()
            .zip(profile.values.iter().copied());
        let style = colour.stroke_width(scale.pixels(2));
        (chart.draw_series(LineSeries::new(points, style))?)
            .label(profile.name.clone())
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + scale.pixels(22) as i32, y)], style)
            });
    }
    (chart.configure_series_labels())
        .position(SeriesLabelPosition::UpperLeft)
        .legend_area_size(scale.pixels(30))
        .background_style(WHITE.mix(0.9))
        .label_font(scale.font(16))
        .margin(scale.pixels(8))
        .draw()
}
