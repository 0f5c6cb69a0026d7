//! Which etcd takes over the data of which: data, as the lines of Milvus are.

/// A step from one line of etcd to the next one that keeps the data.
struct Step {
    from: (u64, u64),
    /// The first release of the line that is left from which the step is supported.
    least: u64,
    to: (u64, u64),
}

/// Every step that is known to keep the data: one line at a time (source: etcd's upgrade guides; that for 3.6 asks for 3.5.32
/// or later first, k3s-io/k3s#14908). 3.7 does not start on data of 3.4 and 3.5, and 3.5 does not start on data of 3.7
/// (tried with 3.4.23, 3.5.23 and 3.7.3).
const STEPS: [Step; 3] = [
    Step {
        from: (3, 4),
        least: 0,
        to: (3, 5),
    },
    Step {
        from: (3, 5),
        least: 32,
        to: (3, 6),
    },
    Step {
        from: (3, 6),
        least: 0,
        to: (3, 7),
    },
];

/// What becomes of etcd's data where one image replaces another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EtcdStep {
    /// It is taken over.
    Kept,
    /// It is not, or nobody knows it.
    NotKept {
        /// Why: what is left and what is wanted.
        because: String,
    },
    /// A tag does not say which etcd it is.
    Unknown {
        /// That tag.
        tag: String,
    },
}

impl EtcdStep {
    /// From the tag of one image to that of another.
    pub fn between(from: &str, to: &str) -> Self {
        if from == to {
            return Self::Kept;
        }
        let (Some(old), Some(new)) = (Release::of(from), Release::of(to)) else {
            let unknown = if Release::of(from).is_none() {
                from
            } else {
                to
            };
            return Self::Unknown {
                tag: unknown.to_owned(),
            };
        };
        if old.line == new.line {
            return Self::Kept;
        }
        let step = STEPS
            .iter()
            .find(|step| (step.from, step.to) == (old.line, new.line));
        let because = match step {
            Some(step) if old.patch.is_some_and(|patch| patch >= step.least) => {
                return Self::Kept;
            }
            Some(step) => format!(
                "etcd {} takes over data of etcd {}.{} or later, and this is {from}",
                new.name(),
                old.name(),
                step.least
            ),
            None if new.line < old.line => format!(
                "etcd {} cannot read data of the later line {}",
                new.name(),
                old.name()
            ),
            None => format!(
                "etcd {} is not known to take over data of etcd {}",
                new.name(),
                old.name()
            ),
        };
        Self::NotKept { because }
    }

    /// What to say where a file names an image of another line than the usual one; nothing where that does no harm.
    pub fn remark(&self) -> Option<String> {
        match self {
            Self::Kept => None,
            Self::NotKept { because } => Some(format!(
                "{because}: with this image the data stays on the line that it began with; leave `tag` out for the usual one"
            )),
            Self::Unknown { tag } => Some(format!(
                "`{tag}` does not say which etcd it is: whether it can read existing data cannot be checked; name a tag like `3.5.25-r1`"
            )),
        }
    }
}

/// A release of etcd.
struct Release {
    line: (u64, u64),
    patch: Option<u64>,
}

impl Release {
    /// By a tag like `3.5.25-r1` or `v3.5.25`.
    fn of(tag: &str) -> Option<Self> {
        let tag = tag.strip_prefix('v').unwrap_or(tag);
        let (numbers, _) = tag.split_once(['-', '_', '+']).unwrap_or((tag, ""));
        let mut numbers = numbers.split('.').map(|number| number.parse().ok());
        let line = (numbers.next()??, numbers.next()??);
        let patch = match numbers.next() {
            Some(patch) => Some(patch?),
            None => None,
        };
        numbers.next().is_none().then_some(Self { line, patch })
    }

    fn name(&self) -> String {
        format!("{}.{}", self.line.0, self.line.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(from: &str, to: &str) -> EtcdStep {
        EtcdStep::between(from, to)
    }

    #[test]
    fn discovery_18_steps_of_one_line_and_to_the_next_keep_data() {
        for (from, to) in [
            ("3.5.5-r4", "3.5.25-r1"),
            ("3.5.25-r1", "3.5.18-r1"),
            ("3.4.23", "3.5.23"),
            ("3.5.32", "v3.6.5"),
            ("3.6.5", "3.7.3"),
            ("3.5", "3.5.14-debian-12-r1"),
            ("latest", "latest"),
        ] {
            assert_eq!(step(from, to), EtcdStep::Kept, "{from} to {to}");
        }
    }

    #[test]
    fn discovery_18_steps_that_lose_data_are_known() {
        for (from, to) in [
            ("3.4.23", "3.7.3"),
            ("3.5.23", "3.7.3"),
            ("3.7.3", "3.5.23"),
            ("3.6.0", "3.5.30"),
            ("3.4.23", "3.6.1"),
            ("3.5.25-r1", "3.6.1"),
            ("3.5.31", "3.6.1"),
            ("3.5", "3.6"),
            ("3.5.30", "4.0.0"),
        ] {
            let step = step(from, to);
            assert!(matches!(step, EtcdStep::NotKept { .. }), "{from} to {to}");
        }
    }

    #[test]
    fn discovery_18_a_tag_that_says_nothing_is_named() {
        for (from, to, named) in [
            ("3.5.25", "latest", "latest"),
            ("main", "3.5.25", "main"),
            ("3.5.25", "3", "3"),
            ("3.5.25", "3.5.x", "3.5.x"),
            ("3.5.25", "3.5.25.1", "3.5.25.1"),
        ] {
            let tag = named.to_owned();
            assert_eq!(step(from, to), EtcdStep::Unknown { tag });
        }
    }
}
