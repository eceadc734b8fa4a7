//! A table of the case file, read key by key with its checks: what is wrong is said with key, line, value and allowed values.

use super::allowed::Allowed;
use super::document::{Node, Table, Value};
use super::names::{Named, nearest};
use super::places::{Places, join};
use crate::error::{Error, Result};
use std::fmt;
use std::ops::RangeInclusive;

static EMPTY: Table = Table::new();

/// A table at a key path; its keys are known names only.
pub struct Section<'d> {
    places: &'d Places,
    path: String,
    table: &'d Table,
}

impl<'d> Section<'d> {
    /// The table `node` at `path`. Errors: not a table; a key outside `known`.
    pub fn open(places: &'d Places, path: &str, node: &'d Node, known: &[&str]) -> Result<Self> {
        let section = Self::open_names(places, path, node)?;
        match section
            .table
            .keys()
            .find(|key| !known.contains(&key.as_str()))
        {
            Some(key) => Err(section.unknown_key(key, known)),
            None => Ok(section),
        }
    }

    /// As `open`, where the keys are names that the user chooses.
    fn open_names(places: &'d Places, path: &str, node: &'d Node) -> Result<Self> {
        let path = path.to_string();
        match &node.value {
            Value::Table(table) => Ok(Self {
                places,
                path,
                table,
            }),
            _ => Err(places
                .error(&path, format!("found {}; allowed: a table", node.text))
                .hint(format!(
                    "write a table: [{path}], then its keys on the lines below"
                ))),
        }
    }

    fn unknown_key(&self, key: &str, known: &[&str]) -> Error {
        let error = self.places.error(
            &self.key_path(key),
            format!("unknown key; known here: {}", known.join(", ")),
        );
        match nearest(key, known.iter().copied()) {
            Some(name) => error.hint(format!("did you mean `{name}`?")),
            None => error.hint("remove it, or see docs/case-file.md for where it belongs"),
        }
    }

    fn empty(&self, key: &str) -> Self {
        Self {
            places: self.places,
            path: self.key_path(key),
            table: &EMPTY,
        }
    }

    fn key_path(&self, key: &str) -> String {
        join(&self.path, key)
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub fn keys(&self) -> impl Iterator<Item = &'d str> {
        self.table.keys().map(String::as_str)
    }

    /// An error about `key` of this table.
    pub fn error(&self, key: &str, message: impl Into<String>) -> Error {
        self.places.error(&self.key_path(key), message)
    }

    fn refused(&self, key: &str, node: &Node, allowed: impl fmt::Display) -> Error {
        self.error(key, format!("found {}; allowed: {allowed}", node.text))
    }

    fn missing(&self, key: &str, example: impl fmt::Display) -> Error {
        let table = if self.path.is_empty() {
            "the case"
        } else {
            &self.path
        };
        self.error(key, "missing; it has no default").hint(format!(
            "add `{key} = {example}` (or your own value) to {table}"
        ))
    }

    /// The table `key`; one without keys where it is absent.
    pub fn child(&self, key: &str, known: &[&str]) -> Result<Self> {
        match self.table.get(key) {
            Some(node) => Self::open(self.places, &self.key_path(key), node, known),
            None => Ok(self.empty(key)),
        }
    }

    /// The table `key`, whose keys are names that the user chooses.
    pub fn named_child(&self, key: &str) -> Result<Self> {
        match self.table.get(key) {
            Some(node) => Self::open_names(self.places, &self.key_path(key), node),
            None => Ok(self.empty(key)),
        }
    }

    /// The list of tables `[[key]]`; empty where it is absent.
    pub fn tables(&self, key: &str, known: &[&str]) -> Result<Vec<Self>> {
        let Some(node) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let path = self.key_path(key);
        let Value::List(items) = &node.value else {
            return Err(self
                .refused(key, node, "a list of tables")
                .hint(format!("write [[{path}]] with two brackets")));
        };
        let open =
            |(index, item)| Self::open(self.places, &format!("{path}[{index}]"), item, known);
        items.iter().enumerate().map(open).collect()
    }

    /// A finite number within `allowed`; integers count. `example` is for the hint.
    pub fn number(&self, key: &str, allowed: Allowed, example: f64) -> Result<Option<f64>> {
        let Some(node) = self.table.get(key) else {
            return Ok(None);
        };
        let number = as_number(node).filter(|number| allowed.holds(*number));
        let refused = || {
            self.refused(key, node, allowed)
                .hint(format!("for example `{key} = {example:?}`"))
        };
        number.map(Some).ok_or_else(refused)
    }

    pub fn number_or(&self, key: &str, allowed: Allowed, default: f64) -> Result<f64> {
        Ok(self.number(key, allowed, default)?.unwrap_or(default))
    }

    pub fn required_number(&self, key: &str, allowed: Allowed, example: f64) -> Result<f64> {
        let number = self.number(key, allowed, example)?;
        number.ok_or_else(|| self.missing(key, format!("{example:?}")))
    }

    /// A whole number within `allowed`.
    pub fn whole(
        &self,
        key: &str,
        allowed: RangeInclusive<usize>,
        example: usize,
    ) -> Result<Option<usize>> {
        let Some(node) = self.table.get(key) else {
            return Ok(None);
        };
        let number = match node.value {
            Value::Integer(number) => usize::try_from(number).ok(),
            _ => None,
        };
        let range = format!(
            "a whole number from {} to {}",
            allowed.start(),
            allowed.end()
        );
        let refused = || {
            self.refused(key, node, range)
                .hint(format!("for example `{key} = {example}`"))
        };
        number
            .filter(|number| allowed.contains(number))
            .map(Some)
            .ok_or_else(refused)
    }

    pub fn whole_or(
        &self,
        key: &str,
        allowed: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize> {
        Ok(self.whole(key, allowed, default)?.unwrap_or(default))
    }

    pub fn truth_or(&self, key: &str, default: bool) -> Result<bool> {
        match self.table.get(key) {
            None => Ok(default),
            Some(Node {
                value: Value::Boolean(value),
                ..
            }) => Ok(*value),
            Some(node) => Err(self
                .refused(key, node, "true or false")
                .hint(format!("write `{key} = {default}`, without quotes"))),
        }
    }

    /// Text that is not empty.
    pub fn text(&self, key: &str, example: &str) -> Result<Option<String>> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Node {
                value: Value::Text(text),
                ..
            }) if !text.trim().is_empty() => Ok(Some(text.clone())),
            Some(node) => Err(self
                .refused(key, node, "text in quotes, not empty")
                .hint(format!("for example `{key} = \"{example}\"`"))),
        }
    }

    pub fn required_text(&self, key: &str, example: &str) -> Result<String> {
        let text = self.text(key, example)?;
        text.ok_or_else(|| self.missing(key, format!("\"{example}\"")))
    }

    /// One of the names of `T`.
    pub fn choice_or<T: Named>(&self, key: &str, default: T) -> Result<T> {
        match self.table.get(key) {
            None => Ok(default),
            Some(node) => self.choice(key, node),
        }
    }

    fn choice<T: Named>(&self, key: &str, node: &Node) -> Result<T> {
        let found = match &node.value {
            Value::Text(text) => text.as_str(),
            _ => "",
        };
        T::from_name(found).ok_or_else(|| {
            let names: Vec<&str> = T::NAMES.iter().map(|(name, _)| *name).collect();
            let error = self.refused(key, node, format!("\"{}\"", names.join("\", \"")));
            match T::meant(found) {
                Some(name) => error.hint(format!("did you mean \"{name}\"?")),
                None => error.hint(format!("choose one of those, for example \"{}\"", names[0])),
            }
        })
    }

    /// A list of names of `T`, each at most once.
    pub fn choices_or<T: Named>(&self, key: &str, default: &[T]) -> Result<Vec<T>> {
        let Some(items) = self.list(key, "a list of names")? else {
            return Ok(default.to_vec());
        };
        let mut chosen = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let key = format!("{key}[{index}]");
            let value = self.choice(&key, item)?;
            if chosen.contains(&value) {
                return Err(self
                    .refused(&key, item, "each name once")
                    .hint("remove the second one"));
            }
            chosen.push(value);
        }
        Ok(chosen)
    }

    /// A list of finite numbers; empty where it is absent.
    pub fn numbers(&self, key: &str) -> Result<Vec<f64>> {
        let items = self
            .list(key, "a list of finite numbers")?
            .unwrap_or_default();
        let number = |(index, item)| {
            as_number(item)
                .filter(|number| number.is_finite())
                .ok_or_else(|| {
                    self.refused(&format!("{key}[{index}]"), item, Allowed::ANY)
                        .hint(format!("for example `{key} = [50.0, 100.0]`"))
                })
        };
        items.iter().enumerate().map(number).collect()
    }

    /// Two numbers, each within `allowed`.
    pub fn pair(&self, key: &str, allowed: Allowed, example: [f64; 2]) -> Result<Option<[f64; 2]>> {
        let Some(node) = self.table.get(key) else {
            return Ok(None);
        };
        let numbers = match &node.value {
            Value::List(items) => items.iter().map(as_number).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        match numbers.as_deref() {
            Some(&[a, b]) if allowed.holds(a) && allowed.holds(b) => Ok(Some([a, b])),
            _ => Err(self
                .refused(key, node, format!("a list of two numbers, each {allowed}"))
                .hint(format!("for example `{key} = {example:?}`"))),
        }
    }

    /// Two numbers, the first below the second: the edges of an extent.
    pub fn extent(&self, key: &str, example: [f64; 2]) -> Result<Option<[f64; 2]>> {
        match self.pair(key, Allowed::COORDINATE_MM, example)? {
            Some([low, high]) if low >= high => Err(self
                .error(
                    key,
                    format!("found [{low:?}, {high:?}]; allowed: the first below the second"),
                )
                .hint(format!(
                    "an extent runs from its lower to its upper edge: `{key} = {example:?}`"
                ))),
            extent => Ok(extent),
        }
    }

    pub fn required<T>(
        &self,
        key: &str,
        value: Option<T>,
        example: impl fmt::Display,
    ) -> Result<T> {
        value.ok_or_else(|| self.missing(key, example))
    }

    fn list(&self, key: &str, allowed: &str) -> Result<Option<&'d [Node]>> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Node {
                value: Value::List(items),
                ..
            }) => Ok(Some(items)),
            Some(node) => Err(self
                .refused(key, node, allowed)
                .hint(format!("put it in brackets: `{key} = [...]`"))),
        }
    }
}

fn as_number(node: &Node) -> Option<f64> {
    match node.value {
        Value::Integer(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    }
}
