//! One error type for the library: what went wrong, where it stands, how to mend it, and the exit code it ends in.
//!
//! Printed as `FILE:LINE: key: message` with the mend on a line of its own after `hint:`.

use std::fmt;
use std::path::{Path, PathBuf};

pub type Result<T> = std::result::Result<T, Error>;

/// Why a run ended; each kind has one documented exit code (the README has them in a table).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Usage,
    BadData,
    InputMissing,
    NoGpu,
    Audit,
    OutOfMemory,
    CannotCreateOutput,
    Io,
    Stopped,
    Internal,
}

impl Kind {
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 64,
            Kind::BadData => 65,
            Kind::InputMissing => 66,
            Kind::NoGpu => 69,
            Kind::Audit => 70,
            Kind::OutOfMemory => 71,
            Kind::CannotCreateOutput => 73,
            Kind::Io => 74,
            Kind::Stopped => 75,
            Kind::Internal => 78,
        }
    }
}

/// An error with its place (file, line, key) and hint; built with the `at`, `line`, `key` and `hint` methods.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    pub file: Option<PathBuf>,
    pub line: Option<usize>,
    pub key: Option<String>,
    pub hint: Option<String>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            file: None,
            line: None,
            key: None,
            hint: None,
        }
    }

    pub fn bad_data(message: impl Into<String>) -> Self {
        Self::new(Kind::BadData, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    pub fn at(mut self, file: &Path) -> Self {
        self.file = Some(file.to_path_buf());
        self
    }

    pub fn line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            write!(f, " ")?;
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        write!(f, "{}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
