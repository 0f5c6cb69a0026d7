//! From text to an installation, and back.

use serde_json::Value as Json;

use super::{
    Installation, MilvusVersion,
    collect::{collect, place_of},
    diagnostic::{InvalidFile, Path, Problem},
    document::{self, Node, Value},
    file::{API_VERSION, InstallationFile},
    rules,
};

impl Installation {
    /// Reads a file. `origin` is its name, for messages. Everything that can be found wrong at once is told.
    pub fn from_yaml(origin: &str, text: impl AsRef<[u8]>) -> Result<Self, InvalidFile> {
        read(text.as_ref(), None).map_err(|problems| InvalidFile::new(origin, problems))
    }

    /// The same, as if the file named that version: what the file says must be possible there.
    pub fn from_yaml_at(
        origin: &str,
        text: impl AsRef<[u8]>,
        version: &MilvusVersion,
    ) -> Result<Self, InvalidFile> {
        let read = read(text.as_ref(), Some(version));
        read.map_err(|problems| InvalidFile::new(origin, problems))
    }

    /// The same for a file that is a value already, as other formats are translated to. Problems have paths in it, and
    /// no places.
    pub fn from_json(origin: &str, file: &Json) -> Result<Self, InvalidFile> {
        interpret(&document::of_json(file), None)
            .map_err(|problems| InvalidFile::new(origin, problems))
    }

    /// Writes the file that [`Self::from_yaml`] reads the same installation from.
    pub fn to_yaml(&self) -> String {
        let file = InstallationFile::from(self.clone());
        // Keys are texts and values are plain: there is nothing that YAML could not write.
        serde_saphyr::to_string(&file).unwrap_or_default()
    }

    /// What a file with this content would be refused for. A value that was read has none; one that was put together by
    /// other means may have.
    pub fn problems(&self) -> Vec<Problem> {
        let file = InstallationFile::from(self.clone());
        let broken = rules::check(&file).into_iter();
        broken
            .map(|(path, message)| Problem::without_place(path, message))
            .collect()
    }

    /// The file's content as a value.
    pub fn to_json(&self) -> Json {
        // Keys are texts and numbers are finite: there is nothing that JSON could not hold.
        serde_json::to_value(InstallationFile::from(self.clone())).unwrap_or_default()
    }

    /// The JSON Schema of the file.
    pub fn json_schema() -> Json {
        schemars::schema_for!(InstallationFile).to_value()
    }
}

fn read(text: &[u8], version: Option<&MilvusVersion>) -> Result<Installation, Vec<Problem>> {
    let tree = document::parse(text)?;
    check_api_version(&tree).map_err(|problem| vec![problem])?;
    interpret(&tree, version)
}

/// Apart from [`read`]: a file is large, and the parser, which recurses, needs the stack for itself.
fn interpret(tree: &Node, version: Option<&MilvusVersion>) -> Result<Installation, Vec<Problem>> {
    let mut file: InstallationFile = collect(tree.clone())?;
    if let Some(version) = version {
        file.set_version(version.clone());
    }
    let broken = rules::check(&file);
    let installation = file.into_installation();
    match installation {
        Some(installation) if broken.is_empty() => Ok(installation),
        _ => Err(broken
            .into_iter()
            .map(|(path, message)| {
                let at = place_of(tree, &path);
                Problem::new(path, at, message)
            })
            .collect()),
    }
}

/// Looked at first: in a file of another kind or version every other message would mislead.
fn check_api_version(tree: &Node) -> Result<(), Problem> {
    let write = format!("write `apiVersion: {API_VERSION}`");
    let entries = match &tree.value {
        Value::Section(entries) => entries,
        Value::Nothing => {
            return Err(Problem::of_file(format!(
                "is empty; for all defaults {write}"
            )));
        }
        _ => {
            let message = format!(
                "is no section of keys and values; begin with a line that says `apiVersion: {API_VERSION}`"
            );
            return Err(Problem::new(Path::default(), tree.at, message));
        }
    };
    let Some((key, value)) = entries.iter().find(|(key, _)| key.name == "apiVersion") else {
        let message = format!("`apiVersion` is missing, {write}");
        return Err(Problem::new(Path::default(), tree.at, message));
    };
    match &value.value {
        Value::Text(text) if text == API_VERSION => Ok(()),
        Value::Text(text) => {
            let message = format!("`{text}` is not known to this release, {write}");
            Err(Problem::new(Path::of(&["apiVersion"]), value.at, message))
        }
        _ => Err(Problem::new(
            Path::of(&["apiVersion"]),
            key.at,
            format!("is no text, {write}"),
        )),
    }
}
