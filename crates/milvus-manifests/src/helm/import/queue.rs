//! What Milvus writes its log to.

mod kafka;
mod pulsar;

use milvus_aws_core::topology::{MessageQueue, line_of};
use serde_json::{Value as Json, json};

use super::{Import, below, config::Config};

const INSTEAD: &str = "use `externalKafka`, `externalPulsar` or, from Milvus 2.6, `woodpecker: {enabled: true}` in its place";
const LEFT_OUT: &str = "`--allow-unsupported` takes one that is there already";
/// What a message of the chart's Pulsar may be long.
const MESSAGE_SIZE: &str = "5242880";

/// The log, as the chart chooses among what is on: Kafka before all, then Pulsar that exists, then its own services.
pub(super) fn read(import: &mut Import<'_>, config: &mut Config<'_>) {
    let in_cluster_kafka = import.values.flag("kafka.enabled") == Some(true);
    let external_kafka = import.values.flag("externalKafka.enabled") == Some(true);
    let external_pulsar = import.values.flag("externalPulsar.enabled") == Some(true);
    let woodpecker = import.values.flag("woodpecker.enabled") == Some(true);
    let pulsars = ["pulsar", "pulsarv3"].map(|name| {
        let flag = import.values.flag(&below(name, "enabled"));
        (name, flag, flag.unwrap_or(import.chart.pulsar == name))
    });
    let [old, new] = pulsars;
    if !import.is_cluster()
        && let Some(()) = standalone(import)
    {
        return idle(import, &pulsars, in_cluster_kafka);
    }
    if external_kafka {
        idle(import, &pulsars, in_cluster_kafka);
        kafka::read(import, config);
    } else if in_cluster_kafka {
        idle(import, &pulsars, false);
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
        idle(import, &pulsars, false);
        pulsar::read(import);
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
        let path = below(name, "enabled");
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
        Some(_) => (below(name, "enabled"), "cannot be honoured"),
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
        .number(&below(name, "proxy.ports.pulsar"))
        .map_or(6650, |(port, _)| port);
    let usual = if name == "pulsarv3" {
        "104857600"
    } else {
        MESSAGE_SIZE
    };
    let size = import
        .values
        .text(&below(name, "maxMessageSize"))
        .or_else(|| {
            import
                .values
                .text(&below(name, "broker.configData.maxMessageSize"))
                .filter(|_| name == "pulsarv3")
        })
        .map_or(usual.to_owned(), |text| text.value);
    let to = import.at("pulsar");
    import.draft.set_for(
        &below(&to, "endpoint"),
        format!("{host}-proxy:{port}"),
        name,
    );
    import
        .draft
        .set_for(&below(&to, "maxMessageSize"), number(&size), name);
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
            .set_for(&below(&to, "service.seeds"), seeds, "woodpecker");
    }
    embedded(import, &to);
}

fn embedded(import: &mut Import<'_>, to: &str) {
    let path = below(to, "embedded.storage");
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
                import.draft.put("config.mq.type", "rocksmq");
                import
                    .draft
                    .put("config.rocksmq.path", "/var/lib/milvus/rdb_data");
            }
        }
        "woodpecker" if line.standalone_queue == MessageQueue::Woodpecker => {
            // Without an object storage the log is on the pod's volume by itself.
            if import.draft.get(&import.at("s3")).is_some() {
                let to = import.at("woodpecker");
                embedded(import, &to);
            }
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
    let named = config.text(&["mq", "type"]);
    let named = named.or_else(|| config.text(&["messageQueue"]));
    let done = match named.as_deref() {
        Some("woodpecker") => {
            let to = import.at("woodpecker");
            embedded(import, &to);
            Some(())
        }
        Some("kafka") => kafka::of_settings(import, config),
        Some("pulsar") => pulsar::of_settings(import, config),
        _ => None,
    };
    if done.is_none() {
        let off = ["pulsarv3.enabled", "pulsar.enabled", "kafka.enabled"];
        let said = off.iter().find(|path| import.values.find(path).is_some());
        let message = format!("leaves Milvus without a log: {INSTEAD}");
        let remark = import.values.remark(said.unwrap_or(&off[0]), message);
        import.values.problems.push(remark);
    }
}

/// The name of a sub-chart's service: after the release, which may hold the sub-chart's name already.
pub(super) fn of_release(import: &mut Import<'_>, chart: &str) -> String {
    let name = import
        .values
        .text(&below(chart, "name"))
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
