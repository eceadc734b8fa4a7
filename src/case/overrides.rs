//! `--set key.path=value`: puts a value into the document before it is read, so that it meets the same checks.

use super::document::{Node, Table, Value, parse_value};
use super::places::Origin;
use crate::error::{Error, Kind, Result};

/// Sets `key` (`beam.0.energy_mev` or `beam[0].energy_mev`) to the TOML value `text`.
/// A bare word is taken as text, so that shells need no inner quotes. Errors: usage.
pub fn apply(root: &mut Node, key: &str, text: &str) -> Result<()> {
    let assignment = format!("{key}={text}");
    let origin = Origin::Set(assignment.clone());
    let segments = segments(key);
    let node = value_node(text, &origin).map_err(|reason| refused(&assignment, &reason))?;
    insert(root, &segments, node, &origin).map_err(|reason| refused(&assignment, &reason))
}

fn refused(assignment: &str, reason: &str) -> Error {
    Error::new(Kind::Usage, format!("--set {assignment}: {reason}"))
        .hint("write --set table.key=value, for example --set beam.0.energy_mev=100")
}

fn segments(key: &str) -> Vec<String> {
    let dotted = key.replace('[', ".").replace(']', "");
    dotted
        .split('.')
        .map(|part| part.trim().to_string())
        .collect()
}

fn value_node(text: &str, origin: &Origin) -> std::result::Result<Node, String> {
    let text = text.trim();
    parse_value(text, origin).or_else(|reason| match is_bare_word(text) {
        true => parse_value(&format!("\"{text}\""), origin),
        false => Err(format!("the value is not valid TOML: {reason}")),
    })
}

fn is_bare_word(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "_-./ ".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

fn insert(
    node: &mut Node,
    path: &[String],
    new: Node,
    origin: &Origin,
) -> std::result::Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        *node = new;
        return Ok(());
    };
    match &mut node.value {
        Value::Table(table) => insert(entry(table, first, origin)?, rest, new, origin),
        Value::List(items) => {
            let count = items.len();
            let index = first.parse::<usize>().ok().filter(|index| *index < count);
            let index = index.ok_or(format!(
                "`{first}` is no index into a list of {count} (the first is 0)"
            ))?;
            insert(&mut items[index], rest, new, origin)
        }
        _ => Err(format!(
            "`{first}` lies inside {}, which is no table",
            node.text
        )),
    }
}

fn entry<'t>(
    table: &'t mut Table,
    key: &str,
    origin: &Origin,
) -> std::result::Result<&'t mut Node, String> {
    if key.is_empty() {
        return Err("the key path has an empty part".into());
    }
    let absent = || Node {
        value: Value::Table(Table::new()),
        text: "a table".into(),
        origin: origin.clone(),
    };
    Ok(table.entry(key.to_string()).or_insert_with(absent))
}
