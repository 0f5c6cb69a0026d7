//! Logins that values give to pods as variables out of a Secret that exists, where the chart has no key for them.

use serde_json::{Value as Json, json};

use super::{Import, below};

/// A login's settings: the user's name and the password.
pub(super) type Settings = [&'static str; 2];

/// Keys of a Secret of ours with a login.
const KEYS: [&str; 2] = ["username", "password"];

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
        if let Some(name) = ours(&users, &passwords, named) {
            return Login::Ours(name);
        }
        let has_user = named || users.iter().all(Option::is_some);
        match secrets(&passwords).and_then(|names| names.into_iter().next()) {
            Some(name) if has_user => Login::Foreign(name),
            _ => Login::Partly,
        }
    }

    /// Takes the variables of a login back that a Secret of ours stands for now. Others stay, and take the place of ours.
    pub(super) fn drop_variables(&mut self, settings: Settings, secret: &str) {
        for pod in self.pods() {
            let mut left = self.variables(&pod);
            left.retain_mut(|variable| {
                for (setting, key) in settings.iter().zip(KEYS) {
                    if sets(variable, setting) {
                        variable["name"] = json!(name_of(setting));
                        return !is_of(variable, secret, key);
                    }
                }
                true
            });
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

    /// What a variable of the one pod says of a setting; none in a cluster.
    pub(super) fn variable_of_one_pod(&self, setting: &str) -> Option<String> {
        if self.is_cluster() {
            return None;
        }
        let variable = self.variable("standalone.pod", setting)?;
        Some(variable["value"].as_str()?.to_owned())
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

/// The one Secret out of which pods have a login under our keys. A half that stands elsewhere in some pods may stay a
/// variable of theirs; each pod has both halves.
fn ours(users: &[Option<&Json>], passwords: &[Option<&Json>], named: bool) -> Option<String> {
    let is_whole =
        passwords.iter().all(Option::is_some) && (named || users.iter().all(Option::is_some));
    let [user_key, password_key] = KEYS;
    let of = |variables: &[Option<&Json>], key: &str| -> Vec<String> {
        let name = |variable: Option<&Json>| {
            let reference = &variable?["valueFrom"]["secretKeyRef"];
            let name = reference["name"]
                .as_str()
                .filter(|_| reference["key"] == key);
            name.map(str::to_owned)
        };
        variables.iter().copied().filter_map(name).collect()
    };
    let mut secrets = of(users, user_key);
    // The name of a user that stands in the values is not in our Secret.
    if named && secrets.is_empty() {
        return None;
    }
    secrets.extend(of(passwords, password_key));
    let first = secrets.first().filter(|_| is_whole)?;
    secrets
        .iter()
        .all(|name| name == first)
        .then(|| first.clone())
}

/// The Secrets that variables are out of; none where one is not.
fn secrets(variables: &[Option<&Json>]) -> Option<Vec<String>> {
    let name = |variable: Option<&Json>| {
        let name = variable?["valueFrom"]["secretKeyRef"]["name"].as_str();
        name.map(str::to_owned)
    };
    variables.iter().copied().map(name).collect()
}

/// Whether a variable is that key of that Secret.
fn is_of(variable: &Json, secret: &str, key: &str) -> bool {
    let reference = &variable["valueFrom"]["secretKeyRef"];
    reference["name"] == secret && reference["key"] == key
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
