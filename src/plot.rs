//! A picture of a dose file: the map with isodose lines, the depth dose with R80, lateral profiles.
//!
//! Text is set in DejaVu Sans, which is part of the program, so that a picture looks the same on every machine.

mod content;
mod isodose;
mod map_panel;
mod panels;

use crate::dose_file::{DoseMap, atomic};
use crate::error::{Error, Kind, Result};
use content::Content;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::path::Path;

/// Width and height of a picture, pixels.
const SIZE: (u32, u32) = (1400, 1020);

/// A PNG is drawn this many times larger and averaged down: the bitmap back end draws lines without smoothing.
const PNG_SCALE: Scale = Scale(2);

const FONT: &str = "DejaVu Sans";
static FONT_BYTES: &[u8] = include_bytes!("../data/fonts/DejaVuSans.ttf");

/// How many pixels of the drawing make one of the picture.
#[derive(Clone, Copy, Debug)]
struct Scale(u32);

impl Scale {
    fn pixels(self, count: u32) -> u32 {
        self.0 * count
    }

    fn font(self, size: u32) -> (&'static str, u32) {
        (FONT, self.pixels(size))
    }

    fn size(self) -> (u32, u32) {
        (self.pixels(SIZE.0), self.pixels(SIZE.1))
    }
}

/// The formats of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Png,
    Svg,
}

impl Format {
    /// By the extension of the file's name.
    ///
    /// # Errors
    /// `Usage` for any other extension than `png` and `svg`.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path
            .extension()
            .map(|extension| extension.to_ascii_lowercase());
        match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("png") => Ok(Self::Png),
            Some("svg") => Ok(Self::Svg),
            _ => Err(Error::new(Kind::Usage, "no picture format of that name")
                .at(path)
                .hint("name the picture .png or .svg")),
        }
    }
}

/// Draws `found` and writes the picture to `path`, whole or not at all.
///
/// # Errors
/// `CannotCreateOutput` or `Io` where the picture cannot be written; `BadData` where the map has no value above zero.
pub fn write(path: &Path, format: Format, found: &DoseMap) -> Result<()> {
    let content = Content::of(found)?;
    register_font(FONT, FontStyle::Normal, FONT_BYTES)
        .map_err(|_| Error::internal("the built-in font is broken"))?;
    let bytes = match format {
        Format::Png => png_bytes(&content)?,
        Format::Svg => svg_text(&content)?.into_bytes(),
    };
    atomic::replace(path, |temporary| {
        std::fs::write(temporary, &bytes).map_err(|error| atomic::write_failed(&error.to_string()))
    })
}

fn svg_text(content: &Content) -> Result<String> {
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
    draw(area, content, Scale(1)).map_err(drawing_error)?;
    Ok(text)
}

fn png_bytes(content: &Content) -> Result<Vec<u8>> {
    let (width, height) = PNG_SCALE.size();
    let mut pixels = vec![0; (width * height * 3) as usize];
    let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
    draw(area, content, PNG_SCALE).map_err(drawing_error)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, SIZE.0, SIZE.1);
    encoder.set_color(png::ColorType::Rgb);
    // Flat areas and repeated rows pack best unfiltered; the fast default compression makes four times as much of them.
    encoder.set_compression(png::Compression::Default);
    encoder.set_filter(png::FilterType::NoFilter);
    let mut writer = encoder.write_header().map_err(drawing_error)?;
    writer
        .write_image_data(&averaged(&pixels))
        .map_err(drawing_error)?;
    writer.finish().map_err(drawing_error)?;
    Ok(bytes)
}

/// The mean colour of every square of `PNG_SCALE` by `PNG_SCALE` pixels.
fn averaged(pixels: &[u8]) -> Vec<u8> {
    let scale = PNG_SCALE.0 as usize;
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let mut means = Vec::with_capacity(width * height * 3);
    for index in 0..width * height * 3 {
        let (row, column, colour) = (index / (3 * width), index / 3 % width, index % 3);
        let square = (0..scale * scale).map(|k| {
            let (y, x) = (row * scale + k / scale, column * scale + k % scale);
            u32::from(pixels[(y * width * scale + x) * 3 + colour])
        });
        means.push((square.sum::<u32>() / PNG_SCALE.0.pow(2)) as u8);
    }
    means
}

fn drawing_error(error: impl std::error::Error) -> Error {
    Error::internal(format!("cannot draw the picture ({error})"))
}

/// What a drawing step returns: the back end's error is passed up.
type Drawn<DB> = std::result::Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

fn draw<DB: DrawingBackend>(
    area: DrawingArea<DB, Shift>,
    content: &Content,
    scale: Scale,
) -> Drawn<DB> {
    area.fill(&WHITE)?;
    let (heading, rest) = area.split_vertically(scale.pixels(56));
    let place = [24, 18].map(|pixels| scale.pixels(pixels) as i32);
    heading.draw(&Text::new(
        content.title.clone(),
        (place[0], place[1]),
        scale.font(26),
    ))?;
    let (top, bottom) = rest.split_vertically(scale.pixels(510));
    map_panel::draw(&top, content, scale)?;
    let (left, right) = bottom.split_horizontally(scale.pixels(770));
    panels::draw_depth_dose(&left, content, scale)?;
    panels::draw_profiles(&right, content, scale)?;
    area.present()
}
