//! Fields that are not as wanted, gathered one by one.

use crate::engine::{Change, Observed};

/// The differences found so far.
#[derive(Debug, Default)]
pub(super) struct Changes(Vec<Change>);

impl Changes {
    /// Notes a field that is not as wanted.
    pub(super) fn note(&mut self, field: impl Into<String>, from: Option<&str>, to: Option<&str>) {
        self.0.push(Change {
            field: field.into(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            ..Change::default()
        });
    }

    /// Notes a field unless it is as wanted.
    pub(super) fn compare(&mut self, field: &str, is: Option<&str>, wanted: &str) {
        if is != Some(wanted) {
            self.note(field, is, Some(wanted));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a field is among them.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.iter().any(|change| change.field == field)
    }

    /// Names of the fields, for a message.
    pub(super) fn fields(&self) -> String {
        let fields: Vec<&str> = self.0.iter().map(|change| change.field.as_str()).collect();
        fields.join(", ")
    }

    /// As wanted when there are none.
    pub(super) fn observed<Output>(self, output: Option<Output>) -> Observed<Output> {
        if self.is_empty() {
            Observed::Current { output }
        } else {
            Observed::Differs {
                changes: self.0,
                output,
            }
        }
    }
}
