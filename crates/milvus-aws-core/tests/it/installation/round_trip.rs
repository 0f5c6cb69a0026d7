//! What is written is read back as the same.

use std::{collections::BTreeMap, num::NonZeroU16};

use k8s_openapi::api::core::v1::{EnvVar, Toleration};
use milvus_aws_core::{
    Installation,
    installation::{
        Amounts, Autoscaling, CloudProvider, Cluster, ComponentSpec, Cpu, Credentials, Deployment,
        Etcd, EtcdReplicas, Image, ImageGroups, InClusterEtcd, Kafka, KafkaSecurity, Labels,
        Memory, PasswordSource, PodSettings, PullPolicy, Pulsar, Queue, Resources, S3, S3Access,
        Service, ServiceAccount, ServiceKind, Standalone, Storage,
    },
    topology::Role,
};
use proptest::{collection, option, prelude::*};

use super::written::EXAMPLES;

/// Texts that YAML readers are tempted to take for something else.
fn awkward() -> impl Strategy<Value = String> {
    let known = [
        "yes",
        "no",
        "null",
        "~",
        "1",
        "1_000",
        "0x1f",
        "1e3",
        "-",
        "a: b",
        "# c",
        " x ",
        "'",
        "\"",
        "*a",
        "&a",
        "!x",
        "%x",
        "{",
        "[",
        "|",
        ">",
        "",
        "\u{feff}",
        "2024-01-01",
        "\n",
        "a\nb\n",
        "\t",
        "𝕏",
    ];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        "\\PC{0,20}",
    ]
}

fn resources() -> impl Strategy<Value = Resources> {
    let cpu = || option::of((1_u32..8000).prop_map(Cpu::from_millis));
    let memory = || option::of((128_u64..100_000).prop_map(Memory::from_mib));
    (cpu(), memory(), cpu(), memory()).prop_map(|(cpu, memory, more_cpu, more_memory)| Resources {
        requests: Amounts {
            cpu,
            memory,
            ephemeral_storage: memory,
        },
        limits: Amounts {
            cpu: more_cpu.map(|more| more.max(cpu.unwrap_or(more))),
            memory: more_memory.map(|more| more.max(memory.unwrap_or(more))),
            ephemeral_storage: None,
        },
    })
}

fn storage() -> impl Strategy<Value = Storage> {
    let class = option::of("[a-z][a-z0-9]{0,8}(\\.[a-z0-9]{1,5})?");
    (1024_u64..10_000_000, class).prop_map(|(mib, class)| Storage {
        size: Memory::from_mib(mib),
        class: class.map(|class| class.parse().unwrap()),
    })
}

fn credentials() -> impl Strategy<Value = Credentials> {
    let username = awkward().prop_filter("a name", |name| {
        !name.trim().is_empty() && !name.contains(char::is_control)
    });
    let password = prop_oneof![
        "[^\\x00]{1,12}".prop_map(|path| PasswordSource::File(path.into())),
        "[A-Za-z_][A-Za-z0-9_]{0,9}".prop_map(|name| PasswordSource::Env(name.parse().unwrap())),
    ];
    prop_oneof![
        "[a-z][a-z0-9]{0,9}".prop_map(|name| Credentials::ExistingSecret(name.parse().unwrap())),
        (username, password)
            .prop_map(|(username, password)| Credentials::Given { username, password }),
    ]
}

fn etcd() -> BoxedStrategy<Etcd> {
    let replicas = prop::sample::select(vec![
        EtcdReplicas::One,
        EtcdReplicas::Three,
        EtcdReplicas::Five,
    ]);
    prop_oneof![
        (replicas, resources(), storage()).prop_map(|(replicas, resources, storage)| {
            Etcd::InCluster(Box::new(InClusterEtcd {
                replicas,
                resources,
                storage,
                ..InClusterEtcd::default()
            }))
        }),
        collection::vec("[a-z0-9]{1,9}:[1-9][0-9]{0,3}", 1..4).prop_map(|endpoints| {
            Etcd::Endpoints(
                endpoints
                    .iter()
                    .map(|endpoint| endpoint.parse().unwrap())
                    .collect(),
            )
        }),
    ]
    .boxed()
}

/// What is said of pods, with texts that readers are tempted to take for something else.
fn pod_settings() -> BoxedStrategy<PodSettings> {
    let literal = awkward().prop_map(|text| EnvVar {
        name: "EXAMPLE".to_owned(),
        value: Some(text),
        value_from: None,
    });
    let toleration = awkward().prop_map(|text| Toleration {
        key: Some("disk".to_owned()),
        value: Some(text),
        ..Toleration::default()
    });
    let env = collection::vec(literal, 0..2);
    let parts = (env, collection::vec(toleration, 0..2), annotations());
    parts
        .prop_map(|(env, tolerations, annotations)| PodSettings {
            env,
            tolerations,
            annotations: annotations.into_iter().collect(),
            ..PodSettings::default()
        })
        .boxed()
}

fn component() -> BoxedStrategy<ComponentSpec> {
    let scaling = (1_u16..9, 0_u16..9).prop_map(|(min, more)| Autoscaling {
        min: NonZeroU16::new(min).unwrap(),
        max: NonZeroU16::new(min + more).unwrap(),
        cpu_percent: NonZeroU16::new(50),
        memory_percent: None,
    });
    let counted = prop_oneof![
        option::of(1_u16..9).prop_map(|number| (number.and_then(NonZeroU16::new), None)),
        scaling.prop_map(|scaling| (None, Some(scaling))),
    ];
    let parts = (counted, option::of(resources()), pod_settings());
    parts
        .prop_map(|((replicas, autoscaling), resources, pod)| ComponentSpec {
            replicas,
            // A part of nothing is nothing to aim at.
            resources: resources.filter(|_| autoscaling.is_none()),
            autoscaling,
            pod,
            ..ComponentSpec::default()
        })
        .boxed()
}

fn queue() -> BoxedStrategy<Queue> {
    let security = prop_oneof![
        Just(KafkaSecurity::Plaintext),
        credentials().prop_map(KafkaSecurity::ScramSha512),
        credentials().prop_map(KafkaSecurity::ScramSha256),
        credentials().prop_map(KafkaSecurity::Plain),
    ];
    let brokers = collection::vec("[a-z0-9]{1,9}(\\.[a-z]{1,5}){0,2}:[1-9][0-9]{0,3}", 1..4);
    let kafka = (brokers, security).prop_map(|(brokers, security)| Kafka {
        brokers: brokers
            .iter()
            .map(|broker| broker.parse().unwrap())
            .collect(),
        security,
    });
    let names = (
        option::of("[a-zA-Z0-9=:._-]{1,9}"),
        option::of("[a-zA-Z0-9=:._-]{1,9}"),
    );
    let pulsar = (
        any::<bool>(),
        names,
        any::<u32>(),
        option::of(credentials()),
    );
    let pulsar = pulsar.prop_map(|(tls, (tenant, namespace), size, auth)| Pulsar {
        endpoint: "pulsar.example.com:6650".parse().unwrap(),
        tls,
        tenant,
        namespace,
        max_message_size: std::num::NonZeroU32::new(size),
        auth,
    });
    prop_oneof![kafka.prop_map(Queue::Kafka), pulsar.prop_map(Queue::Pulsar),].boxed()
}

fn s3() -> BoxedStrategy<S3> {
    let access = prop_oneof![Just(S3Access::Iam), credentials().prop_map(S3Access::Keys)];
    let provider = prop::sample::select(vec![CloudProvider::Aws, CloudProvider::Azure]);
    let parts = (
        "[a-z0-9][a-z0-9-]{1,9}[a-z0-9]",
        "[A-Za-z0-9]{1,5}(/[a-z_!]{1,5})?",
        access,
        provider,
        any::<bool>(),
    );
    parts
        .prop_map(
            |(bucket, root_path, access, cloud_provider, virtual_host)| S3 {
                endpoint: "s3.us-west-2.amazonaws.com:443".parse().unwrap(),
                tls: true,
                bucket: bucket.parse().unwrap_or_else(|_| "demo".parse().unwrap()),
                root_path: root_path.parse().unwrap(),
                region: Some("us-west-2".parse().unwrap()),
                account: (access == S3Access::Iam && cloud_provider == CloudProvider::Azure)
                    .then(|| "account1".parse().unwrap()),
                access,
                cloud_provider,
                iam_endpoint: virtual_host.then(|| "https://sts.example.com/x?y=z".to_owned()),
                virtual_host,
            },
        )
        .boxed()
}

fn service_account() -> BoxedStrategy<ServiceAccount> {
    annotations()
        .prop_map(|annotations| ServiceAccount {
            name: "milvus".parse().unwrap(),
            create: false,
            annotations: annotations.into_iter().collect(),
            labels: Labels::default(),
        })
        .boxed()
}

fn cluster() -> BoxedStrategy<Cluster> {
    let role = prop::sample::select(vec![Role::Proxy, Role::QueryNode, Role::DataNode]);
    let parts = (
        collection::btree_map(role, component(), 0..3),
        etcd(),
        queue(),
        s3(),
        service_account(),
    );
    parts
        .prop_map(|(components, etcd, queue, s3, account)| Cluster {
            components,
            etcd,
            queue,
            s3,
            service_account: Some(account),
            resource_groups: Vec::new(),
        })
        .boxed()
}

/// One pod with any of its services elsewhere.
fn standalone() -> BoxedStrategy<Standalone> {
    let parts = (
        resources(),
        storage(),
        option::of(etcd()),
        option::of(queue()),
        option::of(s3()),
        service_account(),
        pod_settings(),
    );
    parts
        .prop_map(
            |(resources, storage, etcd, queue, s3, account, pod)| Standalone {
                resources,
                storage,
                etcd,
                queue,
                s3,
                service_account: Some(account),
                pod,
                ..Standalone::default()
            },
        )
        .boxed()
}

type Pairs = Vec<(milvus_aws_core::installation::MetadataKey, String)>;

fn annotations() -> impl Strategy<Value = Pairs> {
    let key = "([a-z]{1,5}\\.io/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,9}[A-Za-z0-9])?";
    collection::vec((key.prop_map(|key| key.parse().unwrap()), awkward()), 0..4)
}

/// The server's own settings: anything that JSON holds.
fn config() -> impl Strategy<Value = serde_json::Map<String, serde_json::Value>> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        awkward().prop_map(Value::from),
    ];
    let key = "[a-z][A-Za-z]{0,7}x";
    let value = leaf.prop_recursive(3, 20, 4, move |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::btree_map(key, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    collection::btree_map(key, value, 0..4).prop_map(|map| map.into_iter().collect())
}

fn installation() -> impl Strategy<Value = Installation> {
    let deployment = prop_oneof![
        standalone().prop_map(|standalone| Deployment::Standalone(Box::new(standalone))),
        cluster().prop_map(|cluster| Deployment::Cluster(Box::new(cluster))),
    ];
    let service = (any::<u16>(), annotations()).prop_map(|(port, annotations)| Service {
        kind: ServiceKind::LoadBalancer,
        port: NonZeroU16::new(port).unwrap_or(NonZeroU16::MIN),
        annotations: annotations.into_iter().collect(),
        ..Service::default()
    });
    let scheduling = "[a-z]{1,5}".prop_map(|name| PodSettings {
        node_selector: [("kubernetes.io/os".parse().unwrap(), name.parse().unwrap())]
            .into_iter()
            .collect(),
        image_pull_secrets: Some(vec![name.parse().unwrap()]),
        ..PodSettings::default()
    });
    let image = (
        option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}"),
        "[a-z]{1,5}(/[a-z]{1,5})?",
        prop::sample::select(vec![
            ImageGroups::EveryVersion,
            ImageGroups::ThisVersion,
            ImageGroups::None,
        ]),
    )
        .prop_map(|(tag, repository, groups)| Image {
            repository: repository.parse().unwrap(),
            tag: tag.map(|tag| tag.parse().unwrap()),
            pull_policy: PullPolicy::Always,
            groups,
        });
    let version = prop::sample::select(vec!["2.4.17", "2.5.4", "2.6.15", "3.0.0"]);
    let parts = (
        "[a-z][a-z0-9]{0,9}",
        version,
        image,
        deployment,
        service,
        scheduling,
        any::<bool>(),
        config(),
    );
    parts.prop_map(
        |(name, version, image, deployment, service, scheduling, authorization, config)| {
            Installation {
                name: name.parse().unwrap(),
                namespace: name.parse().unwrap(),
                version: version.parse().unwrap(),
                image,
                deployment,
                service,
                scheduling,
                authorization,
                config,
                ..Installation::default()
            }
        },
    )
}

/// The reader of a file with many distinct keys, so that a change of order would show.
fn ordered() -> BTreeMap<String, u8> {
    (0..20)
        .map(|number| (format!("k{number}"), number))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_installation(installation in installation()) {
        let text = installation.to_yaml();
        let read = Installation::from_yaml("milvus.yaml", &text);
        prop_assert!(read.is_ok(), "{}\n{text}", read.unwrap_err());
        prop_assert_eq!(read.unwrap(), installation, "{}", text);
    }

    #[test]
    fn amounts_are_read_as_they_are_written(millis in 1_u32..4_000_000, mib in 1_u64..1_000_000_000) {
        let (cpu, memory) = (Cpu::from_millis(millis), Memory::from_mib(mib));
        prop_assert_eq!(cpu.to_string().parse::<Cpu>().unwrap(), cpu);
        prop_assert_eq!(memory.to_string().parse::<Memory>().unwrap(), memory);
    }
}

#[test]
fn every_example_is_written_as_it_was_read() {
    for example in EXAMPLES {
        let installation = Installation::from_yaml("milvus.yaml", example).unwrap();
        assert_eq!(installation.problems(), [], "{example}");
        let text = installation.to_yaml();
        let again = Installation::from_yaml("milvus.yaml", &text);
        assert_eq!(again.as_ref(), Ok(&installation), "{text}");
    }
}

#[test]
fn a_written_file_is_a_good_first_file() {
    let mut installation = Installation::default();
    for (key, value) in ordered() {
        installation.config.insert(key, value.into());
    }
    insta::assert_snapshot!(installation.to_yaml());
}
