//! The case file as a tree in which every value knows its text and where it was given: a line, or a `--set`.

use super::overrides;
use super::places::{Origin, Places};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

pub type Table = BTreeMap<String, Node>;

/// A value, its text as given, and its origin.
#[derive(Clone, Debug)]
pub struct Node {
    pub value: Value,
    pub text: String,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub enum Value {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
    /// Dates and times: no key takes them.
    Other,
}

/// The file's root table with the overrides applied.
pub struct Document {
    pub root: Node,
    pub places: Places,
}

impl Document {
    /// Parses `text`; `file` is its name in errors. Errors: TOML syntax, duplicate keys, overrides that fit nowhere.
    pub fn parse(text: &str, file: &Path, assignments: &[(String, String)]) -> Result<Self> {
        let source = Source::new(text);
        let table = DeTable::parse(text).map_err(|error| source.syntax_error(&error).at(file))?;
        let mut root = Node {
            value: Value::Table(source.table(table.get_ref())),
            text: "a table".into(),
            origin: Origin::Line(1),
        };
        for (key, value) in assignments {
            overrides::apply(&mut root, key, value).map_err(|error| error.at(file))?;
        }
        let places = Places::new(file, &root);
        Ok(Self { root, places })
    }
}

/// The text and the offsets at which its lines begin.
struct Source<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Source<'t> {
    fn new(text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        let line_starts = std::iter::once(0).chain(after_breaks).collect();
        Self { text, line_starts }
    }

    fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    fn table(&self, table: &DeTable) -> Table {
        table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), self.entry(key.span(), value)))
            .collect()
    }

    /// A table stands at its key; another value where it begins, which in a long list is not the key's line.
    fn entry(&self, key: Range<usize>, value: &Spanned<DeValue>) -> Node {
        let node = self.node(value);
        match node.value {
            Value::Table(_) => Node {
                origin: Origin::Line(self.line(key.start)),
                ..node
            },
            _ => node,
        }
    }

    fn node(&self, value: &Spanned<DeValue>) -> Node {
        let converted = self.value(value.get_ref());
        let text = match &converted {
            Value::Table(_) => "a table".to_string(),
            Value::List(items)
                if items
                    .iter()
                    .any(|item| matches!(item.value, Value::Table(_))) =>
            {
                "a list of tables".to_string()
            }
            _ => shortened(self.text.get(value.span()).unwrap_or_default()),
        };
        Node {
            value: converted,
            text,
            origin: Origin::Line(self.line(value.span().start)),
        }
    }

    fn value(&self, value: &DeValue) -> Value {
        match value {
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::String(value) => Value::Text(value.to_string()),
            DeValue::Integer(value) => integer(value.as_str(), value.radix()),
            DeValue::Float(value) => Value::Float(value.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Array(items) => Value::List(self.list(items)),
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Datetime(_) => Value::Other,
        }
    }

    fn list(&self, items: &DeArray) -> Vec<Node> {
        items.iter().map(|item| self.node(item)).collect()
    }

    fn syntax_error(&self, error: &toml::de::Error) -> Error {
        let span = error.span().unwrap_or(0..0);
        let mut refused = Error::bad_data(format!("not valid TOML: {}", error.message()))
            .line(self.line(span.start))
            .hint("each line is `key = value`; text goes in quotes, lists in [ ], and a key may stand once in a table");
        if error.message().contains("duplicate key") {
            refused = refused.key(shortened(self.text.get(span).unwrap_or_default()));
        }
        refused
    }
}

/// A value given outside the file, as `--set` does. The error's message is the TOML parser's.
pub fn parse_value(text: &str, origin: &Origin) -> std::result::Result<Node, String> {
    let value = DeValue::parse(text).map_err(|error| error.message().to_string())?;
    let mut node = Source::new(text).node(&value);
    set_origin(&mut node, origin);
    Ok(node)
}

fn set_origin(node: &mut Node, origin: &Origin) {
    node.origin = origin.clone();
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| set_origin(item, origin)),
        Value::Table(table) => table.values_mut().for_each(|item| set_origin(item, origin)),
        _ => {}
    }
}

/// Beyond 64 bits an integer is kept as a float, so that range checks can refuse it by value.
fn integer(digits: &str, radix: u32) -> Value {
    match i64::from_str_radix(digits, radix) {
        Ok(value) => Value::Integer(value),
        Err(_) => Value::Float(digits.parse().unwrap_or(f64::INFINITY)),
    }
}

/// One line of at most 60 characters, for messages.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= LONGEST {
        return one_line;
    }
    one_line
        .chars()
        .take(LONGEST)
        .chain("...".chars())
        .collect()
}
