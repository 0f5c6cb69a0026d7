//! The context of a cluster of EKS in a kubeconfig, named as `aws eks update-kubeconfig` names it.

use std::path::{Path, PathBuf};

use kube::config::{Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use milvus_aws_core::{aws::EksCluster, installation::Namespace};

use super::kubernetes_access::Login;
use crate::{error::Error, printer::Printer};

/// A kubeconfig that knows that cluster alone.
pub(super) fn of(cluster: &EksCluster, login: &Login) -> Kubeconfig {
    let name = &cluster.arn;
    Kubeconfig {
        clusters: vec![NamedCluster {
            name: name.clone(),
            cluster: Some(Cluster {
                server: Some(cluster.endpoint.clone()),
                certificate_authority_data: Some(base64(&cluster.certificate_authority)),
                ..Cluster::default()
            }),
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

/// Makes the cluster kubectl's current one: in the first file of `KUBECONFIG`, else in `~/.kube/config`.
pub(crate) fn use_cluster(
    cluster: &EksCluster,
    login: &Login,
    namespace: &Namespace,
    printer: Printer,
) -> Result<(), Error> {
    let Some(path) = path() else {
        printer.tell(
            "no home folder is known, so that no kubeconfig was written; KUBECONFIG names one",
        );
        return Ok(());
    };
    if write(&path, cluster, login, namespace)? {
        printer.tell(&format!(
            "kubectl now talks to {}: {} says how",
            cluster.name,
            path.display()
        ));
    }
    Ok(())
}

/// Whether the kubeconfig has a context of that cluster already.
pub(crate) fn knows(cluster: &EksCluster) -> bool {
    let Ok(config) = Kubeconfig::read() else {
        return false;
    };
    let of_cluster = |entry: &&NamedCluster| {
        let there = entry.cluster.as_ref();
        there.and_then(|there| there.server.as_deref()) == Some(cluster.endpoint.as_str())
    };
    let mut named = config.clusters.iter().filter(of_cluster);
    named.any(|entry| {
        let mut contexts = config.contexts.iter().filter_map(|it| it.context.as_ref());
        contexts.any(|context| context.cluster == entry.name)
    })
}

fn path() -> Option<PathBuf> {
    let named =
        std::env::var_os("KUBECONFIG").and_then(|paths| std::env::split_paths(&paths).next());
    let path = match named.filter(|path| !path.as_os_str().is_empty()) {
        Some(path) => path,
        None => std::env::home_dir()?.join(".kube").join("config"),
    };
    // What a link leads to is replaced, not the link.
    Some(std::fs::canonicalize(&path).unwrap_or(path))
}

/// Puts the cluster's context into the file, makes it the current one, and leaves every other one as it is. Writes
/// nothing where the file says so already.
fn write(
    path: &Path,
    cluster: &EksCluster,
    login: &Login,
    namespace: &Namespace,
) -> Result<bool, Error> {
    let failed = |source: std::io::Error| Error::Write {
        path: path.to_owned(),
        source,
    };
    let mut ours = of(cluster, login);
    for context in ours
        .contexts
        .iter_mut()
        .filter_map(|context| context.context.as_mut())
    {
        context.namespace = Some(namespace.to_string());
    }
    let before = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    let mut config = if before.trim().is_empty() {
        Kubeconfig::default()
    } else {
        Kubeconfig::from_yaml(&before).map_err(|error| failed(std::io::Error::other(error)))?
    };
    let was = serde_json::to_value(&config);
    put(&mut config.clusters, ours.clusters, |entry| &entry.name);
    put(&mut config.auth_infos, ours.auth_infos, |entry| &entry.name);
    put(&mut config.contexts, ours.contexts, |entry| &entry.name);
    config.current_context = ours.current_context;
    config.kind = ours.kind;
    config.api_version = ours.api_version;
    // However the file is written: what says the same is left as it is.
    if serde_json::to_value(&config).ok() == was.ok() {
        return Ok(false);
    }
    let text =
        serde_saphyr::to_string(&config).map_err(|error| failed(std::io::Error::other(error)))?;
    replace(path, &text).map_err(failed)?;
    Ok(true)
}

/// Each entry takes the place of the one of its name, else it comes last.
fn put<T>(entries: &mut Vec<T>, ours: Vec<T>, name: impl Fn(&T) -> &String) {
    for entry in ours {
        match entries.iter_mut().find(|there| name(there) == name(&entry)) {
            Some(there) => *there = entry,
            None => entries.push(entry),
        }
    }
}

/// Another reader sees the old file or the new one, and nobody but the user reads either.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    std::fs::create_dir_all(&folder)?;
    let beside = folder.join(format!(".{}.{}", file_name(path), std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // What is left of it is of no use to anybody; the first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use milvus_aws_core::aws::Account;

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

    #[test]
    fn the_cluster_becomes_the_current_one_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kube").join("config");
        std::fs::create_dir(folder.path().join("kube")).unwrap();
        let theirs = "apiVersion: v1\nkind: Config\ncurrent-context: theirs\ncontexts:\n- name: theirs\n  context: {cluster: c, user: u}\n";
        std::fs::write(&path, theirs).unwrap();
        let namespace = "search".parse().unwrap();
        let write =
            |endpoint: &str| write(&path, &cluster(endpoint), &login(), &namespace).unwrap();
        assert!(write("https://one"));
        assert!(
            !write("https://one"),
            "nothing is written where nothing changes"
        );
        assert!(write("https://two"));
        let config = Kubeconfig::read_from(&path).unwrap();
        let arn = cluster("").arn;
        assert_eq!(config.current_context.as_deref(), Some(arn.as_str()));
        let names: Vec<_> = config
            .contexts
            .iter()
            .map(|context| context.name.as_str())
            .collect();
        assert_eq!(names, ["theirs", arn.as_str()]);
        let context = config.contexts[1].context.as_ref().unwrap();
        assert_eq!(context.namespace.as_deref(), Some("search"));
        let server = config.clusters[0]
            .cluster
            .as_ref()
            .unwrap()
            .server
            .as_deref();
        assert_eq!((config.clusters.len(), server), (1, Some("https://two")));
        let exec = config.auth_infos[0]
            .auth_info
            .as_ref()
            .unwrap()
            .exec
            .as_ref()
            .unwrap();
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

    /// Another program may write the same in JSON, or in another order.
    #[test]
    fn stage_fault_15_a_file_that_says_the_same_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let namespace = "search".parse().unwrap();
        let write = || write(&path, &cluster("https://one"), &login(), &namespace).unwrap();
        assert!(write());
        let config = Kubeconfig::read_from(&path).unwrap();
        let json = serde_json::to_string_pretty(&config).unwrap();
        std::fs::write(&path, &json).unwrap();
        assert!(!write());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), json);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_a_new_kubeconfig() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("config");
        write(
            &path,
            &cluster("https://one"),
            &login(),
            &"search".parse().unwrap(),
        )
        .unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
