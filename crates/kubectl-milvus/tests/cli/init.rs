//! `init`: a file to install from.

use std::fs;

use milvus_aws_core::{Installation, installation::Target};

use crate::plugin::{Folder, Ran};

#[track_caller]
fn installation(ran: &Ran) -> Installation {
    Installation::from_yaml("milvus.yaml", &ran.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{ran:?}"))
}

#[test]
fn without_a_load_the_usual_sizes() {
    let folder = Folder::new();
    let ran = folder.run(&["init"]).exits(0);
    assert_eq!(installation(&ran), Installation::default());
    assert_eq!(ran.stderr, "");
    let args = [
        "init",
        "--name",
        "vectors",
        "-n",
        "search",
        "--milvus-version",
        "2.5",
    ];
    let named = installation(&folder.run(&args).exits(0));
    assert_eq!(
        (named.name.as_str(), named.namespace.as_str()),
        ("vectors", "search")
    );
    assert_eq!(named.version.to_string(), "2.5.26");
}

#[test]
fn the_file_is_rendered_as_it_is() {
    let folder = Folder::new();
    let args = [
        "init",
        "--vectors",
        "1M",
        "--dim",
        "768",
        "-f",
        "milvus.yaml",
    ];
    let ran = folder.run(&args).exits(0);
    ran.says(&["wrote milvus.yaml", "kubectl milvus plan -f milvus.yaml"]);
    let rendered = folder.run(&["render", "-f", "milvus.yaml"]).exits(0);
    assert!(rendered.stdout.contains("memory: 10Gi"), "{rendered:?}");
}

#[test]
fn every_target() {
    let folder = Folder::new();
    let load = [
        "init",
        "--vectors",
        "1M",
        "--dim",
        "1024",
        "--index",
        "HNSW",
    ];
    let of = |args: &[&str]| installation(&folder.run(&[&load[..], args].concat()).exits(0));
    assert_eq!(of(&[]).target(), Target::Kubernetes);
    let aws = of(&[
        "--target",
        "aws",
        "--generation",
        "guide",
        "--instance-type",
        "m6i.2xlarge",
    ]);
    assert_eq!(aws.target(), Target::Aws);
    let nodes = &aws.on_aws().unwrap().aws.eks.nodes;
    assert_eq!(
        (nodes.instance_type.as_str(), nodes.count.get()),
        ("m6i.2xlarge", 3)
    );
    assert_eq!(aws.version.to_string(), "2.4.5");
    let eks = of(&["--target", "eks", "--eks-cluster", "team"]);
    assert_eq!(eks.target(), Target::Eks);
}

#[test]
fn json_is_the_same_document() {
    let folder = Folder::new();
    let load = [
        "init",
        "--vectors",
        "20M",
        "--dim",
        "768",
        "--target",
        "aws",
    ];
    let yaml = installation(&folder.run(&load).exits(0));
    let json = folder.run(&[&load[..], &["-o", "json"]].concat()).exits(0);
    assert_eq!(json.json()["target"], "aws");
    assert_eq!(installation(&json), yaml);
}

#[test]
fn a_file_that_is_there_stays() {
    let folder = Folder::new();
    folder.write("milvus.yaml", "mine\n");
    let path = folder.path().join("milvus.yaml");
    let ran = folder.run(&["init", "-f", "milvus.yaml"]).exits(5);
    ran.says(&["milvus.yaml exists", "`--force`"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine\n");
    folder
        .run(&["init", "-f", "milvus.yaml", "--force"])
        .exits(0);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("apiVersion: kubectl-milvus/v1"), "{text}");
    let ran = folder.run(&["init", "-f", "absent/milvus.yaml"]).exits(1);
    ran.says(&["write absent/milvus.yaml"]);
}

#[test]
fn what_does_not_go_together() {
    let folder = Folder::new();
    let wrong = |args: &[&str], words: &[&str]| {
        folder.run(&[&["init"], args].concat()).exits(2).says(words);
    };
    wrong(&["--target", "eks"], &["--eks-cluster"]);
    wrong(&["--eks-cluster", "team"], &["--target eks"]);
    wrong(&["--target", "gke"], &["gke", "kubernetes"]);
    wrong(&["--vectors", "1M"], &["--dim"]);
    wrong(&["--index", "HNSW"], &["--vectors"]);
    wrong(&["--force"], &["--file"]);
    wrong(&["--name", "My_Milvus"], &["My_Milvus"]);
    let load = ["--vectors", "1M", "--dim", "768"];
    let on_aws = [&load[..], &["--target", "aws", "--mode", "standalone"]].concat();
    wrong(&on_aws, &["one deployment per role"]);
    wrong(
        &["--vectors", "2B", "--dim", "768"],
        &["beyond the sizing tool"],
    );
}
