//! The map over depth and lateral position, with colour bar and isodose lines.

use super::content::Content;
use super::panels::Chart;
use super::{Drawn, Scale, isodose};
use crate::compare::grid::Grid;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::ops::Range;

/// Colours of the map; so many that neighbouring ones are not told apart.
const COLOUR_COUNT: usize = 96;

/// Isodose levels as shares of the maximum, with colours that stand out from the map's at that level.
const ISODOSES: [(f64, RGBColor); 4] = [
    (0.10, RGBColor(120, 200, 255)),
    (0.50, RGBColor(255, 255, 255)),
    (0.80, RGBColor(60, 60, 60)),
    (0.95, RGBColor(200, 0, 0)),
];

pub fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    let (width, _) = area.dim_in_pixel();
    let (left, right) = area.split_horizontally(width - scale.pixels(150));
    draw_map(&left, content, scale)?;
    draw_bar(&right, content, scale)
}

fn draw_map<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    let (z, x) = (&content.map.z_mm.edges, &content.x_mm.edges);
    let mut chart = ChartBuilder::on(area)
        .margin(scale.pixels(12))
        .x_label_area_size(scale.pixels(52))
        .y_label_area_size(scale.pixels(76))
        .build_cartesian_2d(z[0]..z[z.len() - 1], x[0]..x[x.len() - 1])?;
    let pixels = chart.plotting_area().get_pixel_range();
    for (z, x, colour) in rectangles(&content.map, x, pixels) {
        let corners = [(z.start, x.start), (z.end, x.end)];
        chart
            .plotting_area()
            .draw(&Rectangle::new(corners, colour_of(colour).filled()))?;
    }
    draw_isodoses(&mut chart, content, scale)?;
    (chart.configure_mesh())
        .disable_mesh()
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .x_desc("depth z, mm")
        .y_desc("lateral position x, mm")
        .set_all_tick_mark_size(scale.pixels(5))
        .label_style(scale.font(17))
        .axis_desc_style(scale.font(18))
        .draw()?;
    (chart.configure_series_labels())
        .position(SeriesLabelPosition::UpperLeft)
        .legend_area_size(scale.pixels(30))
        .background_style(RGBColor(120, 120, 135).mix(0.9))
        .label_font(scale.font(16).into_font().color(&WHITE))
        .margin(scale.pixels(10))
        .draw()
}

fn draw_isodoses<DB: DrawingBackend>(
    chart: &mut Chart<DB>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    let maximum = content.map.maximum();
    for (share, colour) in ISODOSES {
        let style = colour.stroke_width(scale.pixels(2));
        let lines = isodose::lines(&content.map, share * maximum);
        let drawn = chart.draw_series(
            lines
                .into_iter()
                .map(|piece| PathElement::new(piece, style)),
        )?;
        drawn
            .label(format!("{:.0} %", 100.0 * share))
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + scale.pixels(22) as i32, y)], style)
            });
    }
    Ok(())
}

/// Viridis, from 0 to `COLOUR_COUNT - 1`.
fn colour_of(index: usize) -> RGBColor {
    ViridisRGB.get_color(index as f64 / (COLOUR_COUNT - 1) as f64)
}

/// The map as few rectangles of one colour each: equal neighbours along z are drawn as one, and cells that share a row
/// of pixels as one of them.
fn rectangles(
    map: &Grid,
    x_edges: &[f64],
    pixels: (Range<i32>, Range<i32>),
) -> Vec<(Range<f64>, Range<f64>, usize)> {
    let maximum = map.maximum();
    let rows = visible(x_edges, pixels.1.len());
    let columns = visible(&map.z_mm.edges, pixels.0.len());
    let colour = |i: usize, j: usize| {
        let share = (map.values[[i, j]] / maximum).clamp(0.0, 1.0);
        (share * (COLOUR_COUNT - 1) as f64).round() as usize
    };
    let mut found = Vec::new();
    for (j, x) in &rows {
        for run in columns.chunk_by(|(a, _), (b, _)| colour(*a, *j) == colour(*b, *j)) {
            let z = run[0].1.start..run[run.len() - 1].1.end;
            found.push((z, x.clone(), colour(run[0].0, *j)));
        }
    }
    found
}

/// The cells that are drawn, with their extent: all of them, or one in several where there are more than pixels.
fn visible(edges: &[f64], pixel_count: usize) -> Vec<(usize, Range<f64>)> {
    let cell_count = edges.len() - 1;
    let stride = cell_count.div_ceil(pixel_count.max(1)).max(1);
    let cell = |start: usize| {
        let end = (start + stride).min(cell_count);
        ((start + end) / 2, edges[start]..edges[end])
    };
    (0..cell_count).step_by(stride).map(cell).collect()
}

fn draw_bar<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    let maximum = content.map.maximum();
    let mut chart = ChartBuilder::on(area)
        .margin_top(scale.pixels(12))
        .margin_bottom(scale.pixels(64))
        .margin_right(scale.pixels(14))
        .right_y_label_area_size(scale.pixels(104))
        .build_cartesian_2d(0.0..1.0, 0.0..maximum)?;
    let height = maximum / COLOUR_COUNT as f64;
    for index in 0..COLOUR_COUNT {
        let bottom = index as f64 * height;
        let corners = [(0.0, bottom), (1.0, bottom + height)];
        chart
            .plotting_area()
            .draw(&Rectangle::new(corners, colour_of(index).filled()))?;
    }
    (chart.configure_mesh())
        .disable_mesh()
        .disable_x_axis()
        .y_desc(format!("{}, {} per proton", content.quantity, content.unit))
        .set_all_tick_mark_size(scale.pixels(5))
        .label_style(scale.font(17))
        .axis_desc_style(scale.font(18))
        .draw()
}
