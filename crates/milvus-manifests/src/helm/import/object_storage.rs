//! Where vectors are kept.

use secrecy::SecretString;
use serde_json::json;

use super::{Import, config::Config, queue::of_release};

/// The variable that the installation's file names for the secret key.
pub(super) const VARIABLE: &str = "MILVUS_S3_SECRET_KEY";
/// What the chart's MinIO begins with.
const MINIO_KEY: &str = "minioadmin";
const MINIO_PORT: u16 = 9000;

/// An object storage that exists, or the address at which the chart's MinIO would be.
pub(super) fn read(import: &mut Import<'_>, config: &mut Config<'_>) {
    let to = import.at("s3");
    let is_external = import.values.flag("externalS3.enabled") == Some(true);
    let minio = import.values.flag("minio.enabled");
    if !is_external {
        return in_cluster(import, config, &to, minio);
    }
    if minio == Some(true) {
        let message = "cannot be honoured: MinIO is not made here, and with `externalS3` nothing would use it; write `minio: {enabled: false}`";
        let remark = import.values.remark("minio.enabled", message);
        import.values.unsupported.push(remark);
    }
    endpoint(import, &to);
    import.copy_text("externalS3.bucketName", &format!("{to}.bucket"));
    prefix(import, &to);
    provider(import, &to);
    region(import, &to);
    if import.values.flag("externalS3.useVirtualHost") == Some(true) {
        import.draft.put(&format!("{to}.virtualHost"), true);
    }
    access(import, config, &to, "externalS3", None);
}

fn endpoint(import: &mut Import<'_>, to: &str) {
    let tls = import.values.flag("externalS3.useSSL") == Some(true);
    import
        .draft
        .set_for(&format!("{to}.tls"), tls, "externalS3.useSSL");
    let Some(host) = import.values.text("externalS3.host") else {
        let remark = import.values.remark(
            "externalS3.host",
            "is missing, write the host of the S3 API, for example `s3.us-west-2.amazonaws.com`",
        );
        return import.values.problems.push(remark);
    };
    let port = import.values.text("externalS3.port").map(|text| text.value);
    let endpoint = match port {
        Some(port) => format!("{}:{port}", host.value),
        None if host.value.contains(':') => host.value,
        None => {
            let usual = if tls { 443 } else { 80 };
            let message = format!("names no port, {usual} is taken");
            let remark = import.values.remark("externalS3.port", message);
            import.values.notices.push(remark);
            format!("{}:{usual}", host.value)
        }
    };
    import
        .draft
        .set(&format!("{to}.endpoint"), endpoint, &host.found);
}

/// The chart writes an empty prefix where none is named, which is another than the server's own: an existing release has
/// its objects there.
fn prefix(import: &mut Import<'_>, to: &str) {
    const KEY: &str = "externalS3.rootPath";
    match import.values.text(KEY) {
        Some(text) => import
            .draft
            .set(&format!("{to}.rootPath"), text.value, &text.found),
        None => import.draft.set_for("config.minio.rootPath", "", KEY),
    }
}

fn provider(import: &mut Import<'_>, to: &str) {
    let Some(text) = import.values.text("externalS3.cloudProvider") else {
        return;
    };
    // As newer servers call it, which is the same.
    let name = if text.value == "gcpnative" {
        "gcp"
    } else {
        text.value.as_str()
    };
    import
        .draft
        .set(&format!("{to}.cloudProvider"), name, &text.found);
    import.copy_text("externalS3.iamEndpoint", &format!("{to}.iamEndpoint"));
}

/// The region, also where the host's name alone tells it.
fn region(import: &mut Import<'_>, to: &str) {
    let path = format!("{to}.region");
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

/// `s3.us-west-2.amazonaws.com` is in `us-west-2`; the host without a region leads to `us-east-1`.
fn region_of(host: &str) -> Option<&str> {
    let host = host.split(':').next()?;
    let name = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    match name {
        "s3" => Some("us-east-1"),
        name => name
            .strip_prefix("s3.dualstack.")
            .or_else(|| name.strip_prefix("s3."))
            .or_else(|| name.strip_prefix("s3-")),
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
    let path = format!("{to}.access");
    if import.values.flag(&format!("{section}.useIAM")) == Some(true) {
        import
            .draft
            .set_for(&path, "iam", &format!("{section}.useIAM"));
        // The chart's pods run as the namespace's own account, unless another one is named.
        let account = import.at("serviceAccount");
        if import.draft.get(&account).is_none() {
            import.draft.set_for(
                &account,
                json!({"name": "default", "create": false}),
                "serviceAccount.name",
            );
        }
        return;
    }
    let usual_secret = usual.map(SecretString::from);
    let user = import.values.text(&format!("{section}.accessKey"));
    let user = config
        .text(&["minio", "accessKeyID"])
        .or_else(|| user.map(|text| text.value))
        .or_else(|| usual.map(str::to_owned));
    let secret = import.values.secret(&format!("{section}.secretKey"));
    let secret = config
        .take(&["minio", "secretAccessKey"])
        .or(secret)
        .or(usual_secret);
    let (Some(user), Some(secret)) = (user, secret) else {
        let message = "names no way to prove who Milvus is: write `useIAM: true`, or `accessKey` and `secretKey`";
        let remark = import
            .values
            .remark(&format!("{section}.accessKey"), message);
        return import.values.problems.push(remark);
    };
    let login = import.draft.login(&user, secret, VARIABLE);
    let path = format!("{path}.keys");
    match import.values.find(&format!("{section}.accessKey")) {
        Some(found) => import.draft.set(&path, login, &found),
        None => import
            .draft
            .set_for(&path, login, &format!("{section}.accessKey")),
    }
}

fn in_cluster(import: &mut Import<'_>, config: &mut Config<'_>, to: &str, minio: Option<bool>) {
    const INSTEAD: &str = "MinIO is not made here: use `externalS3` with a bucket that exists; `--allow-unsupported` takes a MinIO that is there already";
    let message = match minio {
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
        &format!("{to}.endpoint"),
        format!("{host}:{port}"),
        "minio.service.port",
    );
    let tls = import.values.flag("minio.tls.enabled") == Some(true);
    import
        .draft
        .set_for(&format!("{to}.tls"), tls, "minio.tls.enabled");
    import
        .draft
        .set_for(&format!("{to}.bucket"), "milvus-bucket", "minio.bucketName");
    import
        .draft
        .set_for(&format!("{to}.rootPath"), "file", "minio.rootPath");
    import.copy_text("minio.bucketName", &format!("{to}.bucket"));
    import.copy_text("minio.rootPath", &format!("{to}.rootPath"));
    import.copy_text("minio.region", &format!("{to}.region"));
    if import.values.flag("minio.useVirtualHost") == Some(true) {
        import.draft.put(&format!("{to}.virtualHost"), true);
    }
    access(import, config, to, "minio", Some(MINIO_KEY));
}

#[cfg(test)]
mod tests {
    use super::region_of;

    #[test]
    fn hosts_of_s3_name_their_region() {
        assert_eq!(region_of("s3.us-west-2.amazonaws.com"), Some("us-west-2"));
        assert_eq!(
            region_of("s3-eu-west-1.amazonaws.com:443"),
            Some("eu-west-1")
        );
        assert_eq!(
            region_of("s3.dualstack.eu-central-1.amazonaws.com"),
            Some("eu-central-1")
        );
        assert_eq!(
            region_of("s3.cn-north-1.amazonaws.com.cn"),
            Some("cn-north-1")
        );
        assert_eq!(region_of("s3.amazonaws.com"), Some("us-east-1"));
        assert_eq!(region_of("storage.googleapis.com"), None);
    }
}
