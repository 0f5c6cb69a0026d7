//! The file that installs what was sized.

use milvus_aws_core::{
    Installation, Topology,
    installation::{Deployment, Etcd, Namespace, Note, Target},
    sizing::{Destination, Generation, Mode, NoSize},
    topology::Role,
};

use super::{cluster, request};

/// What is written is read as the same, comments and all.
#[track_caller]
fn round_trip(installation: &Installation, top: &[String], notes: &[Note]) -> String {
    let text = installation.to_commented_yaml(top, notes);
    match Installation::from_yaml("milvus.yaml", &text) {
        Ok(read) => assert_eq!(&read, installation, "{text}"),
        Err(error) => panic!("{error}\n{text}"),
    }
    text
}

#[test]
fn the_guide_in_an_account() {
    let sizing = cluster(Generation::Guide, "1M", "1024", "HNSW");
    let nodes = sizing.nodes("m6i.2xlarge").unwrap();
    let installation = sizing
        .installation("demo".parse().unwrap(), &Destination::Aws, Some(&nodes))
        .unwrap();
    let (top, words) = sizing.notes_of_file();
    insta::assert_snapshot!(round_trip(&installation, &top, &words));
    assert_eq!(installation.target(), Target::Aws);
    let topology = Topology::of(&installation);
    let root = topology
        .components
        .iter()
        .find(|component| component.role == Role::RootCoordinator);
    assert!(root.unwrap().active_standby);
}

#[test]
fn one_pod_on_kubernetes() {
    let mut request = request(Generation::V2_6, "1M", "768", "HNSW");
    request.scalar_bytes = "100".parse().unwrap();
    request.offload = true;
    request.segment = Some("2048".parse().unwrap());
    let sizing = request.size().unwrap();
    let installation = sizing
        .installation("vectors".parse().unwrap(), &Destination::Kubernetes, None)
        .unwrap();
    let (top, words) = sizing.notes_of_file();
    insta::assert_snapshot!(round_trip(&installation, &top, &words));
}

#[test]
fn a_cluster_on_kubernetes_names_hosts_that_do_not_exist() {
    let sizing = cluster(Generation::V2_6, "20M", "768", "HNSW");
    let installation = sizing
        .installation("vectors".parse().unwrap(), &Destination::Kubernetes, None)
        .unwrap();
    let (top, words) = sizing.notes_of_file();
    insta::assert_snapshot!(round_trip(&installation, &top, &words));
}

#[test]
fn around_a_cluster_of_eks_that_exists() {
    let sizing = cluster(Generation::V2_6, "20M", "768", "HNSW");
    let (nodes, _) = sizing.node_plans().unwrap();
    let destination = Destination::Eks("team".parse().unwrap());
    let installation = sizing
        .installation("vectors".parse().unwrap(), &destination, Some(&nodes))
        .unwrap();
    let (top, words) = sizing.notes_of_file();
    round_trip(&installation, &top, &words);
    assert_eq!(installation.target(), Target::Eks);
    let on_aws = installation.on_aws().unwrap();
    assert_eq!(
        on_aws.aws.eks,
        Destination::Aws
            .installation("x".parse().unwrap())
            .on_aws()
            .unwrap()
            .aws
            .eks
    );
}

/// Every release with every destination.
#[test]
fn every_generation_is_valid_everywhere() {
    for generation in Generation::ALL {
        for vectors in ["1M", "12M", "300M"] {
            let sizing = cluster(generation, vectors, "768", "HNSW");
            let (nodes, _) = sizing.node_plans().unwrap();
            let (top, words) = sizing.notes_of_file();
            for destination in [
                Destination::Kubernetes,
                Destination::Aws,
                Destination::Eks("team".parse().unwrap()),
            ] {
                let installation = sizing
                    .installation("vectors".parse().unwrap(), &destination, Some(&nodes))
                    .unwrap();
                round_trip(&installation, &top, &words);
                // Every role that is sized runs, and no other.
                let topology = Topology::of(&installation);
                let runs: Vec<_> = topology
                    .components
                    .iter()
                    .map(|component| {
                        (
                            component.role,
                            u64::from(component.replicas),
                            component.resources.limits.memory,
                        )
                    })
                    .collect();
                let sized: Vec<_> = sizing
                    .components
                    .iter()
                    .map(|size| (size.role, size.replicas, Some(size.shape.memory)))
                    .collect();
                assert_eq!(runs, sized, "{generation} {vectors} {destination:?}");
            }
        }
    }
}

#[test]
fn the_file_of_no_load() {
    let kubernetes = Destination::Kubernetes.installation("milvus".parse().unwrap());
    assert_eq!(kubernetes, Installation::default());
    for destination in [Destination::Aws, Destination::Eks("team".parse().unwrap())] {
        let installation = destination.installation("demo".parse().unwrap());
        round_trip(&installation, &[], &[]);
        assert!(installation.authorization);
    }
}

#[test]
fn one_pod_is_nothing_for_aws() {
    let sizing = request(Generation::V2_6, "1M", "768", "HNSW")
        .size()
        .unwrap();
    assert_eq!(sizing.mode, Mode::Standalone);
    let refusal = sizing.installation("demo".parse().unwrap(), &Destination::Aws, None);
    assert_eq!(refusal, Err(NoSize::NoStandaloneOnAws));
}

#[test]
fn metadata_is_within_the_one_pod() {
    let sizing = request(Generation::V2_6, "1M", "768", "HNSW")
        .size()
        .unwrap();
    let installation = sizing
        .installation("demo".parse().unwrap(), &Destination::Kubernetes, None)
        .unwrap();
    let Deployment::Standalone(pod) = &installation.deployment else {
        panic!("{installation:?}");
    };
    // 8 GiB of the tool, and 2 of etcd.
    assert_eq!(pod.resources.limits.memory.unwrap().to_string(), "10Gi");
    assert_eq!(pod.resources.requests.cpu.unwrap().to_string(), "2500m");
}

#[test]
fn etcd_is_as_sized() {
    let sizing = cluster(Generation::V2_6, "300M", "768", "HNSW");
    let installation = sizing
        .installation("demo".parse().unwrap(), &Destination::Kubernetes, None)
        .unwrap();
    let Deployment::Cluster(cluster) = &installation.deployment else {
        panic!("{installation:?}");
    };
    let Etcd::InCluster(etcd) = &cluster.etcd else {
        panic!("{cluster:?}");
    };
    assert_eq!(etcd.storage.size.to_string(), "50Gi");
    assert_eq!(etcd.resources.limits.memory.unwrap().to_string(), "8Gi");
}

/// Texts that look like keys are within values, and stay as they are.
#[test]
fn notes_stand_above_their_keys_alone() {
    let mut installation = Installation {
        namespace: "search".parse::<Namespace>().unwrap(),
        ..Installation::default()
    };
    installation
        .config
        .insert("text".to_owned(), "a: |\nmode: x\n  standalone:\n".into());
    installation
        .config
        .insert("mode".to_owned(), "inner".into());
    let notes = [
        Note::new("mode", "the mode\nand: no second line"),
        Note::new("standalone.storage", "the volume"),
        Note::new("cluster.kafka", "not there"),
    ];
    let text = round_trip(&installation, &["top".to_owned()], &notes);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "# top");
    let comments: Vec<_> = lines
        .iter()
        .filter(|line| line.trim_start().starts_with('#'))
        .collect();
    assert_eq!(
        comments,
        [
            &"# top",
            &"# the modeand: no second line",
            &"  # the volume"
        ]
    );
    let at = lines
        .iter()
        .position(|line| line.contains("the mode"))
        .unwrap();
    assert_eq!(lines[at + 1], "mode: standalone");
}
