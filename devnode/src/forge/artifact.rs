//! Artifacts of forge: the JSON files of an `out` folder.

use alloc::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alloy_json_abi::{Event, Function, JsonAbi};
use alloy_primitives::{B256, Bytes, Selector, hex};
use serde::Deserialize;

use super::ForgeError;

/// A compiled contract.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Source file as the project names it.
    pub source: String,
    /// Contract.
    pub name: String,
    /// Its ABI.
    pub abi: JsonAbi,
    /// Init code without constructor arguments.
    pub creation: Object,
    /// Code after deployment, with immutables zero.
    pub runtime: Object,
}

/// Bytecode that may have places for library addresses.
#[derive(Debug, Clone, Default)]
pub struct Object {
    hex: String,
    /// Libraries (source, name) and the bytes where their addresses belong.
    links: Vec<(String, String, usize)>,
}

impl Object {
    /// Libraries that have to be deployed first: source and name.
    pub fn libraries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.links.iter().map(|(source, name, _)| (source.as_str(), name.as_str()))
    }

    /// Whether there is no code: an interface or an abstract contract.
    pub const fn is_empty(&self) -> bool {
        self.hex.is_empty()
    }

    /// The code with libraries filled in by `address_of`; none while one is missing.
    pub fn link(&self, address_of: impl Fn(&str, &str) -> Option<[u8; 20]>) -> Option<Bytes> {
        let mut text = self.hex.clone();
        for (source, name, start) in &self.links {
            let address = hex::encode(address_of(source, name)?);
            let from = start.checked_mul(2)?;
            text.replace_range(from..from.checked_add(40)?, &address);
        }
        hex::decode(text).ok().map(Bytes::from)
    }

    fn code(&self) -> Option<Bytes> {
        self.link(|_, _| None)
    }
}

/// All artifacts of a project.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    all: Vec<Artifact>,
    functions: BTreeMap<Selector, Function>,
    errors: BTreeMap<Selector, alloy_json_abi::Error>,
    events: BTreeMap<B256, Event>,
}

impl Artifacts {
    /// Reads an `out` folder.
    ///
    /// # Errors
    /// [`ForgeError::File`] for what cannot be read, [`ForgeError::Artifact`] for what is not an
    /// artifact of forge.
    pub fn read(out: &Path) -> Result<Self, ForgeError> {
        let mut artifacts = Self::default();
        for file in json_files(out)? {
            artifacts.add(artifact(&file)?);
        }
        artifacts.all.sort_by(|a, b| (&a.source, &a.name).cmp(&(&b.source, &b.name)));
        Ok(artifacts)
    }

    fn add(&mut self, artifact: Artifact) {
        for function in artifact.abi.functions() {
            self.functions.entry(function.selector()).or_insert_with(|| function.clone());
        }
        for error in artifact.abi.errors() {
            self.errors.entry(error.selector()).or_insert_with(|| error.clone());
        }
        for event in artifact.abi.events() {
            self.events.entry(event.selector()).or_insert_with(|| event.clone());
        }
        self.all.push(artifact);
    }

    /// Every artifact, by source and name.
    pub fn iter(&self) -> impl Iterator<Item = &Artifact> {
        self.all.iter()
    }

    /// The contract of that source and name.
    pub fn get(&self, source: &str, name: &str) -> Option<&Artifact> {
        self.all.iter().find(|artifact| artifact.source == source && artifact.name == name)
    }

    /// What `vm.getCode` names: `Name`, `File.sol:Name`, or `File.sol` of a single contract, with as
    /// much of the path as is needed.
    ///
    /// # Errors
    /// A sentence when nothing or more than one contract has that name.
    pub fn find(&self, id: &str) -> Result<&Artifact, String> {
        let (file, name) = match id.rsplit_once(':') {
            Some((file, name)) => (Some(file), Some(name)),
            None if Path::new(id).extension().is_some_and(|extension| extension == "sol") => {
                (Some(id), None)
            }
            None => (None, Some(id)),
        };
        let is_file = |source: &str, file: &str| {
            source == file || source.strip_suffix(file).is_some_and(|rest| rest.ends_with('/'))
        };
        let mut matching = self.all.iter().filter(|artifact| {
            file.is_none_or(|file| is_file(&artifact.source, file))
                && name.is_none_or(|name| artifact.name == name)
        });
        match (matching.next(), matching.next()) {
            (Some(found), None) => Ok(found),
            (Some(_), Some(_)) => Err(format!("multiple matching artifacts found for {id}")),
            (None, _) => Err(format!("no matching artifact found for {id}")),
        }
    }

    /// A function by its selector, whichever contract has it.
    pub fn function(&self, selector: Selector) -> Option<&Function> {
        self.functions.get(&selector)
    }

    /// A custom error by its selector.
    pub fn error(&self, selector: Selector) -> Option<&alloy_json_abi::Error> {
        self.errors.get(&selector)
    }

    /// An event by its first topic.
    pub fn event(&self, topic: B256) -> Option<&Event> {
        self.events.get(&topic)
    }

    /// The contract that this init code creates: the longest one that it begins with.
    pub fn created_by(&self, init_code: &[u8]) -> Option<&Artifact> {
        let begins = |artifact: &&Artifact| {
            artifact
                .creation
                .code()
                .is_some_and(|code| !code.is_empty() && init_code.starts_with(&code))
        };
        self.all.iter().filter(begins).max_by_key(|artifact| artifact.creation.hex.len())
    }
}

#[derive(Deserialize)]
struct Json {
    abi: JsonAbi,
    bytecode: JsonObject,
    #[serde(rename = "deployedBytecode")]
    runtime: JsonObject,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct JsonObject {
    object: String,
    #[serde(rename = "linkReferences", default)]
    links: BTreeMap<String, BTreeMap<String, Vec<Place>>>,
}

#[derive(Deserialize)]
struct Place {
    start: usize,
}

#[derive(Deserialize)]
struct Metadata {
    settings: Settings,
}

#[derive(Deserialize)]
struct Settings {
    #[serde(rename = "compilationTarget", default)]
    target: BTreeMap<String, String>,
}

impl From<JsonObject> for Object {
    fn from(json: JsonObject) -> Self {
        let hex = json.object.strip_prefix("0x").unwrap_or(&json.object).to_owned();
        let mut links = Vec::new();
        for (source, libraries) in json.links {
            for (name, places) in libraries {
                let places = places.iter();
                links.extend(places.map(|place| (source.clone(), name.clone(), place.start)));
            }
        }
        Self { hex, links }
    }
}

fn json_files(out: &Path) -> Result<Vec<PathBuf>, ForgeError> {
    let failed = |error: std::io::Error| ForgeError::File {
        file: out.to_owned(),
        reason: error.to_string(),
    };
    let mut files = Vec::new();
    for folder in std::fs::read_dir(out).map_err(failed)? {
        let folder = folder.map_err(failed)?.path();
        let is_source = folder.extension().is_some_and(|extension| extension == "sol");
        if is_source && folder.is_dir() {
            for file in std::fs::read_dir(&folder).map_err(failed)? {
                files.push(file.map_err(failed)?.path());
            }
        } else if folder.is_dir() && folder.file_name().is_some_and(|name| name != "build-info") {
            files.extend(json_files(&folder)?);
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    Ok(files)
}

fn artifact(file: &Path) -> Result<Artifact, ForgeError> {
    let text = std::fs::read(file)
        .map_err(|error| ForgeError::File { file: file.to_owned(), reason: error.to_string() })?;
    let json: Json = serde_json::from_slice(&text).map_err(|error| ForgeError::Artifact {
        file: file.to_owned(),
        reason: error.to_string(),
    })?;
    let target = json.metadata.and_then(|metadata| metadata.settings.target.into_iter().next());
    let (source, name) = target.unwrap_or_else(|| {
        // Without metadata the folder is the source's name, and the file the contract's.
        let part = |part: Option<&std::ffi::OsStr>| {
            part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
        };
        (part(file.parent().and_then(Path::file_name)), part(file.file_stem()))
    });
    Ok(Artifact {
        source,
        name,
        abi: json.abi,
        creation: json.bytecode.into(),
        runtime: json.runtime.into(),
    })
}
