//! Arguments that name a case and change its keys: `--backend` and `--precision` are short for `--set run.…`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use smatrix2d::case::{BackendChoice, Case, Named, Precision};
use smatrix2d::error::Result;
use smatrix2d::memory;
use smatrix2d::phantom::Phantom;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct CaseArgs {
    /// Case file (TOML)
    #[arg(value_name = "CASE.toml")]
    pub path: PathBuf,
    /// Where to compute: auto, cuda or cpu
    #[arg(long, value_name = "BACKEND", value_parser = names::<BackendChoice>())]
    backend: Option<String>,
    /// GPU to use: its number in `smatrix2d devices`, or the beginning of its UUID
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Arithmetic: single, double or half
    #[arg(long, value_name = "PRECISION", value_parser = names::<Precision>())]
    precision: Option<String>,
    /// Set a key of the case, for example --set beam.0.energy_mev=100
    #[arg(long = "set", value_name = "KEY.PATH=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
}

impl CaseArgs {
    /// The checked case and its phantom.
    pub fn load(&self) -> Result<(Case, Phantom)> {
        let case = Case::load(&self.path, &self.overrides())?;
        memory::check_phantom(&case)?;
        let phantom = Phantom::build(&case, self.folder())?;
        Ok((case, phantom))
    }

    /// The case file's folder: where its relative paths start.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// `--set` in the order given, then the named flags, which win.
    fn overrides(&self) -> Vec<(String, String)> {
        let mut overrides = self.set.clone();
        for (key, value) in [
            ("run.backend", &self.backend),
            ("run.precision", &self.precision),
        ] {
            overrides.extend(value.iter().map(|value| (key.to_string(), value.clone())));
        }
        overrides
    }
}

/// Takes the names of `T`; of another word it tells which name is meant.
pub fn names<T: Named>() -> NamesParser {
    NamesParser {
        names: PossibleValuesParser::new(T::NAMES.iter().map(|(name, _)| *name)),
        meant: T::meant,
    }
}

#[derive(Clone)]
pub struct NamesParser {
    names: PossibleValuesParser,
    meant: fn(&str) -> Option<&'static str>,
}

impl TypedValueParser for NamesParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> std::result::Result<String, clap::Error> {
        let found = self.names.parse_ref(command, argument, value);
        found.map_err(|mut error| {
            if let Some(name) = value.to_str().and_then(self.meant) {
                let name = ContextValue::String(name.to_string());
                error.insert(ContextKind::SuggestedValue, name);
            }
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.names.possible_values()
    }
}

fn assignment(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_string(), value.to_string()))
        }
        _ => Err("write KEY.PATH=VALUE, for example beam.0.energy_mev=100".into()),
    }
}
