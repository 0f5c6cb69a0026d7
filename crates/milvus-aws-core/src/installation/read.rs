//! From text to an installation, and back.

use serde_json::Value as Json;

use super::{
    Installation, MilvusVersion,
    collect::{collect, place_of},
    diagnostic::{InvalidFile, Path, Problem},
    document::{self, Node, Value},
    file::{API_VERSION, InstallationFile},
    rules::{self, Broken},
    soft_rules::{Findings, Standing},
};

impl Installation {
    /// Reads a file. `origin` is its name, for messages. Everything that can be found wrong at once is told.
    pub fn from_yaml(origin: &str, text: impl AsRef<[u8]>) -> Result<Self, InvalidFile> {
        let read = Self::read_yaml(origin, text, None, Standing::New);
        read.map(|(installation, _)| installation)
    }

    /// The same, as if the file named that version: what the file says must be possible there.
    pub fn from_yaml_at(
        origin: &str,
        text: impl AsRef<[u8]>,
        version: &MilvusVersion,
    ) -> Result<Self, InvalidFile> {
        let read = Self::read_yaml(origin, text, Some(version), Standing::New);
        read.map(|(installation, _)| installation)
    }

    /// The same of what is to be made or runs already, with what is unwise in it. `version`, where it is given, takes the
    /// place of the file's.
    pub fn read_yaml(
        origin: &str,
        text: impl AsRef<[u8]>,
        version: Option<&MilvusVersion>,
        standing: Standing,
    ) -> Result<(Self, Vec<Problem>), InvalidFile> {
        let read = read(text.as_ref(), version, standing);
        read.map_err(|problems| InvalidFile::new(origin, problems))
    }

    /// The same for a file that is a value already, as other formats are translated to. Problems have paths in it, and
    /// no places.
    pub fn from_json(origin: &str, file: &Json) -> Result<Self, InvalidFile> {
        let read = Self::read_json(origin, file, Standing::New);
        read.map(|(installation, _)| installation)
    }

    /// The same of what is to be made or runs already, with what is unwise in it.
    pub fn read_json(
        origin: &str,
        file: &Json,
        standing: Standing,
    ) -> Result<(Self, Vec<Problem>), InvalidFile> {
        interpret(&document::of_json(file), None, standing)
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
        let broken = refused(&file, Standing::New).into_iter();
        broken
            .map(|(path, message)| Problem::without_place(path, message))
            .collect()
    }

    /// The same, as an error that names where the installation comes from.
    pub fn validated(self, origin: &str, standing: Standing) -> Result<Self, InvalidFile> {
        let file = InstallationFile::from(self.clone());
        let broken = refused(&file, standing).into_iter();
        let problems: Vec<_> = broken
            .map(|(path, message)| Problem::without_place(path, message))
            .collect();
        if problems.is_empty() {
            return Ok(self);
        }
        Err(InvalidFile::new(origin, problems))
    }

    /// What is unwise, and what must not be installed anew where it runs already. Nothing of it is in the way.
    pub fn warnings(&self, standing: Standing) -> Vec<Problem> {
        let file = InstallationFile::from(self.clone());
        let findings = Findings::of(&file);
        let warned = findings.warned(standing).cloned();
        warned
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

fn read(
    text: &[u8],
    version: Option<&MilvusVersion>,
    standing: Standing,
) -> Result<(Installation, Vec<Problem>), Vec<Problem>> {
    let tree = document::parse(text)?;
    check_api_version(&tree).map_err(|problem| vec![problem])?;
    interpret(&tree, version, standing)
}

/// Apart from [`read`]: a file is large, and the parser, which recurses, needs the stack for itself.
fn interpret(
    tree: &Node,
    version: Option<&MilvusVersion>,
    standing: Standing,
) -> Result<(Installation, Vec<Problem>), Vec<Problem>> {
    let mut file: InstallationFile = collect(tree.clone())?;
    if let Some(version) = version {
        file.set_version(version.clone());
    }
    let findings = Findings::of(&file);
    let mut broken = rules::check(&file);
    broken.extend(findings.refused(standing).cloned());
    let placed = |(path, message): Broken| {
        let at = place_of(tree, &path);
        Problem::new(path, at, message)
    };
    match file.into_installation() {
        Some(installation) if broken.is_empty() => {
            let warned = findings.warned(standing).cloned();
            Ok((installation, warned.map(placed).collect()))
        }
        _ => Err(broken.into_iter().map(placed).collect()),
    }
}

/// What is impossible, and what must not be installed.
fn refused(file: &InstallationFile, standing: Standing) -> Vec<Broken> {
    let mut broken = rules::check(file);
    broken.extend(Findings::of(file).refused(standing).cloned());
    broken
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
