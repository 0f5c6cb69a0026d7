//! Where vectors are kept.

use secrecy::SecretString;
use serde_json::json;

use super::{
    Import, below,
    config::Config,
    queue::of_release,
    variables::{Login, Settings},
};

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
    import.copy_text("externalS3.bucketName", &below(&to, "bucket"));
    prefix(import, &to);
    provider(import, &to);
    region(import, &to);
    if import.values.flag("externalS3.useVirtualHost") == Some(true) {
        import.draft.put(&below(&to, "virtualHost"), true);
    }
    access(import, config, &to, "externalS3", None);
}

fn endpoint(import: &mut Import<'_>, to: &str) {
    let tls = import.values.flag("externalS3.useSSL") == Some(true);
    import
        .draft
        .set_for(&below(to, "tls"), tls, "externalS3.useSSL");
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
        .set(&below(to, "endpoint"), endpoint, &host.found);
}

/// The chart writes an empty prefix where none is named, which is another than the server's own: an existing release has
/// its objects there.
fn prefix(import: &mut Import<'_>, to: &str) {
    const KEY: &str = "externalS3.rootPath";
    match import.values.text(KEY) {
        Some(text) => {
            let path = text.value.trim_start_matches('/');
            if path.len() < text.value.len() {
                let message = "begins with `/`, which the server takes off: its objects are below what follows";
                import.values.notice(&text.found, message);
            }
            if path.is_empty() {
                return import.draft.set("config.minio.rootPath", "", &text.found);
            }
            import.draft.set(&below(to, "rootPath"), path, &text.found);
        }
        None => import.draft.set_for("config.minio.rootPath", "", KEY),
    }
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

/// `s3.us-west-2.amazonaws.com` is in `us-west-2`, as are `s3-fips.us-west-2…` and `ID.s3.us-west-2.vpce…`; the host
/// without a region leads to `us-east-1`, and that of transfer acceleration to any.
fn region_of(host: &str) -> Option<&str> {
    let host = host.split(':').next()?;
    let name = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    if name == "s3" {
        return Some("us-east-1");
    }
    let labels: Vec<&str> = name.split('.').collect();
    let service = labels
        .iter()
        .rposition(|label| *label == "s3" || label.starts_with("s3-"))?;
    // In its old form the region is a part of that label.
    let old = labels[service].strip_prefix("s3-");
    let after = labels[service + 1..].iter().copied();
    old.into_iter().chain(after).find(|label| is_region(label))
}

/// `us-west-2`, `us-gov-west-1`: letters of a country, words, and a number.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match parts.as_slice() {
        [country, words @ .., number] => {
            country.len() == 2
                && letters(country)
                && !words.is_empty()
                && words.iter().all(letters)
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
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
    let by_role = import.values.flag(&below(section, "useIAM"));
    let by_role = match config.text(&["minio", "useIAM"]) {
        Some(text) => text.eq_ignore_ascii_case("true"),
        None => by_role == Some(true),
    };
    if by_role {
        return as_role(import, &path, section);
    }
    let usual_secret = usual.map(SecretString::from);
    let user = import.values.text(&below(section, "accessKey"));
    let user = config
        .text(&["minio", "accessKeyID"])
        .or_else(|| user.map(|text| text.value))
        .or_else(|| usual.map(str::to_owned));
    let secret = import.values.secret(&below(section, "secretKey"));
    let secret = config
        .take(&["minio", "secretAccessKey"])
        .or(secret)
        .or(usual_secret);
    let (Some(user), Some(secret)) = (user, secret) else {
        if by_variables(import, &path, section).is_some()
            || by_google_s_key(import, config, to, section).is_some()
        {
            return;
        }
        let message = "names no way to prove who Milvus is: write `useIAM: true`, or `accessKey` and `secretKey`";
        let remark = import.values.remark(&below(section, "accessKey"), message);
        return import.values.problems.push(remark);
    };
    let login = import.draft.login(&user, secret, VARIABLE);
    let path = below(&path, "keys");
    match import.values.find(&below(section, "accessKey")) {
        Some(found) => import.draft.set(&path, login, &found),
        None => import
            .draft
            .set_for(&path, login, &below(section, "accessKey")),
    }
}

/// By the account that the pods run as.
fn as_role(import: &mut Import<'_>, path: &str, section: &str) {
    import.draft.set_for(path, "iam", &below(section, "useIAM"));
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
            import.drop_variables(LOGIN);
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
    as_role(import, &below(to, "access"), section);
    // What stands in the settings wins.
    import.draft.put("config.minio.useIAM", false);
    Some(())
}

/// An object storage that the server's own settings name; none where they do not.
fn of_settings(import: &mut Import<'_>, config: &mut Config<'_>, to: &str) -> Option<()> {
    const KEY: &str = "extraConfigFiles.user.yaml";
    let address = config.text(&["minio", "address"])?;
    let bucket = config.text(&["minio", "bucketName"])?;
    let port = config.text(&["minio", "port"]);
    let port = port.map_or(MINIO_PORT.to_string(), |port| port);
    let endpoint = if address.contains(':') {
        address
    } else {
        format!("{address}:{port}")
    };
    import.draft.set_for(&below(to, "endpoint"), endpoint, KEY);
    let tls = config.text(&["minio", "useSSL"]);
    let tls = tls.is_some_and(|text| text.eq_ignore_ascii_case("true"));
    import.draft.set_for(&below(to, "tls"), tls, KEY);
    import.draft.set_for(&below(to, "bucket"), bucket, KEY);
    for key in ["rootPath", "region", "iamEndpoint", "cloudProvider"] {
        if let Some(text) = config.text(&["minio", key]) {
            let text = text.trim_start_matches('/');
            import.draft.set_for(&below(to, key), text, KEY);
        }
    }
    access(import, config, to, "externalS3", None);
    Some(())
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
    let tls = import.values.flag("minio.tls.enabled") == Some(true);
    import
        .draft
        .set_for(&below(to, "tls"), tls, "minio.tls.enabled");
    import
        .draft
        .set_for(&below(to, "bucket"), "milvus-bucket", "minio.bucketName");
    import
        .draft
        .set_for(&below(to, "rootPath"), "file", "minio.rootPath");
    import.copy_text("minio.bucketName", &below(to, "bucket"));
    import.copy_text("minio.rootPath", &below(to, "rootPath"));
    import.copy_text("minio.region", &below(to, "region"));
    if import.values.flag("minio.useVirtualHost") == Some(true) {
        import.draft.put(&below(to, "virtualHost"), true);
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
        for host in [
            "s3-fips.us-gov-west-1.amazonaws.com",
            "s3-fips.dualstack.us-gov-west-1.amazonaws.com",
        ] {
            assert_eq!(region_of(host), Some("us-gov-west-1"), "{host}");
        }
        assert_eq!(
            region_of("bucket.vpce-0abc.s3.us-west-2.vpce.amazonaws.com"),
            Some("us-west-2")
        );
        for host in [
            "s3-accelerate.amazonaws.com",
            "s3-accelerate.dualstack.amazonaws.com",
            "s3-external-1.amazonaws.com",
        ] {
            assert_eq!(region_of(host), None, "{host}");
        }
        assert_eq!(region_of("s3.amazonaws.com"), Some("us-east-1"));
        assert_eq!(region_of("storage.googleapis.com"), None);
    }
}
