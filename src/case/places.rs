//! Where each key of a case was given, so that every later check can name file, line and key.

use super::document::{Node, Value};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Line(usize),
    /// The override as typed, `key.path=value`.
    Set(String),
}

/// Key path (`beam[0].energy_mev`) -> origin, and the file they stand in.
#[derive(Clone, Debug)]
pub struct Places {
    file: PathBuf,
    origins: BTreeMap<String, Origin>,
}

impl Places {
    pub fn new(file: &Path, root: &Node) -> Self {
        let mut origins = BTreeMap::new();
        record(root, "", &mut origins);
        Self {
            file: file.to_path_buf(),
            origins,
        }
    }

    /// A bad-data error about `key`; a key that was not given stands where its table stands.
    pub fn error(&self, key: &str, message: impl Into<String>) -> Error {
        let message = message.into();
        let error = match self.origin(key) {
            Some(Origin::Line(line)) => Error::bad_data(message).line(*line),
            Some(Origin::Set(text)) => {
                Error::bad_data(format!("{message} (given by --set {text})"))
            }
            None => Error::bad_data(message),
        };
        error.at(&self.file).key(key)
    }

    /// True where the case, or a `--set`, gives this very key.
    pub fn given(&self, key: &str) -> bool {
        self.origins.contains_key(key)
    }

    /// Adds file, line and key to an error from a module that knows none of them.
    pub fn locate<T>(&self, key: &str, result: Result<T>) -> Result<T> {
        result.map_err(|inner| {
            let message = match (&inner.file, inner.line) {
                (Some(file), Some(line)) => format!("{}:{line}: {}", file.display(), inner.message),
                (Some(file), None) => format!("{}: {}", file.display(), inner.message),
                (None, _) => inner.message.clone(),
            };
            Error {
                kind: inner.kind,
                hint: inner.hint,
                ..self.error(key, message)
            }
        })
    }

    fn origin(&self, key: &str) -> Option<&Origin> {
        let mut path = key;
        while !self.origins.contains_key(path) {
            path = path.rfind(['.', '[']).map_or("", |end| &path[..end]);
            if path.is_empty() {
                break;
            }
        }
        self.origins.get(path)
    }
}

fn record(node: &Node, path: &str, origins: &mut BTreeMap<String, Origin>) {
    origins.insert(path.to_string(), node.origin.clone());
    match &node.value {
        Value::Table(table) => {
            for (key, child) in table {
                record(child, &join(path, key), origins);
            }
        }
        Value::List(items) => {
            for (index, child) in items.iter().enumerate() {
                record(child, &format!("{path}[{index}]"), origins);
            }
        }
        _ => {}
    }
}

/// `path.key`, or `key` at the root.
pub fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_string(),
        _ => format!("{path}.{key}"),
    }
}
