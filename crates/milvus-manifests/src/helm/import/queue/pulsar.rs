//! A Pulsar that exists.

use super::super::{Import, below, config::Config};
use super::{MESSAGE_SIZE, number};

/// The variable that the installation's file names for what the plugin takes.
const VARIABLE: &str = "MILVUS_PULSAR_AUTH";

/// Address and login, as `externalPulsar` says.
pub(super) fn read(import: &mut Import<'_>) {
    let to = import.at("pulsar");
    let key = "externalPulsar.host";
    let (host, found) = match import.values.text(key) {
        Some(text) => (text.value, Some(text.found)),
        None => ("localhost".to_owned(), None),
    };
    let port = import.values.number("externalPulsar.port");
    let port = port.map_or(6650, |(port, _)| port);
    let (tls, name) = match host.strip_prefix("pulsar+ssl://") {
        Some(name) => (true, name),
        None => (false, host.strip_prefix("pulsar://").unwrap_or(&host)),
    };
    let endpoint = if name.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:{port}")
    };
    import
        .draft
        .set_either(&below(&to, "endpoint"), endpoint, found.as_ref(), key);
    if tls {
        import.draft.put(&below(&to, "tls"), true);
    }
    import.copy_text("externalPulsar.tenant", &below(&to, "tenant"));
    import.copy_text("externalPulsar.namespace", &below(&to, "namespace"));
    let key = "externalPulsar.maxMessageSize";
    let size = import.values.text(key);
    let text = size
        .as_ref()
        .map_or(MESSAGE_SIZE, |text| text.value.as_str());
    import
        .draft
        .set_for(&below(&to, "maxMessageSize"), number(text), key);
    let plugin = import.values.text("externalPulsar.authPlugin");
    let parameters = import.values.secret("externalPulsar.authParams");
    if let (Some(plugin), Some(parameters)) = (plugin, parameters) {
        let login = import.draft.login(&plugin.value, parameters, VARIABLE);
        import.draft.set(&below(&to, "auth"), login, &plugin.found);
    }
}

/// Address and login, as the server's own settings say; none where they name no address.
pub(super) fn of_settings(import: &mut Import<'_>, config: &mut Config<'_>) -> Option<()> {
    const KEY: &str = "extraConfigFiles.user.yaml";
    let address = config.text(&["pulsar", "address"])?;
    let port = config.text(&["pulsar", "port"]);
    let port = port.as_deref().unwrap_or("6650");
    let (tls, name) = match address.strip_prefix("pulsar+ssl://") {
        Some(name) => (true, name),
        None => (false, address.strip_prefix("pulsar://").unwrap_or(&address)),
    };
    let endpoint = if name.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:{port}")
    };
    let to = import.at("pulsar");
    import.draft.set_for(&below(&to, "endpoint"), endpoint, KEY);
    if tls {
        import.draft.put(&below(&to, "tls"), true);
    }
    let plugin = config.text(&["pulsar", "authPlugin"]);
    if let Some(plugin) = plugin
        && let Some(parameters) = config.take(&["pulsar", "authParams"])
    {
        let login = import.draft.login(&plugin, parameters, VARIABLE);
        import.draft.set_for(&below(&to, "auth"), login, KEY);
    }
    Some(())
}
