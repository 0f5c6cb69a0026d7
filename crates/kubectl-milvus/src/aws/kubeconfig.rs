//! The context of a cluster of EKS in a kubeconfig, named as `aws eks update-kubeconfig` names it.

use std::path::PathBuf;

use kube::config::{Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use milvus_aws_core::{aws::EksCluster, installation::Namespace};

use super::kubernetes_access::{Login, PROFILE};
use crate::{
    error::{Error, in_full},
    kubeconfig_files::{KubeconfigFiles, Kubeconfigs},
    printer::Printer,
};

/// A kubeconfig that knows that cluster alone.
pub(super) fn of(cluster: &EksCluster, login: &Login) -> Kubeconfig {
    let name = &cluster.arn;
    Kubeconfig {
        clusters: vec![NamedCluster {
            name: name.clone(),
            cluster: Some(cluster_of(cluster)),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: name.clone(),
            auth_info: Some(login.auth_info(&cluster.name)),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: name.clone(),
            context: Some(Context {
                cluster: name.clone(),
                user: Some(name.clone()),
                ..Context::default()
            }),
            ..NamedContext::default()
        }],
        current_context: Some(name.clone()),
        kind: Some("Config".to_owned()),
        api_version: Some("v1".to_owned()),
        ..Kubeconfig::default()
    }
}

fn cluster_of(cluster: &EksCluster) -> Cluster {
    Cluster {
        server: Some(cluster.endpoint.clone()),
        certificate_authority_data: Some(base64(&cluster.certificate_authority)),
        ..Cluster::default()
    }
}

/// Makes the cluster kubectl's current one: entries that are there are replaced where they stand, and others stay.
pub(crate) fn use_cluster(
    files: &KubeconfigFiles,
    cluster: &EksCluster,
    login: &Login,
    namespace: &Namespace,
    printer: Printer,
) -> Result<(), Error> {
    let Some(mut configs) = files.read()? else {
        printer.tell(
            "no home folder is known, so that no kubeconfig was written; KUBECONFIG names one",
        );
        return Ok(());
    };
    put(&mut configs, of(cluster, login), namespace);
    let written = configs.write()?;
    if !written.is_empty() {
        printer.tell(&format!(
            "kubectl now talks to {}: {} says how",
            cluster.name,
            listed(&written)
        ));
    }
    Ok(())
}

/// Each entry takes the place of the one of its name, where kubectl finds that.
fn put(configs: &mut Kubeconfigs, mut ours: Kubeconfig, namespace: &Namespace) {
    for context in ours
        .contexts
        .iter_mut()
        .filter_map(|it| it.context.as_mut())
    {
        context.namespace = Some(namespace.to_string());
    }
    for entry in ours.clusters {
        let has = |config: &Kubeconfig| config.clusters.iter().any(|it| it.name == entry.name);
        let entries = &mut configs.first_or_default(has).clusters;
        put_one(entries, entry, |entry| &entry.name);
    }
    for entry in ours.auth_infos {
        let has = |config: &Kubeconfig| config.auth_infos.iter().any(|it| it.name == entry.name);
        let entries = &mut configs.first_or_default(has).auth_infos;
        put_one(entries, entry, |entry| &entry.name);
    }
    for entry in ours.contexts {
        let has = |config: &Kubeconfig| config.contexts.iter().any(|it| it.name == entry.name);
        configs.set_current_context(&entry.name);
        let entries = &mut configs.first_or_default(has).contexts;
        put_one(entries, entry, |entry| &entry.name);
    }
}

fn put_one<T>(entries: &mut Vec<T>, entry: T, name: impl Fn(&T) -> &String) {
    match entries.iter_mut().find(|there| name(there) == name(&entry)) {
        Some(there) => *there = entry,
        None => entries.push(entry),
    }
}

/// Whether the kubeconfig has a context of that cluster already.
pub(crate) fn knows(files: &KubeconfigFiles, cluster: &EksCluster) -> bool {
    let Ok(Some(configs)) = files.read() else {
        return false;
    };
    let of_cluster = |entry: &&NamedCluster| {
        let there = entry.cluster.as_ref();
        there.and_then(|there| there.server.as_deref()) == Some(cluster.endpoint.as_str())
    };
    let clusters = configs.contents().flat_map(|config| &config.clusters);
    let mut named = clusters.filter(of_cluster);
    named.any(|entry| is_used(&configs, |context| context.cluster == entry.name))
}

fn is_used(configs: &Kubeconfigs, by: impl Fn(&Context) -> bool) -> bool {
    let contexts = configs.contents().flat_map(|config| &config.contexts);
    contexts.filter_map(|it| it.context.as_ref()).any(by)
}

/// A cluster that is gone.
pub(crate) struct GoneCluster {
    /// Its name.
    pub name: String,
    /// Its ARN, by which its entries are called.
    pub arn: String,
    /// Its address and certificate, where it still told them.
    pub was: Option<EksCluster>,
}

/// Takes away the entries of a cluster that is gone, as long as they are those that this plugin wrote. A failure is told,
/// and stops nothing: the cluster is gone all the same.
pub(crate) fn forget_cluster(
    files: &KubeconfigFiles,
    gone: &GoneCluster,
    login: &Login,
    printer: Printer,
) {
    let told = match forget(files, gone, login) {
        Ok(Forgotten::NotThere) => return,
        Ok(Forgotten::Changed) => format!(
            "note: the kubeconfig's context {} is not as this plugin wrote it, and stays, though its cluster is gone",
            gone.arn
        ),
        Ok(Forgotten::Removed { files, was_current }) => {
            let now = if was_current {
                "; kubectl has no current context now: `kubectl config use-context` chooses one"
            } else {
                ""
            };
            format!(
                "{} no longer has the context of {}{now}",
                listed(&files),
                gone.name
            )
        }
        Err(error) => format!(
            "note: the kubeconfig still has the context {}, whose cluster is gone: {}",
            gone.arn,
            in_full(&error)
        ),
    };
    printer.tell(&told);
}

/// What became of the entries of a cluster that is gone.
#[derive(Debug, PartialEq, Eq)]
enum Forgotten {
    /// There were none.
    NotThere,
    /// Somebody has changed them.
    Changed,
    /// They are gone from these files.
    Removed {
        files: Vec<PathBuf>,
        was_current: bool,
    },
}

fn forget(files: &KubeconfigFiles, gone: &GoneCluster, login: &Login) -> Result<Forgotten, Error> {
    let Some(mut configs) = files.read()? else {
        return Ok(Forgotten::NotThere);
    };
    let arn = &gone.arn;
    match are_ours(&configs, gone, login) {
        None => return Ok(Forgotten::NotThere),
        Some(false) => return Ok(Forgotten::Changed),
        Some(true) => {}
    }
    let was_current = configs.current_context() == Some(arn);
    for config in configs.contents_mut() {
        config.contexts.retain(|it| it.name != *arn);
        config.current_context.take_if(|current| *current == *arn);
    }
    // Contexts of others may lead to the same cluster, or log in as the same user.
    let keeps_cluster = is_used(&configs, |it| it.cluster == *arn);
    let keeps_user = is_used(&configs, |it| it.user.as_ref() == Some(arn));
    for config in configs.contents_mut() {
        config
            .clusters
            .retain(|it| keeps_cluster || it.name != *arn);
        config.auth_infos.retain(|it| keeps_user || it.name != *arn);
    }
    Ok(Forgotten::Removed {
        files: configs.write()?,
        was_current,
    })
}

/// Whether the entries of that cluster, the first of each name, are as this plugin writes them; none where there is no
/// context.
fn are_ours(configs: &Kubeconfigs, gone: &GoneCluster, login: &Login) -> Option<bool> {
    let arn = &gone.arn;
    let mut contexts = configs.contents().flat_map(|config| &config.contexts);
    let context = contexts.find(|it| it.name == *arn)?;
    let mut clusters = configs.contents().flat_map(|config| &config.clusters);
    let cluster = clusters.find(|it| it.name == *arn);
    let mut users = configs.contents().flat_map(|config| &config.auth_infos);
    let user = users.find(|it| it.name == *arn);
    let ours = is_our_context(context, arn)
        && cluster.is_some_and(|it| is_our_cluster(it, gone))
        && user.is_some_and(|it| is_our_user(it, &gone.name, login));
    Some(ours)
}

/// Its namespace is the user's to change, as `kubectl config set-context --current --namespace` does.
fn is_our_context(entry: &NamedContext, arn: &str) -> bool {
    let Some(context) = &entry.context else {
        return false;
    };
    let ours = Context {
        cluster: arn.to_owned(),
        user: Some(arn.to_owned()),
        namespace: context.namespace.clone(),
        ..Context::default()
    };
    same(context, &ours) && entry.other.is_empty()
}

/// Of a cluster that told nothing any more, address and certificate can only be the ones that are there.
fn is_our_cluster(entry: &NamedCluster, gone: &GoneCluster) -> bool {
    let Some(cluster) = &entry.cluster else {
        return false;
    };
    let ours = match &gone.was {
        Some(was) => cluster_of(was),
        None => Cluster {
            server: cluster.server.clone(),
            certificate_authority_data: cluster.certificate_authority_data.clone(),
            ..Cluster::default()
        },
    };
    same(cluster, &ours) && entry.other.is_empty()
}

/// The plugin may be another file by now, and have had another profile.
fn is_our_user(entry: &NamedAuthInfo, cluster: &str, login: &Login) -> bool {
    let Some(user) = &entry.auth_info else {
        return false;
    };
    let exec = user.exec.as_ref();
    let args = exec
        .and_then(|exec| exec.args.as_deref())
        .unwrap_or_default();
    let profile = args.iter().position(|word| word == PROFILE);
    let ours = Login {
        program: exec
            .and_then(|exec| exec.command.as_ref())
            .map(PathBuf::from)
            .unwrap_or_default(),
        profile: profile.and_then(|at| args.get(at + 1)).cloned(),
        ..login.clone()
    };
    same(user, &ours.auth_info(cluster)) && entry.other.is_empty()
}

/// Kube's types of a kubeconfig cannot be compared themselves.
fn same<T: serde::Serialize>(one: &T, other: &T) -> bool {
    let value = |it: &T| serde_json::to_value(it).ok();
    value(one).is_some_and(|one| Some(one) == value(other))
}

fn listed(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(" and ")
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use milvus_aws_core::aws::Account;
    use tempfile::TempDir;

    use super::*;

    fn login() -> Login {
        Login {
            program: "/usr/local/bin/kubectl-milvus".into(),
            account: Account {
                id: "111122223333".to_owned(),
                caller: "arn:aws:iam::111122223333:user/me".to_owned(),
                partition: "aws".to_owned(),
                region: "us-west-2".parse().unwrap(),
            },
            profile: Some("work".to_owned()),
        }
    }

    fn cluster(endpoint: &str) -> EksCluster {
        EksCluster {
            name: "demo-milvus".to_owned(),
            arn: "arn:aws:eks:us-west-2:111122223333:cluster/demo-milvus".to_owned(),
            endpoint: endpoint.to_owned(),
            certificate_authority: b"PEM".to_vec(),
            issuer: String::new(),
            security_group: milvus_aws_core::aws::SecurityGroupId::new("sg-1"),
            vpc: milvus_aws_core::aws::VpcId::new("vpc-1"),
            version: "1.34".to_owned(),
        }
    }

    /// The files of that folder, in the order of `KUBECONFIG`.
    fn files(folder: &TempDir, names: &[&str]) -> KubeconfigFiles {
        let paths = names.iter().map(|name| folder.path().join(name));
        KubeconfigFiles::of_paths(paths.collect())
    }

    fn write(files: &KubeconfigFiles, endpoint: &str) -> Vec<PathBuf> {
        let mut configs = files.read().unwrap().unwrap();
        put(
            &mut configs,
            of(&cluster(endpoint), &login()),
            &"search".parse().unwrap(),
        );
        configs.write().unwrap()
    }

    fn read(folder: &TempDir, name: &str) -> Kubeconfig {
        Kubeconfig::read_from(folder.path().join(name)).unwrap()
    }

    const THEIRS: &str = "apiVersion: v1\nkind: Config\ncurrent-context: theirs\ncontexts:\n- name: theirs\n  context: {cluster: c, user: u}\n";

    #[test]
    fn the_cluster_becomes_the_current_one_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config"), THEIRS).unwrap();
        let files = files(&folder, &["config"]);
        assert_eq!(write(&files, "https://one").len(), 1);
        assert!(
            write(&files, "https://one").is_empty(),
            "it says so already"
        );
        assert_eq!(write(&files, "https://two").len(), 1);
        let config = read(&folder, "config");
        let arn = cluster("").arn;
        assert_eq!(config.current_context.as_deref(), Some(arn.as_str()));
        let names: Vec<_> = config.contexts.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["theirs", arn.as_str()]);
        let context = config.contexts[1].context.as_ref().unwrap();
        assert_eq!(context.namespace.as_deref(), Some("search"));
        let servers: Vec<_> = config.clusters.iter().map(server).collect();
        assert_eq!(servers, [Some("https://two")]);
        let user = config.auth_infos[0].auth_info.as_ref().unwrap();
        let exec = user.exec.as_ref().unwrap();
        assert_eq!(
            exec.command.as_deref(),
            Some("/usr/local/bin/kubectl-milvus")
        );
        let words = [
            "eks-token",
            "--cluster-name",
            "demo-milvus",
            "--region",
            "us-west-2",
            "--profile",
            "work",
        ];
        assert_eq!(exec.args.as_deref().unwrap(), words);
    }

    fn server(entry: &NamedCluster) -> Option<&str> {
        entry.cluster.as_ref()?.server.as_deref()
    }

    /// As client-go's `ModifyConfig`: an entry is changed in the file that it comes from.
    #[test]
    fn stage_fault_4_entries_are_changed_where_kubectl_finds_them() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("one"), THEIRS).unwrap();
        write(&files(&folder, &["two"]), "https://old");
        write(&files(&folder, &["one", "two"]), "https://new");
        let (one, two) = (read(&folder, "one"), read(&folder, "two"));
        assert_eq!(one.clusters.len() + one.auth_infos.len(), 0);
        assert_eq!(
            two.clusters.iter().map(server).collect::<Vec<_>>(),
            [Some("https://new")]
        );
        assert_eq!(
            one.current_context,
            Some(cluster("").arn),
            "the first file decides"
        );
    }

    /// What [`forget`] does to files after somebody has changed them in that way.
    fn forgotten(
        names: &[&str],
        known: bool,
        change: impl Fn(&mut Kubeconfig),
    ) -> (Forgotten, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(names[0]), THEIRS).unwrap();
        let files = files(&folder, names);
        write(&files, "https://one");
        let mut configs = files.read().unwrap().unwrap();
        configs.contents_mut().for_each(change);
        configs.write().unwrap();
        let gone = GoneCluster {
            name: "demo-milvus".to_owned(),
            arn: cluster("").arn,
            was: known.then(|| cluster("https://one")),
        };
        // Another plugin than the one that wrote them.
        let login = Login {
            program: "/elsewhere/kubectl-milvus".into(),
            profile: None,
            ..login()
        };
        let forgotten = forget(&files, &gone, &login).unwrap();
        (forgotten, folder)
    }

    #[test]
    fn stage_fault_4_entries_of_a_cluster_that_is_gone_go() {
        for known in [true, false] {
            let (forgotten, folder) = forgotten(&["one", "two"], known, |_| ());
            assert!(
                matches!(&forgotten, Forgotten::Removed { files, was_current: true } if files.len() == 1),
                "{forgotten:?}"
            );
            let config = read(&folder, "one");
            assert_eq!(config.current_context, None);
            assert_eq!(config.clusters.len() + config.auth_infos.len(), 0);
            let names: Vec<_> = config.contexts.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names, ["theirs"]);
        }
    }

    #[test]
    fn stage_fault_4_another_current_context_and_another_namespace_stay_and_hold_nothing_up() {
        let (forgotten, folder) = forgotten(&["one"], true, |config| {
            config.current_context = Some("theirs".to_owned());
            for context in config
                .contexts
                .iter_mut()
                .filter_map(|it| it.context.as_mut())
            {
                context.namespace = Some("mine".to_owned());
            }
        });
        assert!(
            matches!(
                forgotten,
                Forgotten::Removed {
                    was_current: false,
                    ..
                }
            ),
            "{forgotten:?}"
        );
        let config = read(&folder, "one");
        assert_eq!(config.current_context.as_deref(), Some("theirs"));
        assert_eq!(config.contexts.len(), 1);
    }

    #[test]
    fn stage_fault_4_entries_that_somebody_has_changed_stay() {
        let changes: [fn(&mut Kubeconfig); 5] = [
            // `aws eks update-kubeconfig` writes entries of the same names.
            |config| {
                for exec in config
                    .auth_infos
                    .iter_mut()
                    .filter_map(|it| it.auth_info.as_mut()?.exec.as_mut())
                {
                    exec.command = Some("aws".to_owned());
                    exec.args = Some(["eks", "get-token"].map(str::to_owned).to_vec());
                }
            },
            |config| {
                for user in config
                    .auth_infos
                    .iter_mut()
                    .filter_map(|it| it.auth_info.as_mut())
                {
                    user.impersonate = Some("somebody".to_owned());
                }
            },
            |config| {
                for cluster in config
                    .clusters
                    .iter_mut()
                    .filter_map(|it| it.cluster.as_mut())
                {
                    cluster.server = Some("https://localhost:8443".to_owned());
                }
            },
            |config| {
                for cluster in config
                    .clusters
                    .iter_mut()
                    .filter_map(|it| it.cluster.as_mut())
                {
                    cluster.proxy_url = Some("http://proxy".to_owned());
                }
            },
            |config| {
                for context in config
                    .contexts
                    .iter_mut()
                    .filter_map(|it| it.context.as_mut())
                {
                    context.user = Some("u".to_owned());
                }
            },
        ];
        for change in changes {
            let (forgotten, folder) = forgotten(&["one"], true, change);
            assert_eq!(forgotten, Forgotten::Changed);
            assert_eq!(read(&folder, "one").contexts.len(), 2);
        }
    }

    #[test]
    fn stage_fault_4_what_other_contexts_use_stays() {
        let (forgotten, folder) = forgotten(&["one"], true, |config| {
            let arn = cluster("").arn;
            config.contexts.push(NamedContext {
                name: "alias".to_owned(),
                context: Some(Context {
                    cluster: arn,
                    user: Some("u".to_owned()),
                    ..Context::default()
                }),
                ..NamedContext::default()
            });
        });
        assert!(
            matches!(forgotten, Forgotten::Removed { .. }),
            "{forgotten:?}"
        );
        let config = read(&folder, "one");
        assert_eq!((config.clusters.len(), config.auth_infos.len()), (1, 0));
    }

    #[test]
    fn stage_fault_4_without_entries_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config"), THEIRS).unwrap();
        let gone = GoneCluster {
            name: "demo-milvus".to_owned(),
            arn: cluster("").arn,
            was: None,
        };
        let files = files(&folder, &["config"]);
        assert_eq!(
            forget(&files, &gone, &login()).unwrap(),
            Forgotten::NotThere
        );
        let text = std::fs::read_to_string(folder.path().join("config")).unwrap();
        assert_eq!(text, THEIRS);
    }
}
