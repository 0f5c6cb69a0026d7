//! Logins that values give to pods as variables out of a Secret that exists, where the chart has no key for them.

use serde_json::{Value as Json, json};

use super::Import;

/// How pods get the two halves of a login.
pub(super) enum Login {
    /// By no variable.
    None,
    /// All of them out of one Secret, under the names that one of ours has.
    Secret(String),
    /// By variables of the user's own.
    Variables {
        /// Whether all pods have the password.
        everywhere: bool,
        /// Whether the user's name comes that way too.
        with_user: bool,
    },
}

impl Import<'_> {
    /// How all pods get two settings: `kafka.saslUsername` is set by `KAFKA_SASLUSERNAME`, and by `KAFKA_SASL_USERNAME`.
    pub(super) fn login_by_variables(&self, user: &str, password: &str) -> Login {
        let pods = self.pods();
        let of = |setting: &str| -> Vec<Option<&Json>> {
            let one = |pod: &String| self.variable(pod, setting);
            pods.iter().map(one).collect()
        };
        let (users, passwords) = (of(user), of(password));
        if passwords.iter().all(Option::is_none) {
            return Login::None;
        }
        let secret = |variable: &Option<&Json>, key: &str| {
            let reference = &variable.as_ref()?["valueFrom"]["secretKeyRef"];
            (reference["key"] == key).then(|| reference["name"].as_str().map(str::to_owned))?
        };
        let names: Vec<_> = users
            .iter()
            .map(|variable| secret(variable, "username"))
            .chain(
                passwords
                    .iter()
                    .map(|variable| secret(variable, "password")),
            )
            .collect();
        match names.as_slice() {
            [Some(name), rest @ ..] if rest.iter().all(|other| other.as_ref() == Some(name)) => {
                Login::Secret(name.clone())
            }
            _ => Login::Variables {
                everywhere: passwords.iter().all(Option::is_some),
                with_user: users.iter().all(Option::is_some),
            },
        }
    }

    /// Takes the variables of a login back, which stands elsewhere now.
    pub(super) fn drop_variables(&mut self, settings: [&str; 2]) {
        for pod in self.pods() {
            let path = format!("{pod}.env");
            if let Some(Json::Array(variables)) = self.draft.get(&path) {
                let mut left = variables.clone();
                left.retain(|variable| !settings.iter().any(|setting| sets(variable, setting)));
                self.draft.put(&path, json!(left));
            }
        }
    }

    fn variable(&self, pod: &str, setting: &str) -> Option<&Json> {
        let variables = self.draft.get(&format!("{pod}.env"))?.as_array()?;
        variables.iter().find(|variable| sets(variable, setting))
    }

    /// Where the server's pods stand in the installation's file.
    fn pods(&self) -> Vec<String> {
        if !self.is_cluster() {
            return vec!["standalone.pod".to_owned()];
        }
        let components = self.draft.get("cluster.components");
        let components = components.and_then(Json::as_object).into_iter().flatten();
        components
            .map(|(key, _)| format!("cluster.components.{key}.pod"))
            .collect()
    }
}

/// Whether a variable sets a setting, which the server reads without separators and in any case.
fn sets(variable: &Json, setting: &str) -> bool {
    let plain = |name: &str| name.replace(['_', '.'], "").to_lowercase();
    let name = variable["name"].as_str().unwrap_or_default();
    plain(name) == plain(setting)
}
