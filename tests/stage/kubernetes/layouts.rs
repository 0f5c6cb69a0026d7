//! How the official images are laid out, as data. Taken from their own build files, and from nothing of the product: what
//! the product believes of them is tested against this.
//!
//! Sources are commits of milvus-io/milvus unless another repository is named. `README.md` of the stage says what is
//! certain, and what is only likely.

/// Files of the Milvus images of some releases.
#[derive(Debug)]
pub(crate) struct MilvusLayout {
    /// User and group of `/milvus/bin`, `/milvus/lib` and `/milvus/configs`, and all in them.
    pub(crate) owner: (u64, u64),
    /// Mode of the same, folders too; none for a plain copy: 0755, and 0644 for what is not executable.
    pub(crate) mode: Option<u32>,
    /// `USER` of the image.
    pub(crate) user: &'static str,
    /// Lines of `/etc/passwd` and `/etc/group` beside root's.
    pub(crate) accounts: Option<(&'static str, &'static str)>,
    /// User and group of `/var/lib/milvus`, where the image has that folder.
    pub(crate) data_folder: Option<(u64, u64)>,
    /// `ENV` of the image.
    pub(crate) env: &'static [&'static str],
    /// Images of that layout.
    pub(crate) images: &'static [MilvusImage],
    /// Where the facts are from.
    #[expect(dead_code, reason = "for readers; part of the images' recipe")]
    pub(crate) source: &'static str,
}

/// Releases that are one image: the same server under that layout.
#[derive(Debug)]
pub(crate) struct MilvusImage {
    pub(crate) names: &'static [&'static str],
    pub(crate) settings: Settings,
}

/// Which files a server reads beside its `milvus.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settings {
    /// None.
    Own,
    /// `default.yaml`, then `user.yaml`: from 2.4.6 on (milvus#34000, in the chart from 4.2.0 on).
    Layered,
}

/// Ubuntu's, with Milvus's own folder before it.
const PATH: &str = "PATH=/milvus/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Every layout of milvusdb/milvus.
pub(crate) const MILVUS: [MilvusLayout; 3] = [
    MilvusLayout {
        owner: (0, 0),
        mode: None,
        user: "",
        accounts: None,
        data_folder: None,
        env: &[
            PATH,
            "LD_LIBRARY_PATH=/milvus/lib::/usr/lib",
            "LD_PRELOAD=/milvus/lib/libjemalloc.so",
        ],
        images: &[MilvusImage {
            names: &[
                "docker.io/milvusdb/milvus:v2.3.5",
                "docker.io/milvusdb/milvus:v2.3.10",
            ],
            settings: Settings::Own,
        }],
        source: "2.3.0 to 2.3.10: build/docker/milvus/ubuntu20.04/Dockerfile @4e928e5093; the modes are likely",
    },
    MilvusLayout {
        owner: (0, 0),
        mode: Some(0o774),
        user: "",
        accounts: None,
        data_folder: None,
        env: &[
            PATH,
            "LD_LIBRARY_PATH=/milvus/lib::/usr/lib",
            "LD_PRELOAD=/milvus/lib/libjemalloc.so",
            "MALLOC_CONF=background_thread:true",
        ],
        images: &[
            MilvusImage {
                names: &[
                    "docker.io/milvusdb/milvus:v2.3.13",
                    "docker.io/milvusdb/milvus:v2.4.5",
                ],
                settings: Settings::Own,
            },
            MilvusImage {
                names: &[
                    "docker.io/milvusdb/milvus:v2.4.17",
                    "docker.io/milvusdb/milvus:v2.5.26",
                    "docker.io/milvusdb/milvus:v2.6.20",
                ],
                settings: Settings::Layered,
            },
        ],
        source: "2.3.11 to 2.6: 7014d352b3 (#30937), before the bump to 2.3.11 in 6b5e19f6b7; d15db7596d (#30775) for 2.4; \
                 2.5 @94b1d66535; 2.6 @70c86a3ae3; certain up to 2.6.18",
    },
    MilvusLayout {
        owner: (999, 999),
        mode: Some(0o774),
        user: "milvus:milvus",
        accounts: Some((
            "milvus:x:999:999::/home/milvus:/bin/sh\n",
            "milvus:x:999:\n",
        )),
        data_folder: Some((999, 999)),
        env: &[
            PATH,
            "LD_LIBRARY_PATH=/milvus/lib::/usr/lib",
            "LD_PRELOAD=:/milvus/lib/libjemalloc.so",
            "MALLOC_CONF=background_thread:true",
        ],
        images: &[MilvusImage {
            names: &["docker.io/milvusdb/milvus:v3.0.0"],
            settings: Settings::Layered,
        }],
        source: "3.0: 7cb7651523 (#44524); the number 999 from milvus#51221; the mode of /var/lib/milvus is mkdir's",
    },
];

/// Of milvusdb/etcd: tags of milvus-io/bitnami-docker-etcd, 3.5/debian-12/Dockerfile; 3.5.18 and 3.5.25 by those around them.
pub(crate) const ETCD: &[&str] = &[
    "docker.io/milvusdb/etcd:3.5.5-r4",
    "docker.io/milvusdb/etcd:3.5.14-r1",
    "docker.io/milvusdb/etcd:3.5.16-r1",
    "docker.io/milvusdb/etcd:3.5.18-r1",
    "docker.io/milvusdb/etcd:3.5.25-r1",
];

/// An Attu image.
#[derive(Debug)]
pub(crate) struct AttuImage {
    pub(crate) names: &'static [&'static str],
    /// The variable that says where Milvus is.
    pub(crate) address: &'static str,
}

/// Of zilliz/attu: Dockerfile and client/public/env.sh of zilliztech/attu. What came after v2.6.0 is not public: of v3 only
/// the variable is known, from its README, and the rest here is v2's.
pub(crate) const ATTU: [AttuImage; 2] = [
    AttuImage {
        names: &[
            "docker.io/zilliz/attu:v2.3.10",
            "docker.io/zilliz/attu:v2.4.6",
            "docker.io/zilliz/attu:v2.5.3",
        ],
        address: "MILVUS_URL",
    },
    AttuImage {
        names: &["docker.io/zilliz/attu:v3.0.0"],
        address: "MILVUS_ADDRESS",
    },
];

/// Of the AWS Load Balancer Controller: `FROM` eks-distro-minimal-base-nonroot, whose user has this number (likely; the
/// chart's `runAsNonRoot` without a number says that it is a number other than 0).
pub(crate) const CONTROLLER_USER: &str = "65532";
