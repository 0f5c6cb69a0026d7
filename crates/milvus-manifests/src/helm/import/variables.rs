//! Logins that values give to pods as variables out of a Secret that exists, where the chart has no key for them.

use serde_json::{Value as Json, json};

use super::{Import, below};

/// A login's settings: the user's name and the password.
pub(super) type Settings = [&'static str; 2];

/// How pods get a login.
pub(super) enum Login {
    /// By no variable.
    None,
    /// All of them out of one Secret, with the keys that one of ours has.
    Ours(String),
    /// All of them, out of a Secret with other keys.
    Foreign(String),
    /// Not all of them, or not out of a Secret.
    Partly,
}

impl Import<'_> {
    /// How pods get a login whose user name may stand in the values: `kafka.saslUsername` is set by
    /// `KAFKA_SASLUSERNAME`, and by `KAFKA_SASL_USERNAME`.
    pub(super) fn login_by_variables(&self, [user, password]: Settings, named: bool) -> Login {
        let pods = self.pods();
        let of = |setting: &str| -> Vec<Option<&Json>> {
            let one = |pod: &String| self.variable(pod, setting);
            pods.iter().map(one).collect()
        };
        let (users, passwords) = (of(user), of(password));
        if passwords.iter().all(Option::is_none) {
            return Login::None;
        }
        let secrets = |variables: &[Option<&Json>], key: Option<&str>| -> Option<Vec<String>> {
            let name = |variable: Option<&Json>| {
                let reference = &variable?["valueFrom"]["secretKeyRef"];
                let fits = key.is_none_or(|key| reference["key"] == key);
                reference["name"]
                    .as_str()
                    .filter(|_| fits)
                    .map(str::to_owned)
            };
            variables.iter().copied().map(name).collect()
        };
        if let (Some(of_users), Some(of_passwords)) = (
            secrets(&users, Some("username")),
            secrets(&passwords, Some("password")),
        ) {
            let mut all = of_users.into_iter().chain(of_passwords);
            if let Some(first) = all.next()
                && all.all(|name| name == first)
            {
                return Login::Ours(first);
            }
        }
        let has_user = named || users.iter().all(Option::is_some);
        match secrets(&passwords, None).and_then(|names| names.into_iter().next()) {
            Some(name) if has_user => Login::Foreign(name),
            _ => Login::Partly,
        }
    }

    /// Takes the variables of a login back, which stands elsewhere now.
    pub(super) fn drop_variables(&mut self, settings: Settings) {
        for pod in self.pods() {
            let mut left = self.variables(&pod);
            left.retain(|variable| !settings.iter().any(|setting| sets(variable, setting)));
            self.draft.put(&below(&pod, "env"), json!(left));
        }
    }

    /// Gives the variables of a login the names that ours have, so that they stand in the place of ours.
    pub(super) fn rename_variables(&mut self, settings: Settings, user: Option<&str>) {
        for pod in self.pods() {
            let mut variables = self.variables(&pod);
            for variable in &mut variables {
                if let Some(setting) = settings.iter().find(|setting| sets(variable, setting)) {
                    variable["name"] = json!(name_of(setting));
                }
            }
            if let Some(user) = user {
                variables.retain(|variable| !sets(variable, settings[0]));
                variables.push(json!({"name": name_of(settings[0]), "value": user}));
            }
            self.draft.put(&below(&pod, "env"), json!(variables));
        }
    }

    fn variables(&self, pod: &str) -> Vec<Json> {
        let variables = self.draft.get(&below(pod, "env"));
        variables
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default()
    }

    fn variable(&self, pod: &str, setting: &str) -> Option<&Json> {
        let variables = self.draft.get(&below(pod, "env"))?.as_array()?;
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

fn name_of(setting: &str) -> String {
    setting.to_uppercase().replace('.', "_")
}

/// Whether a variable sets a setting, which the server reads without separators and in any case.
fn sets(variable: &Json, setting: &str) -> bool {
    let plain = |name: &str| name.replace(['_', '.'], "").to_lowercase();
    let name = variable["name"].as_str().unwrap_or_default();
    plain(name) == plain(setting)
}
