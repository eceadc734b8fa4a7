//! The program run as a user runs it, however it ends.

use assert_cmd::Command;

/// Exit code, stdout and stderr.
pub fn smatrix2d(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("smatrix2d").expect("the binary is built with the tests");
    let output = command
        .args(arguments)
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}
