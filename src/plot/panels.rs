//! The curves: depth dose with its range, lateral profiles.

use super::content::Content;
use super::{Drawn, Scale};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use std::ops::Range;

const CURVE: RGBColor = RGBColor(31, 90, 160);
const RANGE: RGBColor = RGBColor(190, 30, 45);
const PROFILES: [RGBColor; 3] = [
    RGBColor(120, 120, 120),
    RGBColor(31, 90, 160),
    RGBColor(200, 80, 20),
];

/// Room above the largest value.
const HEADROOM: f64 = 1.08;

/// A chart over two linear axes.
pub type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Energy per depth, with R80 and the peak where the curve has them.
pub fn draw_depth_dose<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    let z = &content.map.z_mm;
    let largest = content
        .depth_dose
        .iter()
        .copied()
        .fold(f64::MIN_POSITIVE, f64::max);
    let top = HEADROOM * largest;
    let names = ["depth z, mm", "depth dose, MeV/mm per proton"];
    let mut chart = chart(area, [z.edges[0]..z.edges[z.len()], 0.0..top], names, scale)?;
    let points = z
        .centers
        .iter()
        .copied()
        .zip(content.depth_dose.iter().copied());
    chart.draw_series(LineSeries::new(points, CURVE.stroke_width(scale.pixels(2))))?;
    let range = content.summary.r80_mm;
    if range.is_finite() {
        let style = RANGE.stroke_width(scale.pixels(2));
        let dashes = [7, 5].map(|pixels| scale.pixels(pixels));
        let line = [(range, 0.0), (range, top)];
        chart.draw_series(DashedLineSeries::new(line, dashes[0], dashes[1], style))?;
        draw_figures(&mut chart, content, top, scale)?;
    }
    Ok(())
}

/// The figures of the depth dose, a line each, left of the peak.
fn draw_figures<DB: DrawingBackend>(
    chart: &mut Chart<DB>,
    content: &Content,
    top: f64,
    scale: Scale,
) -> Drawn<DB> {
    let summary = &content.summary;
    let peak = format!(
        "peak at {:.2} mm, {:.1} × entrance",
        summary.peak_depth_mm, summary.peak_to_entrance
    );
    let figures = [
        (
            summary.r80_mm,
            format!("R80 {:.2} mm", summary.r80_mm),
            RANGE,
        ),
        (
            summary.falloff_80_20_mm,
            format!("80-20 falloff {:.2} mm", summary.falloff_80_20_mm),
            BLACK,
        ),
        (summary.peak_depth_mm, peak, BLACK),
        (
            summary.peak_width_mm,
            format!("peak width (FWHM) {:.2} mm", summary.peak_width_mm),
            BLACK,
        ),
    ];
    let edges = &content.map.z_mm.edges;
    let left = edges[0] + 0.04 * (edges[edges.len() - 1] - edges[0]);
    let known = figures
        .into_iter()
        .filter(|(value, _, _)| value.is_finite());
    for (line, (_, text, colour)) in known.enumerate() {
        let style = scale.font(18).into_font().color(&colour);
        let place = (left, top * (0.93 - 0.09 * line as f64));
        chart.draw_series(std::iter::once(Text::new(text, place, style)))?;
    }
    Ok(())
}

/// The map's profiles over x.
pub fn draw_profiles<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    let x = &content.x_mm;
    let values = content
        .profiles
        .iter()
        .flat_map(|profile| profile.values.iter().copied());
    let largest = values.fold(f64::MIN_POSITIVE, f64::max);
    let legend_room = 1.0 + 0.11 * content.profiles.len() as f64;
    let quantity = format!("{}, {} per proton", content.quantity, content.unit);
    let ranges = [
        x.edges[0]..x.edges[x.len()],
        0.0..HEADROOM * legend_room * largest,
    ];
    let mut chart = chart(area, ranges, ["lateral position x, mm", &quantity], scale)?;
    for (profile, colour) in content.profiles.iter().zip(PROFILES) {
        let points = x
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

/// An empty chart with a grid and named axes.
fn chart<'a, DB: DrawingBackend>(
    area: &'a DrawingArea<DB, Shift>,
    [x, y]: [Range<f64>; 2],
    [x_name, y_name]: [&str; 2],
    scale: Scale,
) -> Result<Chart<'a, DB>, DrawingAreaErrorKind<DB::ErrorType>> {
    let mut chart = ChartBuilder::on(area)
        .margin(scale.pixels(12))
        .margin_right(scale.pixels(24))
        .x_label_area_size(scale.pixels(52))
        .y_label_area_size(scale.pixels(76))
        .build_cartesian_2d(x, y)?;
    (chart.configure_mesh())
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|value| format!("{value:.0}"))
        .x_desc(x_name)
        .y_desc(y_name)
        .set_all_tick_mark_size(scale.pixels(5))
        .label_style(scale.font(17))
        .axis_desc_style(scale.font(18))
        .draw()?;
    Ok(chart)
}
