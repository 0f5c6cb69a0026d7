//! Values files as installations.

use milvus_manifests::{
    Manifests,
    helm::{Imported, InvalidValues, Release, Values},
    render,
};

/// A release of that name, in the namespace `milvus`.
pub(crate) fn release(name: &str, version: Option<&str>) -> Release {
    Release {
        name: name.parse().unwrap(),
        namespace: "milvus".parse().unwrap(),
        version: version.map(|version| version.parse().unwrap()),
    }
}

/// What becomes of a text, for a release called `demo`.
pub(crate) fn read(version: &str, text: &str) -> Result<Imported, InvalidValues> {
    Values::from_yaml("values.yaml", text)?.import(&release("demo", Some(version)))
}

/// An installation out of a text that gives one, whatever cannot be honoured.
#[track_caller]
pub(crate) fn imported(version: &str, text: &str) -> Imported {
    match read(version, text) {
        Ok(imported) => imported,
        Err(invalid) => panic!("{invalid}"),
    }
}

/// What is wrong with a text that gives no installation.
#[track_caller]
pub(crate) fn refused(version: &str, text: &str) -> String {
    match read(version, text) {
        Ok(imported) => panic!("{:?}", imported.installation),
        Err(invalid) => invalid.to_string(),
    }
}

/// The objects of what was read.
#[track_caller]
pub(crate) fn objects(imported: &Imported) -> Manifests {
    render(&imported.installation, &imported.secrets).unwrap()
}

/// Lines that are said of a file.
pub(crate) fn lines(remarks: &[milvus_manifests::helm::Remark]) -> Vec<String> {
    remarks
        .iter()
        .map(|remark| remark.in_file("values.yaml"))
        .collect()
}
