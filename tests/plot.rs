//! The pictures of a dose file: what they show, and what happens where they cannot be drawn.

#[path = "support/command.rs"]
mod command;
#[path = "support/sample_results.rs"]
mod sample_results;

use command::{Failed, smatrix2d};
use sample_results::{sample_provenance, sample_results};
use smatrix2d::dose_file::write;
use smatrix2d::error::Kind;
use smatrix2d::results::Results;
use std::fs;
use std::path::PathBuf;

struct Arguments {
    input: PathBuf,
    output: Option<PathBuf>,
}

fn run(arguments: &Arguments) -> Result<String, Failed> {
    let mut words = vec!["plot".into(), arguments.input.clone()];
    if let Some(output) = &arguments.output {
        words.extend(["-o".into(), output.clone()]);
    }
    smatrix2d(words)
}

fn plot(results: &Results, picture: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("dose.h5");
    let output = folder.path().join(picture);
    write(&input, results, &sample_provenance()).unwrap();
    run(&Arguments {
        input,
        output: Some(output.clone()),
    })
    .unwrap();
    fs::read(output).unwrap()
}

#[test]
fn a_png_has_its_size_and_colours() {
    let bytes = plot(&sample_results(60, 40), "dose.png");
    let mut reader = png::Decoder::new(&bytes[..]).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (1400, 1020));
    let colours: std::collections::HashSet<&[u8]> = pixels.chunks(3).collect();
    // Viridis from end to end, lines and smoothed text.
    assert!(colours.len() > 100, "{}", colours.len());
    assert!(
        colours.contains(&[68, 1, 84][..]),
        "the map's lowest colour"
    );
}

#[test]
fn an_svg_names_what_it_shows() {
    let text = String::from_utf8(plot(&sample_results(60, 40), "dose.svg")).unwrap();
    for words in [
        "sample beam",
        "depth z, mm",
        "lateral position x, mm",
        "R80 5",
        "50 %",
        "Gy mm per proton",
        "half range",
    ] {
        assert!(text.contains(words), "{words}");
    }
    assert!(text.trim_end().ends_with("</svg>"));
}

#[test]
fn a_beam_that_leaves_the_phantom_is_drawn_without_a_range() {
    let mut results = sample_results(30, 20);
    results.depth_dose_mev_per_mm = results.z_mm.centers.iter().copied().collect();
    let text = String::from_utf8(plot(&results, "through.svg")).unwrap();
    assert!(!text.contains("R80") && !text.contains("NaN"));
}

#[test]
fn equal_dose_files_give_equal_pictures() {
    let results = sample_results(20, 20);
    assert!(plot(&results, "one.png") == plot(&results, "two.png"));
}

#[test]
fn a_map_of_more_cells_than_pixels_is_drawn() {
    assert!(plot(&sample_results(2500, 900), "fine.svg").len() < 20_000_000);
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(
        &path("dose.h5"),
        &sample_results(20, 20),
        &sample_provenance(),
    )
    .unwrap();
    let mut nothing = sample_results(20, 20);
    nothing.dose_gy_mm = None;
    nothing.energy_deposit_mev.fill(0.0);
    write(&path("zero.h5"), &nothing, &sample_provenance()).unwrap();
    write(&path("kept.png"), &nothing, &sample_provenance()).unwrap();
    std::fs::create_dir(path("folder")).unwrap();
    for (input, output, kind) in [
        ("dose.h5", Some("dose.pdf"), Kind::Usage),
        (
            "dose.h5",
            Some("missing/dose.png"),
            Kind::CannotCreateOutput,
        ),
        ("kept.png", Some("kept.png"), Kind::CannotCreateOutput),
        ("missing.h5", None, Kind::InputMissing),
        ("folder", None, Kind::InputMissing),
        ("zero.h5", None, Kind::BadData),
    ] {
        let arguments = Arguments {
            input: path(input),
            output: output.map(path),
        };
        let failed = run(&arguments).unwrap_err();
        assert_eq!(failed.code, kind.exit_code(), "{input}: {}", failed.stderr);
        let is_told = failed.stderr.contains("it is a folder");
        assert_eq!(is_told, input == "folder", "{}", failed.stderr);
    }
}

#[test]
fn a_picture_without_a_name_stands_beside_the_dose_file() {
    let folder = tempfile::tempdir().unwrap();
    let input: PathBuf = folder.path().join("dose.h5");
    write(&input, &sample_results(20, 20), &sample_provenance()).unwrap();
    run(&Arguments {
        input,
        output: None,
    })
    .unwrap();
    assert!(folder.path().join("dose.png").is_file());
}
