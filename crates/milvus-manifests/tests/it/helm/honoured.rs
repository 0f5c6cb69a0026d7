//! Values whose effect shows in one place: what helm makes of them is made here too, or it is said why not.

use serde_json::{Value, json};

use super::{
    keys::SERVICES,
    release::{imported, lines, objects},
};
use crate::fixtures::object;

/// Values behind the services, and what is at a place of an object.
struct Row {
    version: &'static str,
    values: &'static str,
    kind: &'static str,
    name: &'static str,
    pointer: &'static str,
    is: &'static str,
}

const fn row(
    values: &'static str,
    (kind, name): (&'static str, &'static str),
    pointer: &'static str,
    is: &'static str,
) -> Row {
    Row {
        version: "2.6.15",
        values,
        kind,
        name,
        pointer,
        is,
    }
}

const ATTU: (&str, &str) = ("Deployment", "demo-milvus-attu");
const ETCD: (&str, &str) = ("StatefulSet", "demo-etcd");
const POD: &str = "/spec/template/spec";

const ROWS: &[Row] = &[
    // Where Milvus runs Attu runs too, unless it says its own.
    row(
        "attu: {enabled: true}\nnodeSelector: {pool: milvus}",
        ATTU,
        "/nodeSelector",
        "{pool: milvus}",
    ),
    row(
        "attu: {enabled: true, nodeSelector: {pool: web}}\nnodeSelector: {pool: milvus}",
        ATTU,
        "/nodeSelector",
        "{pool: web}",
    ),
    row(
        "attu: {enabled: true}\ntolerations: [{key: dedicated, operator: Exists}]",
        ATTU,
        "/tolerations/0/key",
        "dedicated",
    ),
    row(
        "attu: {enabled: true}\naffinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}",
        ATTU,
        "/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution",
        "[]",
    ),
    row(
        "attu: {enabled: true}\nsecurityContext: {fsGroup: 2000}",
        ATTU,
        "/securityContext/fsGroup",
        "2000",
    ),
    row(
        "attu: {enabled: true}\ncontainerSecurityContext: {runAsUser: 1234}",
        ATTU,
        "/containers/0/securityContext/runAsUser",
        "1234",
    ),
    row(
        "attu: {enabled: true}\nannotations: {team: search}\nlabels: {owner: a}",
        ATTU,
        "@/metadata/annotations/team",
        "search",
    ),
    row(
        "attu: {enabled: true}\nlabels: {owner: a}",
        ATTU,
        "@/metadata/labels/owner",
        "a",
    ),
    Row {
        version: "2.4.17",
        ..row(
            "attu: {enabled: true}\nsecurityContext: {fsGroup: 2000}",
            ATTU,
            "/securityContext/fsGroup",
            "null",
        )
    },
    // What is said of all sub-charts goes for etcd.
    row(
        "global: {imageRegistry: registry.example.com}",
        ETCD,
        "/containers/0/image",
        "registry.example.com/milvusdb/etcd:3.5.25-r1",
    ),
    row(
        "etcd: {image: {registry: own.example.com, repository: a/etcd}, global: {imageRegistry: inner.example.com}}\nglobal: {imageRegistry: registry.example.com}",
        ETCD,
        "/containers/0/image",
        "registry.example.com/a/etcd:3.5.25-r1",
    ),
    row(
        "etcd: {global: {imageRegistry: inner.example.com}}",
        ETCD,
        "/containers/0/image",
        "inner.example.com/milvusdb/etcd:3.5.25-r1",
    ),
    row(
        "global: {storageClass: fast}\netcd: {persistence: {storageClass: slow}}",
        ETCD,
        "@/spec/volumeClaimTemplates/0/spec/storageClassName",
        "fast",
    ),
    row(
        "global: {imagePullSecrets: [all]}\netcd: {image: {pullSecrets: [own]}}",
        ETCD,
        "/imagePullSecrets",
        "[{name: all}, {name: own}]",
    ),
    // What is said of Milvus's image is not said of etcd's.
    row(
        "image: {all: {pullPolicy: Never, pullSecrets: [milvus]}}",
        ETCD,
        "/containers/0/imagePullPolicy",
        "IfNotPresent",
    ),
    row(
        "image: {all: {pullPolicy: Never, pullSecrets: [milvus]}}",
        ETCD,
        "/imagePullSecrets",
        "null",
    ),
    row(
        "image: {all: {pullSecrets: [milvus]}}",
        ("Deployment", "demo-milvus-proxy"),
        "/imagePullSecrets",
        "[{name: milvus}]",
    ),
    row(
        "etcd: {podSecurityContext: {enabled: true, fsGroup: 2000}}",
        ETCD,
        "/securityContext/fsGroup",
        "2000",
    ),
    row(
        "etcd: {containerSecurityContext: {enabled: true, runAsUser: 2000}}",
        ETCD,
        "/containers/0/securityContext/runAsUser",
        "2000",
    ),
];

#[test]
fn what_values_say_is_there() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let imported = imported(row.version, &format!("{SERVICES}{}", row.values));
        let said = lines(&imported.unsupported);
        let manifests = objects(&imported);
        let object = object(&manifests, row.kind, row.name);
        let pointer = match row.pointer.strip_prefix('@') {
            Some(pointer) => pointer.to_owned(),
            None => format!("{POD}{}", row.pointer),
        };
        let expected: Value = serde_saphyr::from_str(row.is).unwrap();
        let is = object.pointer(&pointer).unwrap_or(&Value::Null);
        if *is != expected || !said.is_empty() {
            wrong.push(format!("{}: {} is {is}, {said:?}", row.values, row.pointer));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn etcd_s_defaults_are_no_wishes() {
    let more = "\
etcd:
  serviceAccount: {create: false, name: '', annotations: {}}
  commonLabels: {}
  service: {enabled: true, annotations: {}, ports: {client: 2379, peer: 2380}, sessionAffinity: None}
  persistence: {enabled: true, accessModes: [ReadWriteOnce], annotations: {}, labels: {}, selector: {}}
  podSecurityContext: {enabled: true, fsGroup: 1001}
  containerSecurityContext: {enabled: true, runAsUser: 1001, runAsNonRoot: true, allowPrivilegeEscalation: false}
  updateStrategy: {type: RollingUpdate}
  pdb: {create: true, minAvailable: 51%, maxUnavailable: ''}
  livenessProbe: {enabled: true, initialDelaySeconds: 60, periodSeconds: 30, timeoutSeconds: 10}
  readinessProbe: {enabled: true, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 5}
  startupProbe: {enabled: false, failureThreshold: 60}
  persistentVolumeClaimRetentionPolicy: {enabled: false, whenScaled: Retain}
  removeMemberOnContainerTermination: true
  auth: {rbac: {create: false, allowNoneAuthentication: true}, token: {enabled: false, type: jwt}}
  nodeAffinityPreset: {type: '', key: '', values: []}
  terminationGracePeriodSeconds: ''
  initialClusterState: ''
  lifecycleHooks: {}
";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    assert_eq!(lines(&imported.unsupported), Vec::<String>::new());
    assert_eq!(lines(&imported.notices), Vec::<String>::new());
}

#[test]
fn what_helm_would_make_of_etcd_and_we_do_not_is_said() {
    let mut wrong = Vec::new();
    for (key, value) in [
        ("serviceAccount.create", json!(true)),
        ("serviceAccount.name", json!("etcd")),
        ("service.annotations", json!({"a": "b"})),
        ("service.headless.annotations", json!({"a": "b"})),
        ("service.enabled", json!(false)),
        ("persistence.annotations", json!({"a": "b"})),
        ("persistence.labels", json!({"a": "b"})),
        ("persistence.accessModes", json!(["ReadWriteMany"])),
        ("commonLabels", json!({"a": "b"})),
        ("commonAnnotations", json!({"a": "b"})),
        ("updateStrategy.type", json!("OnDelete")),
        ("terminationGracePeriodSeconds", json!(120)),
        ("persistentVolumeClaimRetentionPolicy.enabled", json!(true)),
        ("auth.token.enabled", json!(true)),
        ("auth.rbac.allowNoneAuthentication", json!(false)),
        ("livenessProbe.initialDelaySeconds", json!(300)),
        ("readinessProbe.enabled", json!(false)),
        ("nodeAffinityPreset.type", json!("hard")),
        ("podSecurityContext.enabled", json!(false)),
        ("containerSecurityContext.enabled", json!(false)),
        ("maxProcs", json!(2)),
        ("initialClusterState", json!("existing")),
        ("schedulerName", json!("own")),
        ("customLivenessProbe", json!({"exec": {}})),
        ("lifecycleHooks", json!({"preStop": {}})),
        ("extraEnvVarsSecret", json!("more")),
    ] {
        let nested = key
            .rsplit('.')
            .fold(value, |inner, part| json!({ (part): inner }));
        let text = format!("{SERVICES}etcd: {nested}");
        let said = lines(&imported("2.6.15", &text).unsupported);
        let is_told = |line: &String| line.contains(&format!(" etcd.{key}: cannot be honoured: "));
        if said.len() != 1 || !said.iter().all(is_told) {
            wrong.push(format!("{key}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let budget = format!("{SERVICES}etcd: {{pdb: {{create: true, minAvailable: 1}}}}");
    let said = lines(&imported("2.6.15", &budget).unsupported);
    assert!(said[0].contains("etcd.pdb.minAvailable"), "{said:?}");
}

#[test]
fn annotations_of_claims_are_said() {
    let pod = "cluster: {enabled: false}\nstandalone: {messageQueue: kafka, persistence: {annotations: {helm.sh/resource-policy: keep, backup.example.com/on: 'yes'}}}\nlog: {persistence: {enabled: true, annotations: {team: x, helm.sh/resource-policy: keep}}}\n";
    let said = lines(&imported("2.6.15", &format!("{SERVICES}{pod}")).unsupported);
    let keys = [
        "standalone.persistence.annotations.backup.example.com/on: cannot be honoured",
        "log.persistence.annotations.team: cannot be honoured",
    ];
    assert_eq!(said.len(), 2, "{said:?}");
    for (line, key) in said.iter().zip(keys) {
        assert!(line.contains(key), "{said:?}");
    }
}
