//! The kernel sources, the options they are compiled with, and the digest of both.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Compiler options common to NVRTC and nvcc. compute_75: the driver's compiler serves everything newer;
/// --fmad=false: no contraction, so that host and device agree bit for bit in + - * / and sqrt.
pub const OPTIONS: [&str; 3] = [
    "--gpu-architecture=compute_75",
    "--std=c++17",
    "--fmad=false",
];

/// All of `kernels/*.cu` and `kernels/*.cuh`.
pub struct Sources {
    pub folder: PathBuf,
    /// (file name, text), sorted by name.
    files: Vec<(String, String)>,
}

impl Sources {
    /// # Errors
    /// The folder or a file in it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if matches!(extension, Some("cu" | "cuh")) {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                files.push((file_name(&path), text));
            }
        }
        files.sort();
        Ok(Self {
            folder: folder.to_path_buf(),
            files,
        })
    }

    /// (stem, text) of every `.cu` file, sorted by name.
    pub fn kernels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(name, text)| Some((name.strip_suffix(".cu")?, text.as_str())))
    }

    /// SHA-256, in hexadecimal, of the options and of all names and texts.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        let options = OPTIONS.iter().copied();
        let files = self
            .files
            .iter()
            .flat_map(|(name, text)| [name.as_str(), text.as_str()]);
        for part in options.chain(files) {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hexadecimal(&hasher.finalize())
    }
}

/// SHA-256 of a text, in hexadecimal.
pub fn text_digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
