//! A Kafka that exists.

use serde_json::{Value as Json, json};

use super::super::{Import, config::Config, variables::Login};

/// The variable that the installation's file names for the password.
const VARIABLE: &str = "MILVUS_KAFKA_PASSWORD";
/// What the server calls the halves of a login.
const USER: &str = "kafka.saslUsername";
const PASSWORD: &str = "kafka.saslPassword";
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
    let path = format!("{to}.brokers");
    import
        .draft
        .set_either(&path, brokers(&list), found.as_ref(), key);

    let user = import.values.text("externalKafka.sasl.username");
    let user = config
        .text(&["kafka", "saslUsername"])
        .or(user.map(|text| text.value));
    let password = import.values.secret("externalKafka.sasl.password");
    let password = config.take(&["kafka", "saslPassword"]).or(password);
    let protocol = import.values.text(PROTOCOL);
    let protocol = protocol.map_or(ENCRYPTED.to_owned(), |text| text.value);
    let security = format!("{to}.security");
    let by_variables = import.login_by_variables(USER, PASSWORD);
    let login = match (user, password, by_variables) {
        (Some(user), Some(password), _) => import.draft.login(&user, password, VARIABLE),
        (_, None, Login::Secret(name)) => {
            import.drop_variables([USER, PASSWORD]);
            json!({"existingSecret": name})
        }
        (
            user,
            None,
            Login::Variables {
                everywhere,
                with_user,
            },
        ) if user.is_some() || with_user => {
            without_login(import, &security, "PLAINTEXT");
            return of_variables(import, user, &protocol, everywhere);
        }
        _ => return without_login(import, &security, &protocol),
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
        .set_either(&format!("{security}.{name}"), login, found.as_ref(), key);
    if protocol != ENCRYPTED {
        let message = format!("tells the password to everybody on the way: {ENCRYPTED} would not");
        let remark = import.values.remark(PROTOCOL, message);
        import.values.notices.push(remark);
        // What stands in the settings wins.
        import.draft.put("config.kafka.securityProtocol", protocol);
    }
}

/// A password that stands in a Secret of another form than ours: the user's own variables bring it to the server, and
/// its settings say the rest. Whoever looks at the installation sees no login, so that the user has to agree.
fn of_variables(import: &mut Import<'_>, user: Option<String>, protocol: &str, everywhere: bool) {
    let message = if everywhere {
        "cannot be honoured: the password comes by a variable out of a Secret whose form is not known here; give all components `KAFKA_SASLUSERNAME` and `KAFKA_SASLPASSWORD` out of one Secret with the keys `username` and `password`; `--allow-unsupported` leaves it to the variable"
    } else {
        "cannot be honoured: some components have no variable `KAFKA_SASLPASSWORD`, and would connect without a login; give it to all of them, or write `sasl.password`"
    };
    let remark = import.values.remark("externalKafka.sasl.username", message);
    import.values.unsupported.push(remark);
    let mechanism = import.values.text(MECHANISM);
    let mechanism = mechanism.map_or("PLAIN".to_owned(), |text| text.value);
    // What stands in the settings wins.
    if let Some(user) = user {
        import.draft.put("config.kafka.saslUsername", user);
    }
    import.draft.put("config.kafka.saslMechanisms", mechanism);
    import.draft.put("config.kafka.securityProtocol", protocol);
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
        .set_for(&format!("{to}.brokers"), brokers(&list), KEY);
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
