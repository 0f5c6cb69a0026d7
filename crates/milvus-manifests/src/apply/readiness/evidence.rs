//! What events and logs say about a trouble.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::{
    Api,
    api::{ListParams, LogParams},
};
use secrecy::ExposeSecret;

use super::{
    Watched,
    cause::Cause,
    pods::{Ask, Trouble},
};

/// How long a container may say nothing wrong before its log is shown.
const SILENCE: Duration = Duration::from_secs(20);
/// Longest log line that is shown.
const LONGEST_LINE: usize = 300;
/// Lines of a log that are looked through.
const LINES: i64 = 300;

/// How the server marks complaints; it chatters of its settings all the time.
const COMPLAINTS: [&str; 4] = ["[WARN]", "[ERROR]", "[FATAL]", "panic"];

/// Asks the cluster about troubles. What it cannot say is left out: reasons must not fail.
impl Watched {
    /// The trouble in words for the user: which pod, which container, what Kubernetes says, the last log line, what to
    /// do.
    pub(super) async fn told(&self, trouble: &Trouble, lasting: Duration) -> String {
        let mut text = format!("pod {}", trouble.pod);
        if let Some(container) = &trouble.container {
            text = format!("{text}, container {container}");
        }
        text = format!("{text}: {}", trouble.reason);
        let mut add = |separator: &str, part: &str| {
            if !part.is_empty() {
                text.push_str(separator);
                text.push_str(part);
            }
        };
        add(", ", &trouble.message);
        // What lies beneath comes first: of a node that is gone nobody can read a log.
        if let Some(cause) = self.cause(trouble, lasting).await {
            add("; ", &cause.words);
            add("; ", cause.advice.as_deref().unwrap_or_default());
            return self.redacted(text);
        }
        match trouble.ask {
            Ask::Nobody => {}
            Ask::Events => add("; ", &self.event(trouble).await.unwrap_or_default()),
            Ask::EventsThenLog if lasting < SILENCE => {
                let event = self.newest("Pod", &trouble.pod, true).await;
                add("; ", &event.unwrap_or_default());
            }
            Ask::EventsThenLog | Ask::Log | Ask::PreviousLog => {
                let line = self.last_words(trouble).await.unwrap_or_default();
                add("; it says: ", &line);
            }
        }
        add("; ", trouble.advice().unwrap_or_default());
        self.redacted(text)
    }

    /// The same without the names and without logs, which may hold what only their readers should see.
    pub(super) async fn told_briefly(&self, trouble: &Trouble) -> String {
        let cause = self.cause(trouble, Duration::MAX).await;
        let (more, advice) = if let Some(Cause { words, advice }) = cause {
            (Some(words), advice)
        } else {
            let event = match trouble.ask {
                Ask::Events | Ask::EventsThenLog => self.event(trouble).await,
                Ask::Nobody | Ask::Log | Ask::PreviousLog => None,
            };
            (event, trouble.advice().map(str::to_owned))
        };
        let message = Some(trouble.message.clone()).filter(|message| !message.is_empty());
        let said = [Some(trouble.reason.clone()), message]
            .into_iter()
            .flatten();
        let said: Vec<_> = said.collect();
        let parts = [Some(said.join(", ")), more, advice].into_iter().flatten();
        parts.collect::<Vec<_>>().join("; ")
    }

    /// The newest event of the pod that warns, else that of one of its claims.
    async fn event(&self, trouble: &Trouble) -> Option<String> {
        let event = self.newest("Pod", &trouble.pod, true).await;
        // The scheduler says the same in the pod's status.
        let repeats =
            |event: &String| !trouble.message.is_empty() && event.contains(&trouble.message);
        if let Some(event) = event.filter(|event| !repeats(event)) {
            return Some(event);
        }
        for claim in &trouble.claims {
            if let Some(event) = self.newest("PersistentVolumeClaim", claim, false).await {
                return Some(format!("volume claim {claim}: {event}"));
            }
        }
        None
    }

    pub(super) async fn newest(
        &self,
        kind: &str,
        name: &str,
        only_warnings: bool,
    ) -> Option<String> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.namespace);
        let about = format!("involvedObject.kind={kind},involvedObject.name={name}");
        let about = if only_warnings {
            format!("{about},type=Warning")
        } else {
            about
        };
        let list = events
            .list(&ListParams::default().fields(&about))
            .await
            .ok()?;
        let newest = list.items.into_iter().max_by_key(|event| {
            let repeated = event.last_timestamp.as_ref().map(|time| time.0);
            let only_once = event.event_time.as_ref().map(|time| time.0);
            repeated.max(only_once)
        })?;
        let reason = newest.reason.unwrap_or_default();
        // The last news of a claim may be good news.
        if reason == "ProvisioningSucceeded" {
            return None;
        }
        Some(format!(
            "{reason}: {}",
            newest.message.unwrap_or_default().trim()
        ))
    }

    /// The last complaint in the container's log; of one that has ended the last line, where it complained of nothing.
    async fn last_words(&self, trouble: &Trouble) -> Option<String> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let params = LogParams {
            container: trouble.container.clone(),
            previous: trouble.ask == Ask::PreviousLog,
            tail_lines: Some(LINES),
            ..LogParams::default()
        };
        let log = pods.logs(&trouble.pod, &params).await.ok()?;
        words_in(&log, trouble.ask != Ask::EventsThenLog)
    }

    /// The server may print its own settings: passwords are taken out.
    fn redacted(&self, text: String) -> String {
        let passwords = self.passwords.iter().map(ExposeSecret::expose_secret);
        passwords
            .filter(|password| !password.is_empty())
            .fold(text, |text, password| text.replace(password, "(password)"))
    }
}

/// The last complaint in a log, else its last line where that is wanted; without stack and colours, and not too long.
fn words_in(log: &str, or_last_line: bool) -> Option<String> {
    let mut lines = log
        .lines()
        .rev()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let last = lines.clone().next();
    let complaint = lines.find(|line| COMPLAINTS.iter().any(|word| line.contains(word)));
    let line = complaint.or(last.filter(|_| or_last_line))?;
    let line = line.split(" [stack=").next().unwrap_or(line);
    let printable = line.chars().filter(|c| !c.is_control());
    Some(printable.take(LONGEST_LINE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
[2026/11/23 08:08:13.285 +00:00] [INFO] [a.go:1] [\"starts\"]
[2026/11/23 08:08:13.285 +00:00] [ERROR] [b.go:2] [\"retry func failed\"] [error=\"no etcd\"] [stack=\"b.go\\n\\tc.go\"]
[2026/11/23 08:08:14.285 +00:00] [DEBUG] [c.go:3] [\"settings read\"]

";

    #[test]
    fn the_last_complaint_is_quoted_without_its_stack() {
        let words = words_in(LOG, true).unwrap();
        assert!(
            words.ends_with("[\"retry func failed\"] [error=\"no etcd\"]"),
            "{words}"
        );
    }

    #[test]
    fn without_a_complaint_the_last_line_of_what_has_ended_is_quoted() {
        assert_eq!(
            words_in("first\nlast \u{1b}[0m\n\n", true).as_deref(),
            Some("last [0m")
        );
        assert_eq!(words_in("first\nlast\n", false), None);
        assert_eq!(words_in("", true), None);
        assert_eq!(
            words_in(&"x".repeat(1000), true).unwrap().len(),
            LONGEST_LINE
        );
    }
}
