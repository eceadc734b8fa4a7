//! The PTX files in `kernels/ptx`, for machines without any CUDA compiler.
//!
//! Three header lines tell what a file was made from; a file is refused when the digest of the sources, or of its own
//! body, is not the one in its header.

use crate::sources::{Sources, text_digest};
use crate::{Module, Modules};
use std::path::PathBuf;

const FIRST_LINE: &str = "// Made by scripts/update-ptx; not to be edited.\n";
const SOURCES: &str = "// sources sha256: ";
const BODY: &str = "// body sha256: ";

/// Where the PTX of kernel file `name` is kept.
pub fn path(sources: &Sources, name: &str) -> PathBuf {
    sources.folder.join("ptx").join(format!("{name}.ptx"))
}

/// The text of the file to be committed for a module.
pub fn with_header(sources: &Sources, module: &Module) -> String {
    let (digest, body_digest) = (sources.digest(), text_digest(&module.ptx));
    format!(
        "{FIRST_LINE}{SOURCES}{digest}\n{BODY}{body_digest}\n{}",
        module.ptx
    )
}

/// The committed modules.
///
/// # Errors
/// The first file that is missing, stale or edited, as the beginning of a sentence.
pub fn read(sources: &Sources) -> Result<Modules, String> {
    let digest = sources.digest();
    let modules = sources
        .kernels()
        .map(|(name, _)| read_one(sources, &digest, name));
    Ok(Modules {
        modules: modules.collect::<Result<_, _>>()?,
        origin: "kernels/ptx".to_string(),
    })
}

fn read_one(sources: &Sources, digest: &str, name: &str) -> Result<Module, String> {
    let path = path(sources, name);
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    match body(&text, digest) {
        Ok(ptx) => Ok(Module {
            name: name.to_string(),
            ptx: ptx.to_string(),
        }),
        Err(why) => Err(format!("{}: {why}", path.display())),
    }
}

fn body<'a>(text: &'a str, sources_digest: &str) -> Result<&'a str, &'static str> {
    let rest = text
        .strip_prefix(FIRST_LINE)
        .and_then(|rest| rest.strip_prefix(SOURCES))
        .ok_or("has no header")?;
    let (made_from, rest) = rest.split_once('\n').ok_or("has no header")?;
    let (body_digest, ptx) = rest
        .strip_prefix(BODY)
        .and_then(|rest| rest.split_once('\n'))
        .ok_or("has no header")?;
    if made_from != sources_digest {
        return Err("is stale: kernels/*.cu or *.cuh have changed since it was made");
    }
    if body_digest != text_digest(ptx) {
        return Err("was edited by hand: its body is not the one its header names");
    }
    Ok(ptx)
}

#[cfg(test)]
mod tests {
    use super::{BODY, FIRST_LINE, SOURCES, body};
    use crate::sources::text_digest;

    fn file(sources_digest: &str, ptx: &str) -> String {
        format!(
            "{FIRST_LINE}{SOURCES}{sources_digest}\n{BODY}{}\n{ptx}",
            text_digest(ptx)
        )
    }

    #[test]
    fn a_fresh_file_gives_its_body() {
        assert_eq!(
            body(&file("abc", ".version 8.0\n"), "abc"),
            Ok(".version 8.0\n")
        );
    }

    #[test]
    fn stale_edited_and_bare_files_are_refused() {
        let cases = [
            (file("old", ".version 8.0\n"), "is stale"),
            (
                file("abc", ".version 8.0\n").replace("8.0", "8.1"),
                "was edited",
            ),
            (".version 8.0\n".to_string(), "has no header"),
        ];
        for (text, why) in cases {
            assert!(body(&text, "abc").unwrap_err().starts_with(why), "{text}");
        }
    }
}
