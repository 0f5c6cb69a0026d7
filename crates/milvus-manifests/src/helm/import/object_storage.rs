//! Where vectors are kept.

use secrecy::SecretString;
use serde_json::json;

use super::{
    Import, below,
    config::Config,
    queue::of_release,
    region::region_of,
    variables::{Login, Settings},
};

/// The variable that the installation's file names for the secret key.
pub(super) const VARIABLE: &str = "MILVUS_S3_SECRET_KEY";
/// What the chart's MinIO begins with.
const MINIO_KEY: &str = "minioadmin";
const MINIO_PORT: u16 = 9000;

/// An object storage that exists, or the address at which the chart's MinIO would be; none where objects are on the
/// pod's own volume.
pub(super) fn read(import: &mut Import<'_>, config: &mut Config<'_>) {
    let to = import.at("s3");
    let is_external = import.values.flag("externalS3.enabled") == Some(true);
    let minio = import.values.flag("minio.enabled");
    if config.is_local(import) {
        return local(import, config, minio);
    }
    if !is_external {
        return in_cluster(import, config, &to, minio);
    }
    if minio == Some(true) {
        idle_minio(import, "with `externalS3` nothing would use it");
    }
    endpoint(import, config, &to);
    import.copy_text("externalS3.bucketName", &below(&to, "bucket"));
    prefix(import, &to);
    provider(import, &to);
    region(import, &to);
    of_both(import, config, &to);
    if import.draft.get(&below(&to, "bucket")).is_none() {
        let message = "is missing, write the name of a bucket that exists";
        let remark = import.values.remark("externalS3.bucketName", message);
        import.values.problems.push(remark);
    }
    if import.values.flag("externalS3.useVirtualHost") == Some(true) {
        import.draft.put(&below(&to, "virtualHost"), true);
    }
    access(import, config, &to, "externalS3", None);
}

fn idle_minio(import: &mut Import<'_>, why: &str) {
    let message = format!(
        "cannot be honoured: MinIO is not made here, and {why}; write `minio: {{enabled: false}}`"
    );
    let remark = import.values.remark("minio.enabled", message);
    import.values.unsupported.push(remark);
}

/// Objects on the volume of the one pod, as the settings have it.
fn local(import: &mut Import<'_>, config: &mut Config<'_>, minio: Option<bool>) {
    const KEY: &str = "extraConfigFiles.user.yaml";
    if import.is_cluster() {
        let message = "`common.storageType: local` keeps vectors in the pods of a cluster, where no other pod finds them; write `cluster: {enabled: false}`, or name an object storage by `externalS3`";
        let remark = import.values.remark(KEY, message);
        return import.values.problems.push(remark);
    }
    if minio == Some(true) {
        idle_minio(
            import,
            "with `common.storageType: local` nothing would use it",
        );
    }
    // It follows from there being no object storage.
    config.remove(&["common", "storageType"]);
    // The chart mounts an empty folder of the node there, over its own claim.
    let is_usual = config.text(&["localStorage", "path"]).is_none();
    let has_disk = import.values.flag("standalone.disk.enabled") != Some(false);
    let is_kept = import.values.flag("standalone.persistence.enabled") != Some(false);
    if is_usual && has_disk && is_kept {
        let remark = import.values.remark(KEY, "vectors are kept on the pod's claim here; in the chart they go with the pod, which has them in a folder of its node");
        import.values.notices.push(remark);
    }
}

/// What the server's own settings say beside `externalS3` wins, there as here.
fn of_both(import: &mut Import<'_>, config: &Config<'_>, to: &str) {
    const KEY: &str = "extraConfigFiles.user.yaml";
    for (setting, ours) in [
        ("bucketName", "bucket"),
        ("cloudProvider", "cloudProvider"),
        ("region", "region"),
        ("iamEndpoint", "iamEndpoint"),
    ] {
        if let Some(text) = config.text(&["minio", setting]) {
            import.draft.set_for(&below(to, ours), text, KEY);
        }
    }
}

fn endpoint(import: &mut Import<'_>, config: &Config<'_>, to: &str) {
    let tls = import.values.flag("externalS3.useSSL") == Some(true);
    let said = config.text(&["minio", "useSSL"]);
    let tls = said.map_or(tls, |text| text.eq_ignore_ascii_case("true"));
    import
        .draft
        .set_for(&below(to, "tls"), tls, "externalS3.useSSL");
    let provider = import.values.text("externalS3.cloudProvider");
    let provider = provider.map_or("aws".to_owned(), |text| text.value);
    if let Some(address) = config.text(&["minio", "address"]) {
        let port = config.text(&["minio", "port"]);
        let port = port.or_else(|| Some(import.values.text("externalS3.port")?.value));
        let endpoint = match port.filter(|_| !address.contains(':')) {
            Some(port) => format!("{address}:{port}"),
            None => address,
        };
        let key = "extraConfigFiles.user.yaml";
        return import.draft.set_for(&below(to, "endpoint"), endpoint, key);
    }
    let Some(host) = import.values.text("externalS3.host") else {
        let message = format!(
            "is missing, write the host of the storage's API, for example `{}`",
            example_host(&provider)
        );
        let remark = import.values.remark("externalS3.host", message);
        return import.values.problems.push(remark);
    };
    if provider == "azure"
        && let Some((account, rest)) = host.value.split_once(".blob.")
    {
        let message = format!(
            "names the account, which the server puts in front of the host itself; write `{rest}`, and `accessKey: {account}`"
        );
        return import.values.wrong(&host.found, message);
    }
    let port = import.values.text("externalS3.port");
    let endpoint = match (host.value.rsplit_once(':'), port) {
        // The server takes the port of an address that has one.
        (Some((_, named)), port) => {
            if let Some(port) = port.filter(|port| port.value != named) {
                let message = "is passed over, as the server does: `host` names a port";
                import.values.notice(&port.found, message);
            }
            host.value
        }
        (None, Some(port)) => format!("{}:{}", host.value, port.value),
        (None, None) => {
            let usual = if tls { 443 } else { 80 };
            let message = format!("names no port, {usual} is taken");
            let remark = import.values.remark("externalS3.port", message);
            import.values.notices.push(remark);
            format!("{}:{usual}", host.value)
        }
    };
    import
        .draft
        .set(&below(to, "endpoint"), endpoint, &host.found);
}

/// Hosts of storages, by `cloudProvider`.
fn example_host(provider: &str) -> &'static str {
    match provider {
        "gcp" | "gcpnative" => "storage.googleapis.com",
        "azure" => "core.windows.net",
        "aliyun" => "oss-cn-hangzhou.aliyuncs.com",
        "tencent" => "cos.ap-guangzhou.myqcloud.com",
        _ => "s3.us-west-2.amazonaws.com",
    }
}

/// The chart writes an empty prefix where none is named, which is another than the server's own: an existing release has
/// its objects there.
fn prefix(import: &mut Import<'_>, to: &str) {
    const KEY: &str = "externalS3.rootPath";
    match import.values.text(KEY) {
        Some(text) => {
            if text.value.starts_with('/') {
                let message = "begins with `/`, which the server takes off: its objects are below what follows";
                import.values.notice(&text.found, message);
            }
            match plain_path(&text.value) {
                path if path.is_empty() => {
                    import.draft.set("config.minio.rootPath", "", &text.found);
                }
                path => import.draft.set(&below(to, "rootPath"), path, &text.found),
            }
        }
        None => import.draft.set_for("config.minio.rootPath", "", KEY),
    }
}

/// A prefix as the server joins it to what follows: without slashes that mean nothing.
fn plain_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

fn provider(import: &mut Import<'_>, to: &str) {
    let Some(text) = import.values.text("externalS3.cloudProvider") else {
        return;
    };
    import
        .draft
        .set(&below(to, "cloudProvider"), text.value, &text.found);
    import.copy_text("externalS3.iamEndpoint", &below(to, "iamEndpoint"));
}

/// The region, also where the host's name alone tells it.
fn region(import: &mut Import<'_>, to: &str) {
    let path = below(to, "region");
    if import
        .values
        .find("externalS3.region")
        .is_some_and(|found| !super::super::keys::is_empty(found.node))
    {
        return import.copy_text("externalS3.region", &path);
    }
    let Some(host) = import.values.text("externalS3.host") else {
        return;
    };
    if let Some(region) = region_of(&host.value) {
        import.draft.set(&path, region, &host.found);
    }
}

/// By the service account's role, or by keys; `usual` is the key of a storage that has one by itself.
fn access(
    import: &mut Import<'_>,
    config: &mut Config<'_>,
    to: &str,
    section: &str,
    usual: Option<&str>,
) {
    let path = below(to, "access");
    let key = below(section, "accessKey");
    let by_role = import.values.flag(&below(section, "useIAM"));
    let by_role = match config.text(&["minio", "useIAM"]) {
        Some(text) => text.eq_ignore_ascii_case("true"),
        None => by_role == Some(true),
    };
    let user = import.values.login(&key);
    let user = config
        .text(&["minio", "accessKeyID"])
        .or_else(|| user.map(|text| text.value));
    if by_role {
        account(import, to, &key, user);
        return as_role(import, to, section);
    }
    let secret = import.values.secret(&below(section, "secretKey"));
    let secret = config.take(&["minio", "secretAccessKey"]).or(secret);
    let is_named = user.is_some() && secret.is_some();
    // What pods have as variables outranks what a storage has by itself.
    if !is_named
        && (by_variables(import, &path, section).is_some()
            || by_google_s_key(import, config, to, section).is_some())
    {
        return;
    }
    let user = user.or_else(|| usual.map(str::to_owned));
    let secret = secret.or_else(|| usual.map(SecretString::from));
    let (Some(user), Some(secret)) = (user, secret) else {
        let message = "names no way to prove who Milvus is: write `useIAM: true`, or `accessKey` and `secretKey`";
        let remark = import.values.remark(&key, message);
        return import.values.problems.push(remark);
    };
    let login = import.draft.login(&user, secret, VARIABLE);
    let path = below(&path, "keys");
    match import.values.find(&key) {
        Some(found) => import.draft.set(&path, login, &found),
        None => import.draft.set_for(&path, login, &key),
    }
}

/// Azure's storage account, which the chart passes on beside a role as well.
fn account(import: &mut Import<'_>, to: &str, key: &str, user: Option<String>) {
    let provider = import.draft.get(&below(to, "cloudProvider"));
    if provider.is_none_or(|provider| provider != "azure") {
        return;
    }
    let Some(user) = user else {
        let message = "is missing: with `useIAM: true` and `cloudProvider: azure` it is the storage account; write its name";
        let remark = import.values.remark(key, message);
        return import.values.problems.push(remark);
    };
    let found = import.values.find(key);
    let path = below(to, "account");
    import.draft.set_either(&path, user, found.as_ref(), key);
}

/// By the account that the pods run as.
fn as_role(import: &mut Import<'_>, to: &str, section: &str) {
    let by_role = below(section, "useIAM");
    import.draft.set_for(&below(to, "access"), "iam", &by_role);
    if import.draft.get(&below(to, "tls")) == Some(&json!(false)) {
        let key = below(section, "useSSL");
        let message = "`useIAM: true` sends the role's token, which everybody on the way can read; write `useSSL: true`";
        let remark = import.values.remark(&key, message);
        import.values.problems.push(remark);
    }
    let provider = import.draft.get(&below(to, "cloudProvider"));
    let is_aws = provider.is_none_or(|provider| provider == "aws");
    if is_aws && import.draft.get(&below(to, "region")).is_none() {
        let message = "is missing: AWS needs it with `useIAM: true`; write the bucket's region, for example `us-west-2`";
        let remark = import.values.remark(&below(section, "region"), message);
        import.values.problems.push(remark);
    }
    // The chart's pods run as the namespace's own account, unless another one is named.
    let account = import.at("serviceAccount");
    if import.draft.get(&account).is_none() {
        import.draft.set_for(
            &account,
            json!({"name": "default", "create": false}),
            "serviceAccount.name",
        );
    }
}

/// By variables out of a Secret that exists; none where pods have no such variables.
fn by_variables(import: &mut Import<'_>, path: &str, section: &str) -> Option<()> {
    const LOGIN: Settings = ["minio.accessKeyID", "minio.secretAccessKey"];
    let key = below(section, "accessKey");
    let name = match import.login_by_variables(LOGIN, false) {
        Login::Ours(name) => {
            import.drop_variables(LOGIN, &name);
            name
        }
        Login::Foreign(name) => {
            let message = "cannot be honoured: the keys come by variables out of a Secret whose keys are not known here; give all components `MINIO_ACCESSKEYID` and `MINIO_SECRETACCESSKEY` out of one Secret with the keys `username` and `password`; `--allow-unsupported` leaves them to the variables";
            let remark = import.values.remark(&key, message);
            import.values.unsupported.push(remark);
            import.rename_variables(LOGIN, None);
            name
        }
        Login::None | Login::Partly => return None,
    };
    let login = json!({"existingSecret": name});
    import.draft.set_for(&below(path, "keys"), login, &key);
    Some(())
}

/// By a service account's key, which Google's own API takes; none where the settings hold none.
fn by_google_s_key(
    import: &mut Import<'_>,
    config: &Config<'_>,
    to: &str,
    section: &str,
) -> Option<()> {
    let provider = import.draft.get(&below(to, "cloudProvider"))?;
    if provider != "gcpnative" || !config.has_secret(&["minio", "gcpCredentialJSON"]) {
        return None;
    }
    as_role(import, to, section);
    // What stands in the settings wins.
    import.draft.put("config.minio.useIAM", false);
    Some(())
}

/// An object storage that the server's own settings name; none where they do not. What they leave out is what the chart
/// has for its MinIO, as it writes that before them, whether MinIO is on or not.
fn of_settings(import: &mut Import<'_>, config: &mut Config<'_>, to: &str) -> Option<()> {
    const KEY: &str = "extraConfigFiles.user.yaml";
    let address = config.text(&["minio", "address"])?;
    let port = config.text(&["minio", "port"]);
    let port = port.or_else(|| Some(import.values.text("minio.service.port")?.value));
    let port = port.unwrap_or_else(|| MINIO_PORT.to_string());
    let endpoint = if address.contains(':') {
        address
    } else {
        format!("{address}:{port}")
    };
    import.draft.set_for(&below(to, "endpoint"), endpoint, KEY);
    of_minio(import, to);
    if let Some(tls) = config.text(&["minio", "useSSL"]) {
        let tls = tls.eq_ignore_ascii_case("true");
        import.draft.set_for(&below(to, "tls"), tls, KEY);
    }
    if let Some(bucket) = config.text(&["minio", "bucketName"]) {
        import.draft.set_for(&below(to, "bucket"), bucket, KEY);
    }
    match config
        .written(&["minio", "rootPath"])
        .as_deref()
        .map(plain_path)
    {
        // The bucket's top, which only the settings can name.
        Some(path) if path.is_empty() => config.replace(&["minio", "rootPath"], ""),
        Some(path) => {
            import
                .draft
                .set_for(&below(to, "rootPath"), path.as_str(), KEY);
            config.replace(&["minio", "rootPath"], &path);
        }
        None => {}
    }
    for key in ["region", "iamEndpoint", "cloudProvider"] {
        if let Some(text) = config.text(&["minio", key]) {
            import.draft.set_for(&below(to, key), text, KEY);
        }
    }
    access(import, config, to, "minio", Some(MINIO_KEY));
    Some(())
}

/// What the chart says of its MinIO, but for where it is.
fn of_minio(import: &mut Import<'_>, to: &str) {
    let tls = import.values.flag("minio.tls.enabled") == Some(true);
    import
        .draft
        .set_for(&below(to, "tls"), tls, "minio.tls.enabled");
    for (key, ours, usual) in [
        ("minio.bucketName", "bucket", "milvus-bucket"),
        ("minio.rootPath", "rootPath", "file"),
    ] {
        import.draft.set_for(&below(to, ours), usual, key);
    }
    import.copy_text("minio.bucketName", &below(to, "bucket"));
    if let Some(text) = import.values.text("minio.rootPath") {
        match plain_path(&text.value) {
            path if path.is_empty() => import.draft.set("config.minio.rootPath", "", &text.found),
            path => import.draft.set(&below(to, "rootPath"), path, &text.found),
        }
    }
    import.copy_text("minio.region", &below(to, "region"));
    if import.values.flag("minio.useVirtualHost") == Some(true) {
        import.draft.put(&below(to, "virtualHost"), true);
    }
}

fn in_cluster(import: &mut Import<'_>, config: &mut Config<'_>, to: &str, minio: Option<bool>) {
    const INSTEAD: &str = "MinIO is not made here: use `externalS3` with a bucket that exists; `--allow-unsupported` takes a MinIO that is there already";
    let message = match minio {
        Some(false) if of_settings(import, config, to).is_some() => return,
        Some(false) => {
            let remark = import.values.remark(
                "minio.enabled",
                "leaves nowhere for vectors: name an object storage that exists by `externalS3`",
            );
            return import.values.problems.push(remark);
        }
        Some(true) => format!("cannot be honoured: {INSTEAD}"),
        None => format!("is on by the chart's default, and cannot be honoured: {INSTEAD}"),
    };
    let key = if minio.is_some() {
        "minio.enabled"
    } else {
        "minio"
    };
    let remark = import.values.remark(key, message);
    import.values.unsupported.push(remark);

    let host = of_release(import, "minio");
    let port = import
        .values
        .number("minio.service.port")
        .map_or(i64::from(MINIO_PORT), |(port, _)| port);
    import.draft.set_for(
        &below(to, "endpoint"),
        format!("{host}:{port}"),
        "minio.service.port",
    );
    of_minio(import, to);
    access(import, config, to, "minio", Some(MINIO_KEY));
}
