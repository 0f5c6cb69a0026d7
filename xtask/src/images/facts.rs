//! What we render relies on: how each official image starts, and who may read and execute its files.

use std::fmt;

use super::archive::{Entry, Inside};

/// One image.
pub(super) struct Facts {
    /// Repository and tag.
    pub(super) image: &'static str,
    user: User,
    entrypoint: &'static [&'static str],
    files: &'static [Owned],
}

/// The user that an image starts as.
#[derive(Debug, Clone, Copy)]
enum User {
    Root,
    Is(&'static str),
    /// Any but root.
    Other,
}

/// A file or folder: its path, user, group and mode.
type Owned = (&'static str, u64, u64, Mode);

/// What a mode must be.
#[derive(Clone, Copy)]
enum Mode {
    Is(u32),
    /// These bits at least.
    Has(u32),
}

use Mode::{Has, Is};

const TINI: &[&str] = &["/tini", "--"];
/// Since milvus#30937, in 2.3.11: for root and its group alone.
const FOR_GROUP_0: &[Owned] = &[
    ("/milvus/bin/milvus", 0, 0, Is(0o774)),
    ("/milvus/bin", 0, 0, Is(0o774)),
    ("/milvus/lib", 0, 0, Is(0o774)),
    ("/milvus/configs", 0, 0, Is(0o774)),
];
/// Since milvus#44524, in 3.0.
const FOR_GROUP_999: &[Owned] = &[
    ("/milvus/bin/milvus", 999, 999, Is(0o774)),
    ("/milvus/bin", 999, 999, Is(0o774)),
    ("/milvus/lib", 999, 999, Is(0o774)),
    ("/milvus/configs", 999, 999, Is(0o774)),
    ("/var/lib/milvus", 999, 999, Has(0o700)),
];
/// Everybody may read and execute what starts etcd.
const ETCD: &[Owned] = &[
    ("/opt/bitnami/scripts/etcd/entrypoint.sh", 0, 0, Has(0o005)),
    ("/opt/bitnami/scripts/etcd/run.sh", 0, 0, Has(0o005)),
    ("/opt/bitnami/etcd/bin/etcd", 0, 0, Has(0o005)),
];
/// The start script writes beside the files that are served: the group may do what root may.
const ATTU: &[Owned] = &[
    ("/app", 0, 0, Has(0o070)),
    ("/app/build", 0, 0, Has(0o070)),
    ("/app/build/env-config.js", 0, 0, Has(0o060)),
];

const fn milvus(image: &'static str) -> Facts {
    Facts {
        image,
        user: User::Root,
        entrypoint: TINI,
        files: FOR_GROUP_0,
    }
}

const fn etcd(image: &'static str) -> Facts {
    Facts {
        image,
        user: User::Is("1001"),
        entrypoint: &["/opt/bitnami/scripts/etcd/entrypoint.sh"],
        files: ETCD,
    }
}

const fn attu(image: &'static str) -> Facts {
    Facts {
        image,
        user: User::Root,
        // The base image's own.
        entrypoint: &["docker-entrypoint.sh"],
        files: ATTU,
    }
}

/// Every image that the product names; a test compares the list with its tables.
pub(super) const FACTS: &[Facts] = &[
    milvus("milvusdb/milvus:v2.3.13"),
    milvus("milvusdb/milvus:v2.4.17"),
    milvus("milvusdb/milvus:v2.5.26"),
    milvus("milvusdb/milvus:v2.6.20"),
    Facts {
        user: User::Is("milvus:milvus"),
        files: FOR_GROUP_999,
        ..milvus("milvusdb/milvus:v3.0.0")
    },
    etcd("milvusdb/etcd:3.5.5-r4"),
    etcd("milvusdb/etcd:3.5.14-r1"),
    etcd("milvusdb/etcd:3.5.18-r1"),
    etcd("milvusdb/etcd:3.5.25-r1"),
    attu("zilliz/attu:v2.3.10"),
    attu("zilliz/attu:v2.4.6"),
    attu("zilliz/attu:v2.5.3"),
    Facts {
        image: "public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0",
        user: User::Other,
        entrypoint: &["/controller"],
        files: &[("/controller", 0, 0, Has(0o005))],
    },
];

impl Facts {
    /// What is in an image of what the table speaks of.
    pub(super) fn seen(&self, inside: &Inside) -> Vec<String> {
        let mut lines = vec![
            format!("USER {:?}", inside.user),
            format!(
                "ENTRYPOINT {:?} CMD {:?}",
                inside.entrypoint, inside.command
            ),
        ];
        for (path, ..) in self.files {
            let entry = inside.files.get(*path).map(ToString::to_string);
            lines.push(format!("{} {path}", entry.as_deref().unwrap_or("missing")));
        }
        lines
    }

    /// Where an image is not as the table says.
    pub(super) fn differences(&self, inside: &Inside) -> Vec<String> {
        let mut found = Vec::new();
        if !self.user.is(&inside.user) {
            found.push(format!("USER {:?}, expected {:?}", inside.user, self.user));
        }
        if inside.entrypoint != self.entrypoint {
            found.push(format!(
                "ENTRYPOINT {:?}, expected {:?}",
                inside.entrypoint, self.entrypoint
            ));
        }
        for (path, uid, gid, mode) in self.files {
            let entry = inside.files.get(*path);
            let good = entry
                .is_some_and(|entry| (entry.uid, entry.gid) == (*uid, *gid) && mode.is(entry.mode));
            if !good {
                let is = entry.map(ToString::to_string);
                let is = is.as_deref().unwrap_or("missing");
                found.push(format!("{path}: {is}, expected {uid}:{gid} {mode}"));
            }
        }
        found
    }
}

impl User {
    fn is(self, user: &str) -> bool {
        let (name, _) = user.split_once(':').unwrap_or((user, ""));
        let root = matches!(name, "" | "root" | "0");
        match self {
            Self::Root => root,
            Self::Is(expected) => user == expected,
            Self::Other => !root,
        }
    }
}

impl Mode {
    fn is(self, mode: u32) -> bool {
        match self {
            Is(expected) => mode == expected,
            Has(bits) => mode & bits == bits,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Is(mode) => write!(f, "{mode:04o}"),
            Has(bits) => write!(f, "with {bits:04o}"),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {:04o}", self.uid, self.gid, self.mode)
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} {:?}", self.image, self.user, self.entrypoint)?;
        for (path, uid, gid, mode) in self.files {
            write!(f, "\n  {path} {uid}:{gid} {mode}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use milvus_aws_core::topology::lines;
    use serde_json::{Value, json};

    use super::{
        super::archive::tests::{Made, image},
        *,
    };

    const GOOD: &[Made] = &[
        ("milvus/bin/", 999, 999, 0o774),
        ("milvus/bin/milvus", 999, 999, 0o774),
        ("milvus/lib/", 999, 999, 0o774),
        ("milvus/configs/", 999, 999, 0o774),
        ("var/lib/milvus/", 999, 999, 0o755),
    ];

    fn start(user: &str) -> Value {
        json!({"User": user, "Entrypoint": ["/tini", "--"]})
    }

    fn row(image: &str) -> &'static Facts {
        FACTS.iter().find(|row| row.image == image).unwrap()
    }

    #[test]
    fn an_image_as_the_table_says_is_good() {
        let inside = image(&start("milvus:milvus"), &[GOOD]);
        let differences = row("milvusdb/milvus:v3.0.0").differences(&inside);
        assert_eq!(differences, Vec::<String>::new());
    }

    #[test]
    fn another_user_owner_or_mode_differs() {
        let third = row("milvusdb/milvus:v3.0.0");
        let later: &[Made] = &[("milvus/bin/milvus", 999, 0, 0o774)];
        let inside = image(&start("1000"), &[GOOD, later]);
        assert_eq!(
            third.differences(&inside),
            [
                r#"USER "1000", expected Is("milvus:milvus")"#,
                "/milvus/bin/milvus: 999:0 0774, expected 999:999 0774",
            ]
        );
        let later: &[Made] = &[("milvus/bin/milvus", 999, 999, 0o755)];
        let inside = image(&start("milvus:milvus"), &[GOOD, later]);
        assert_eq!(third.differences(&inside).len(), 1);
        let second = row("milvusdb/milvus:v2.6.20").differences(&inside);
        assert_eq!(second.len(), 5, "{second:?}");
        let controller = "public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0";
        let missing = row(controller).differences(&image(&json!({}), &[&[]]));
        assert!(
            missing.iter().any(|it| it.contains("missing")),
            "{missing:?}"
        );
    }

    #[test]
    fn every_image_of_the_products_tables_is_in_the_table() {
        let mut named: BTreeSet<String> = BTreeSet::new();
        for line in lines() {
            let (major, minor, patch) = line.newest;
            named.insert(format!("milvusdb/milvus:v{major}.{minor}.{patch}"));
            named.insert(line.etcd_image.to_owned());
            named.insert(line.attu_image.to_owned());
        }
        let known: BTreeSet<String> = FACTS.iter().map(|row| row.image.to_owned()).collect();
        let missing: Vec<_> = named.difference(&known).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(
            known.len(),
            named.len() + 1,
            "the controller's alone is further"
        );
    }

    #[test]
    fn the_groups_that_are_rendered_are_those_of_the_files() {
        for line in lines() {
            let (major, minor, patch) = line.newest;
            let row = row(&format!("milvusdb/milvus:v{major}.{minor}.{patch}"));
            let groups: BTreeSet<i64> = row
                .files
                .iter()
                .map(|(_, _, gid, _)| i64::try_from(*gid).unwrap())
                .collect();
            let rendered: BTreeSet<i64> = line.image_groups.iter().copied().collect();
            assert_eq!(groups, rendered, "{}", row.image);
        }
    }
}
