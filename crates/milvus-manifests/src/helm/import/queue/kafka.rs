//! A Kafka that exists.

use serde_json::{Value as Json, json};

use super::super::{
    Import, below,
    config::Config,
    variables::{Login, Settings},
};

/// The variable that the installation's file names for the password.
const VARIABLE: &str = "MILVUS_KAFKA_PASSWORD";
/// What the server calls the halves of a login.
const LOGIN: Settings = ["kafka.saslUsername", "kafka.saslPassword"];
const MECHANISM: &str = "externalKafka.sasl.mechanisms";
const PROTOCOL: &str = "externalKafka.securityProtocol";
/// The one protocol with a login that our own file knows.
const ENCRYPTED: &str = "SASL_SSL";

/// Ways to log in, as Kafka and as the installation's file call them.
const MECHANISMS: [(&str, &str); 3] = [
    ("SCRAM-SHA-512", "scramSha512"),
    ("SCRAM-SHA-256", "scramSha256"),
    ("PLAIN", "plain"),
];

/// Brokers and login, as `externalKafka` says.
pub(super) fn read(import: &mut Import<'_>, config: &mut Config<'_>) {
    let to = import.at("kafka");
    let key = "externalKafka.brokerList";
    let (list, found) = match import.values.text(key) {
        Some(text) => (text.value, Some(text.found)),
        None => ("localhost:9092".to_owned(), None),
    };
    let path = below(&to, "brokers");
    import
        .draft
        .set_either(&path, brokers(&list), found.as_ref(), key);

    let user = import.values.login("externalKafka.sasl.username");
    let user = config
        .text(&["kafka", "saslUsername"])
        .or(user.map(|text| text.value));
    let password = import.values.secret("externalKafka.sasl.password");
    let password = config.take(&["kafka", "saslPassword"]).or(password);
    let protocol = import.values.text(PROTOCOL);
    let protocol = protocol.map_or(ENCRYPTED.to_owned(), |text| text.value);
    let security = below(&to, "security");
    let login = match (user, password) {
        (Some(user), Some(password)) => Some(import.draft.login(&user, password, VARIABLE)),
        (user, None) => by_variables(import, user.as_deref()),
        (None, Some(_)) => None,
    };
    let Some(login) = login else {
        return without_login(import, &security, &protocol);
    };
    let mechanism = import.values.text(MECHANISM);
    let mechanism = mechanism.map_or("PLAIN".to_owned(), |text| text.value);
    let Some((_, name)) = MECHANISMS.iter().find(|(theirs, _)| *theirs == mechanism) else {
        let message = "is no way to log in that is known here, write `SCRAM-SHA-512`, `SCRAM-SHA-256` or `PLAIN`";
        let remark = import.values.remark(MECHANISM, message);
        return import.values.problems.push(remark);
    };
    let key = "externalKafka.sasl.username";
    let found = import.values.find(key);
    import
        .draft
        .set_either(&below(&security, name), login, found.as_ref(), key);
    if protocol != ENCRYPTED {
        let message = format!("tells the password to everybody on the way: {ENCRYPTED} would not");
        let remark = import.values.remark(PROTOCOL, message);
        import.values.notices.push(remark);
        // What stands in the settings wins.
        import.draft.put("config.kafka.securityProtocol", protocol);
    }
}

/// A login out of a Secret that variables of the user's own name; none where there is no such variable.
fn by_variables(import: &mut Import<'_>, user: Option<&str>) -> Option<Json> {
    const KEY: &str = "externalKafka.sasl.username";
    let (secret, message) = match import.login_by_variables(LOGIN, user.is_some()) {
        Login::None => return None,
        Login::Ours(name) => {
            import.drop_variables(LOGIN, &name);
            return Some(json!({"existingSecret": name}));
        }
        Login::Foreign(name) => {
            import.rename_variables(LOGIN, user);
            let message = "cannot be honoured: the password comes by a variable out of a Secret whose keys are not known here; give all components `KAFKA_SASLUSERNAME` and `KAFKA_SASLPASSWORD` out of one Secret with the keys `username` and `password`; `--allow-unsupported` leaves it to the variable";
            (Some(name), message)
        }
        Login::Partly => {
            let message = "cannot be honoured: not all components have both halves of the login, and some would connect without; give all of them the variable `KAFKA_SASLPASSWORD` out of a Secret, or write `sasl.username` and `sasl.password`";
            (None, message)
        }
    };
    let remark = import.values.remark(KEY, message);
    import.values.unsupported.push(remark);
    Some(json!({"existingSecret": secret?}))
}

/// Without a login the server passes no protocol on to its client library.
fn without_login(import: &mut Import<'_>, path: &str, protocol: &str) {
    let is_said = import.values.find(PROTOCOL).is_some();
    if is_said && protocol.to_uppercase().starts_with("SASL") {
        let message = "asks for a login, and `sasl.username` or `sasl.password` is missing: Milvus connects without login or encryption then";
        let remark = import.values.remark(PROTOCOL, message);
        import.values.notices.push(remark);
    }
    let tls = protocol.eq_ignore_ascii_case("SSL");
    let security = if tls { "tls" } else { "plaintext" };
    import.draft.set_for(path, security, PROTOCOL);
}

/// Brokers and login, as the server's own settings say; none where they name no broker.
pub(super) fn of_settings(import: &mut Import<'_>, config: &mut Config<'_>) -> Option<()> {
    const KEY: &str = "extraConfigFiles.user.yaml";
    let list = config.text(&["kafka", "brokerList"])?;
    let to = import.at("kafka");
    import
        .draft
        .set_for(&below(&to, "brokers"), brokers(&list), KEY);
    let user = config.text(&["kafka", "saslUsername"]);
    let password = config.take(&["kafka", "saslPassword"]);
    if let (Some(user), Some(password)) = (user, password) {
        let mechanism = config.text(&["kafka", "saslMechanisms"]);
        let known = |(theirs, _): &&(&str, &str)| Some(*theirs) == mechanism.as_deref();
        let name = MECHANISMS
            .iter()
            .find(known)
            .map_or("plain", |(_, name)| *name);
        let login = import.draft.login(&user, password, VARIABLE);
        import
            .draft
            .set_for(&format!("{to}.security.{name}"), login, KEY);
    }
    Some(())
}

fn brokers(list: &str) -> Vec<Json> {
    list.split(',').map(|broker| json!(broker.trim())).collect()
}
