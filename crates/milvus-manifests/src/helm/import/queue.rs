//! What Milvus writes its log to.

use milvus_aws_core::topology::{MessageQueue, line_of};
use serde_json::{Value as Json, json};

use super::{Import, config::Config};

/// The variable that the installation's file names for Kafka's password.
pub(super) const KAFKA_VARIABLE: &str = "MILVUS_KAFKA_PASSWORD";
/// The same for what Pulsar's plugin takes.
pub(super) const PULSAR_VARIABLE: &str = "MILVUS_PULSAR_AUTH";
const INSTEAD: &str = "use `externalKafka`, `externalPulsar` or, from Milvus 2.6, `woodpecker: {enabled: true}` in its place";
const LEFT_OUT: &str = "`--allow-unsupported` takes one that is there already";
/// What a message of the chart's Pulsar may be long.
const MESSAGE_SIZE: &str = "5242880";

/// The log, as the chart chooses among what is on: Kafka before all, then Pulsar that exists, then its own services.
pub(super) fn read(import: &mut Import<'_>, config: &mut Config<'_>) {
    let kafka = import.values.flag("kafka.enabled") == Some(true);
    let external_kafka = import.values.flag("externalKafka.enabled") == Some(true);
    let external_pulsar = import.values.flag("externalPulsar.enabled") == Some(true);
    let woodpecker = import.values.flag("woodpecker.enabled") == Some(true);
    let pulsar = ["pulsar", "pulsarv3"].map(|name| {
        let flag = import.values.flag(&format!("{name}.enabled"));
        (name, flag, flag.unwrap_or(import.chart.pulsar == name))
    });
    let [old, new] = pulsar;
    if !import.is_cluster()
        && let Some(()) = standalone(import)
    {
        return idle(import, &pulsar, kafka);
    }
    if external_kafka {
        idle(import, &pulsar, kafka);
        read_kafka(import, config);
    } else if kafka {
        idle(import, &pulsar, false);
        sub_chart(import, "kafka", "Kafka", Some(true));
        let host = of_release(import, "kafka");
        let port = import
            .values
            .number("kafka.service.ports.client")
            .map_or(9092, |(port, _)| port);
        let to = import.at("kafka");
        import.draft.set_for(
            &to,
            json!({"brokers": [format!("{host}:{port}")], "security": "plaintext"}),
            "kafka",
        );
    } else if external_pulsar {
        idle(import, &pulsar, false);
        read_pulsar(import);
    } else if old.2 {
        idle(import, &[new], false);
        in_cluster_pulsar(import, old.0, old.1);
    } else if woodpecker {
        idle(import, &[new], false);
        read_woodpecker(import);
    } else if new.2 {
        in_cluster_pulsar(import, new.0, new.1);
    } else {
        of_settings(import, config);
    }
}

/// Services of the chart that are on, and that nothing would use: those by default are simply not made.
fn idle(import: &mut Import<'_>, pulsar: &[(&str, Option<bool>, bool)], kafka: bool) {
    let said = pulsar.iter().filter(|(_, flag, _)| *flag == Some(true));
    let names = said
        .map(|(name, _, _)| *name)
        .chain(kafka.then_some("kafka"));
    for name in names.collect::<Vec<_>>() {
        let path = format!("{name}.enabled");
        let message = format!(
            "cannot be honoured: it is not made here, and nothing would use it; write `{name}: {{enabled: false}}`"
        );
        let remark = import.values.remark(&path, message);
        import.values.unsupported.push(remark);
    }
}

/// A service that the chart would bring along.
fn sub_chart(import: &mut Import<'_>, name: &str, what: &str, flag: Option<bool>) {
    let (path, on) = match flag {
        Some(_) => (format!("{name}.enabled"), "cannot be honoured"),
        None => (
            name.to_owned(),
            "is on by the chart's default, and cannot be honoured",
        ),
    };
    let message = format!("{on}: {what} is not made here: {INSTEAD}; {LEFT_OUT}");
    let remark = import.values.remark(&path, message);
    import.values.unsupported.push(remark);
}

fn in_cluster_pulsar(import: &mut Import<'_>, name: &str, flag: Option<bool>) {
    sub_chart(import, name, "Pulsar", flag);
    let host = of_release(import, name);
    let port = import
        .values
        .number(&format!("{name}.proxy.ports.pulsar"))
        .map_or(6650, |(port, _)| port);
    let usual = if name == "pulsarv3" {
        "104857600"
    } else {
        MESSAGE_SIZE
    };
    let size = import
        .values
        .text(&format!("{name}.maxMessageSize"))
        .or_else(|| {
            import
                .values
                .text(&format!("{name}.broker.configData.maxMessageSize"))
                .filter(|_| name == "pulsarv3")
        })
        .map_or(usual.to_owned(), |text| text.value);
    let to = import.at("pulsar");
    import.draft.set_for(
        &format!("{to}.endpoint"),
        format!("{host}-proxy:{port}"),
        name,
    );
    import
        .draft
        .set_for(&format!("{to}.maxMessageSize"), number(&size), name);
}

fn read_kafka(import: &mut Import<'_>, config: &mut Config<'_>) {
    let to = import.at("kafka");
    let brokers = import.values.text("externalKafka.brokerList");
    let list = brokers
        .as_ref()
        .map_or("localhost:9092", |text| text.value.as_str());
    let list: Vec<Json> = list.split(',').map(|broker| json!(broker.trim())).collect();
    match &brokers {
        Some(text) => import
            .draft
            .set(&format!("{to}.brokers"), list, &text.found),
        None => import
            .draft
            .set_for(&format!("{to}.brokers"), list, "externalKafka.brokerList"),
    }
    let user = import
        .values
        .text("externalKafka.sasl.username")
        .map(|text| text.value);
    let user = config.text(&["kafka", "saslUsername"]).or(user);
    let password = import.values.secret("externalKafka.sasl.password");
    let password = config.take(&["kafka", "saslPassword"]).or(password);
    let protocol = import.values.text("externalKafka.securityProtocol");
    let protocol = protocol.map_or("SASL_SSL".to_owned(), |text| text.value);
    let mechanism = import.values.text("externalKafka.sasl.mechanisms");
    let mechanism = mechanism.map_or("PLAIN".to_owned(), |text| text.value);
    let security = format!("{to}.security");
    let (Some(user), Some(password)) = (user, password) else {
        // Without a login the server passes no protocol on to its client library.
        let security_of = if protocol.eq_ignore_ascii_case("SSL") {
            "tls"
        } else {
            "plaintext"
        };
        if protocol.to_uppercase().starts_with("SASL")
            && import
                .values
                .find("externalKafka.securityProtocol")
                .is_some()
        {
            let message = "asks for a login, and `sasl.username` or `sasl.password` is missing: Milvus connects without login or encryption then";
            let remark = import
                .values
                .remark("externalKafka.securityProtocol", message);
            import.values.notices.push(remark);
        }
        return import
            .draft
            .set_for(&security, security_of, "externalKafka.securityProtocol");
    };
    let name = match mechanism.as_str() {
        "SCRAM-SHA-512" => "scramSha512",
        "SCRAM-SHA-256" => "scramSha256",
        "PLAIN" => "plain",
        _ => {
            let remark = import.values.remark("externalKafka.sasl.mechanisms", "is no way to log in that is known here, write `SCRAM-SHA-512`, `SCRAM-SHA-256` or `PLAIN`");
            return import.values.problems.push(remark);
        }
    };
    let login = import.draft.login(&user, password, KAFKA_VARIABLE);
    let path = format!("{security}.{name}");
    match import.values.find("externalKafka.sasl.username") {
        Some(found) => import.draft.set(&path, login, &found),
        None => import
            .draft
            .set_for(&path, login, "externalKafka.sasl.username"),
    }
    if protocol != "SASL_SSL" {
        let message = format!(
            "cannot be honoured: a login over {protocol} would tell the password to everybody on the way; use `SASL_SSL`"
        );
        let remark = import
            .values
            .remark("externalKafka.securityProtocol", message);
        import.values.unsupported.push(remark);
        // Whoever insists gets what the chart does: what stands in the settings wins.
        import.draft.put("config.kafka.securityProtocol", protocol);
    }
}

fn read_pulsar(import: &mut Import<'_>) {
    let to = import.at("pulsar");
    let host = import.values.text("externalPulsar.host");
    let port = import
        .values
        .number("externalPulsar.port")
        .map_or(6650, |(port, _)| port);
    let name = host
        .as_ref()
        .map_or("localhost", |text| text.value.as_str());
    let (tls, name) = match name.strip_prefix("pulsar+ssl://") {
        Some(name) => (true, name),
        None => (false, name.strip_prefix("pulsar://").unwrap_or(name)),
    };
    let endpoint = if name.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:{port}")
    };
    let path = format!("{to}.endpoint");
    match &host {
        Some(text) => import.draft.set(&path, endpoint, &text.found),
        None => import.draft.set_for(&path, endpoint, "externalPulsar.host"),
    }
    if tls {
        import.draft.put(&format!("{to}.tls"), true);
    }
    import.copy_text("externalPulsar.tenant", &format!("{to}.tenant"));
    import.copy_text("externalPulsar.namespace", &format!("{to}.namespace"));
    let size = import.values.text("externalPulsar.maxMessageSize");
    let text = size
        .as_ref()
        .map_or(MESSAGE_SIZE, |text| text.value.as_str());
    import.draft.set_for(
        &format!("{to}.maxMessageSize"),
        number(text),
        "externalPulsar.maxMessageSize",
    );
    let plugin = import.values.text("externalPulsar.authPlugin");
    let parameters = import.values.secret("externalPulsar.authParams");
    if let (Some(plugin), Some(parameters)) = (plugin, parameters) {
        let login = import
            .draft
            .login(&plugin.value, parameters, PULSAR_VARIABLE);
        import
            .draft
            .set(&format!("{to}.auth"), login, &plugin.found);
    }
}

fn read_woodpecker(import: &mut Import<'_>) {
    let to = import.at("woodpecker");
    if import.values.flag("streaming.woodpecker.embedded") == Some(false) {
        let message = "cannot be honoured: a service for the log is not made here; write `true`: the log is part of the streaming nodes then";
        let remark = import
            .values
            .remark("streaming.woodpecker.embedded", message);
        import.values.unsupported.push(remark);
        let members = import
            .values
            .number("woodpecker.replicaCount")
            .map_or(4, |(number, _)| number);
        let port = import
            .values
            .number("woodpecker.ports.service")
            .map_or(18080, |(port, _)| port);
        let full = import.full_name();
        let seed = |index| {
            json!(format!(
                "{full}-woodpecker-{index}.{full}-woodpecker-headless:{port}"
            ))
        };
        let seeds: Vec<Json> = (0..members.clamp(0, 100)).map(seed).collect();
        return import
            .draft
            .set_for(&format!("{to}.service.seeds"), seeds, "woodpecker");
    }
    embedded(import, &to);
}

fn embedded(import: &mut Import<'_>, to: &str) {
    let path = format!("{to}.embedded.storage");
    match import.values.text("streaming.woodpecker.storage.type") {
        Some(text) => import.draft.set(&path, text.value, &text.found),
        None => import
            .draft
            .set_for(&path, "minio", "streaming.woodpecker.storage.type"),
    }
}

/// The log of one process; none where the values want a service for it.
fn standalone(import: &mut Import<'_>) -> Option<()> {
    const KEY: &str = "standalone.messageQueue";
    let text = import.values.text(KEY);
    let queue = text
        .as_ref()
        .map_or(import.chart.standalone_queue, |text| text.value.as_str())
        .to_owned();
    let line = line_of(&import.version);
    match queue.as_str() {
        "kafka" | "pulsar" => return None,
        "rocksmq" => {
            if line.standalone_queue != MessageQueue::RocksMq {
                let settings = json!({"mq": {"type": "rocksmq"}, "rocksmq": {"path": "/var/lib/milvus/rdb_data"}});
                import.draft.put("config", settings);
            }
        }
        "woodpecker" if line.standalone_queue == MessageQueue::Woodpecker => {
            let to = import.at("woodpecker");
            embedded(import, &to);
        }
        "woodpecker" => {
            let message = format!(
                "comes with 2.6, Milvus {} has `rocksmq` in its place",
                import.version
            );
            let remark = import.values.remark(KEY, message);
            import.values.problems.push(remark);
        }
        "natsmq" => {
            let remark = import.values.remark(
                KEY,
                "cannot be honoured: NATS is not known here; leave it out, or use `rocksmq`",
            );
            import.values.unsupported.push(remark);
        }
        _ => {
            let remark = import.values.remark(
                KEY,
                "is no log that Milvus knows, write `rocksmq`, `woodpecker`, `pulsar` or `kafka`",
            );
            import.values.problems.push(remark);
        }
    }
    Some(())
}

/// Everything is off: what the server's own settings say.
fn of_settings(import: &mut Import<'_>, config: &mut Config<'_>) {
    let named = config
        .text(&["mq", "type"])
        .or_else(|| config.text(&["messageQueue"]));
    match named.as_deref() {
        Some("woodpecker") => {
            let to = import.at("woodpecker");
            embedded(import, &to);
        }
        Some("kafka") if config.text(&["kafka", "brokerList"]).is_some() => {
            let to = import.at("kafka");
            let brokers = config.text(&["kafka", "brokerList"]).unwrap_or_default();
            let list: Vec<Json> = brokers
                .split(',')
                .map(|broker| json!(broker.trim()))
                .collect();
            import
                .draft
                .set_for(&format!("{to}.brokers"), list, "extraConfigFiles.user.yaml");
            let user = config.text(&["kafka", "saslUsername"]);
            let password = config.take(&["kafka", "saslPassword"]);
            if let (Some(user), Some(password)) = (user, password) {
                let name = match config.text(&["kafka", "saslMechanisms"]).as_deref() {
                    Some("SCRAM-SHA-512") => "scramSha512",
                    Some("SCRAM-SHA-256") => "scramSha256",
                    _ => "plain",
                };
                let login = import.draft.login(&user, password, KAFKA_VARIABLE);
                import.draft.set_for(
                    &format!("{to}.security.{name}"),
                    login,
                    "extraConfigFiles.user.yaml",
                );
            }
        }
        _ => {
            let off = ["pulsarv3", "pulsar", "kafka"]
                .iter()
                .map(|name| format!("{name}.enabled"));
            let path = off
                .into_iter()
                .find(|path| import.values.find(path).is_some());
            let message = format!("leaves Milvus without a log: {INSTEAD}");
            let remark = import
                .values
                .remark(path.as_deref().unwrap_or("pulsarv3.enabled"), message);
            import.values.problems.push(remark);
        }
    }
}

/// The name of a sub-chart's service: after the release, which may hold the sub-chart's name already.
pub(super) fn of_release(import: &mut Import<'_>, chart: &str) -> String {
    let name = import
        .values
        .text(&format!("{chart}.name"))
        .map_or(chart.to_owned(), |text| text.value);
    let release = import.release.name.as_str();
    if release.contains(&name) {
        release.to_owned()
    } else {
        format!("{release}-{name}")
    }
}

/// A number that may be written as a text; what is none is left for the file's reader to tell.
fn number(text: &str) -> Json {
    match text.parse::<u64>() {
        Ok(number) => json!(number),
        Err(_) => json!(text),
    }
}
