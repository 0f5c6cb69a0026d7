//! From values to an installation.

mod amounts;
mod attu;
mod components;
mod config;
mod coordinators;
mod etcd;
mod ingress;
mod object_storage;
mod pods;
mod queue;
mod region;
mod server;
mod tls;
mod variables;
mod version;

pub(super) use ingress::FOR_NGINX;
use milvus_aws_core::{
    Installation,
    installation::{InstallationName, MilvusVersion, Namespace, Secrets, Standing},
};
pub(super) use version::is_named as names_version;

use super::{
    chart::Chart, check, document::Node, draft::Draft, foreign, reading::Reading, remark::Remark,
};

/// What values do not say: the release that they are for.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name, as `helm install NAME` takes it.
    pub name: InstallationName,
    /// Its namespace.
    pub namespace: Namespace,
    /// The Milvus version; that of the values' `image.all.tag` when absent, else the newest that is installed by default.
    pub version: Option<MilvusVersion>,
}

/// An installation out of values, and what is to be said of it.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The installation. It names an environment variable for each password.
    pub installation: Installation,
    /// The passwords that the values hold.
    pub secrets: Secrets,
    /// The variables that the installation names: who runs it from its own file has to set them.
    pub variables: Vec<String>,
    /// Keys that cannot be honoured, with the reason; the installation is made without them.
    pub unsupported: Vec<Remark>,
    /// Keys that the chart does not have, and passes over.
    pub unknown: Vec<Remark>,
    /// What is done in another way than the values say.
    pub notices: Vec<Remark>,
    /// What is unwise, and what must not be installed anew where it runs already.
    pub warnings: Vec<Remark>,
    /// Logins that hold a placeholder in place of a name or a password; nothing replaces it here.
    pub placeholders: Vec<Remark>,
}

/// What is read while an installation is put together.
struct Import<'a> {
    values: Reading<'a>,
    draft: Draft<'a>,
    release: &'a Release,
    version: MilvusVersion,
    chart: &'static Chart,
    /// `cluster` or `standalone`: the section of the installation's file.
    section: &'static str,
}

/// Reads values as an installation, which is to be made or runs already.
pub(super) fn import(
    origin: &str,
    root: &Node,
    release: &Release,
    standing: Standing,
) -> Result<Imported, Vec<Remark>> {
    if let Some(foreign) = foreign::document(root) {
        return Err(vec![foreign]);
    }
    let mut values = Reading::new(root);
    check::keys(root, &mut values);
    let mut draft = Draft::new();
    let Some(version) = version::read(&mut values, &mut draft, release) else {
        return Err(values.everything_wrong());
    };
    let is_cluster = values.flag("cluster.enabled").unwrap_or(true);
    let mut import = Import {
        chart: Chart::of(&version),
        section: if is_cluster { "cluster" } else { "standalone" },
        values,
        draft,
        release,
        version,
    };
    read(&mut import);
    let Import { values, draft, .. } = import;
    if !values.problems.is_empty() {
        return Err(values.everything_wrong());
    }
    match draft.finish(origin, standing) {
        Ok(finished) => Ok(Imported {
            installation: finished.installation,
            secrets: finished.secrets,
            variables: draft.variables(),
            unsupported: in_order(values.unsupported),
            unknown: in_order(values.unknown),
            notices: in_order(values.notices),
            warnings: in_order(finished.warnings),
            placeholders: in_order(values.placeholders),
        }),
        Err(mut problems) => {
            // What cannot be honoured may be why something lacks.
            problems.extend(values.unsupported);
            problems.extend(values.unknown);
            Err(problems)
        }
    }
}

/// Puts the installation together.
fn read(import: &mut Import<'_>) {
    // First, as what stands in there wins over everything.
    let mut config = config::read(import);
    server::read(import);
    pods::read_all(import);
    components::read(import);
    // Before etcd, of which is asked whether anything is said of all pods.
    tls::read(import, &mut config);
    ingress::read_tls(import, &config);
    etcd::read(import, &mut config);
    object_storage::read(import, &mut config);
    queue::read(import, &mut config);
    attu::read(import);
    config::write(import, config);
}

fn in_order(mut remarks: Vec<Remark>) -> Vec<Remark> {
    remarks.sort_by_key(|remark| remark.place);
    remarks
}

impl Import<'_> {
    fn is_cluster(&self) -> bool {
        self.section == "cluster"
    }

    /// Takes a section or list over as it is, unless it is empty.
    fn copy(&mut self, key: &str, to: &str) {
        if let Some((part, found)) = self.values.part(key) {
            self.draft.set(to, part, &found);
        }
    }

    /// Takes a text over, unless it is empty.
    fn copy_text(&mut self, key: &str, to: &str) {
        if let Some(text) = self.values.text(key) {
            self.draft.set(to, text.value, &text.found);
        }
    }

    /// Takes a whole number over.
    fn copy_number(&mut self, key: &str, to: &str) {
        if let Some((number, found)) = self.values.number(key) {
            self.draft.set(to, number, &found);
        }
    }

    /// A path in the section of the deployment: `cluster.etcd`.
    fn at(&self, key: &str) -> String {
        below(self.section, key)
    }
}

/// The path of a key in a section. There are hundreds of them, and to format one takes ten times as long.
fn below(section: &str, key: &str) -> String {
    [section, ".", key].concat()
}
