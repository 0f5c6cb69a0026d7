//! The values files.

/// What is said no to, and what is seen of what is rendered nevertheless.
pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) version: &'static str,
    /// Keys that cannot be honoured.
    pub(super) unsupported: &'static [&'static str],
    /// Deployments.
    pub(super) deployments: usize,
    pub(super) text: &'static str,
}

pub(super) const CASES: &[Case] = &[
    Case {
        what: "everything of the chart's own, behind MetalLB",
        version: "2.5.16",
        unsupported: &["minio", "pulsarv3"],
        deployments: 5,
        text: "
cluster: {enabled: true}
image: {all: {repository: registry.example.com/mirror/milvus, tag: v2.5.16, pullSecrets: [mirror]}}
service: {type: LoadBalancer, port: 19530, portName: milvus, annotations: {metallb.universe.tf/address-pool: default}, loadBalancerIP: 10.0.0.9}
proxy: {enabled: true, replicas: 1, resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 2, memory: 4Gi}}}
",
    },
    Case {
        what: "Google Cloud Storage by workload identity",
        version: "2.4.15",
        unsupported: &[],
        deployments: 5,
        text: "
cluster: {enabled: true}
service: {type: LoadBalancer}
minio: {enabled: false}
serviceAccount: {create: false, name: milvus-gcs}
externalS3: {enabled: true, host: storage.googleapis.com, port: 443, rootPath: milvus/my-release, bucketName: vectors, cloudProvider: gcp, useSSL: true, useIAM: true}
pulsar: {enabled: false}
externalPulsar: {enabled: true, host: pulsar.example.com, port: 6650, tenant: search}
",
    },
    Case {
        what: "Azure Blob Storage by key",
        version: "2.4.15",
        unsupported: &["pulsar"],
        deployments: 5,
        text: "
minio: {enabled: false}
extraConfigFiles:
  user.yaml: |+
    common:
      storageType: remote
externalS3: {enabled: true, host: core.windows.net, port: 443, rootPath: my-release, bucketName: container, cloudProvider: azure, useSSL: true, accessKey: account, secretKey: c2VjcmV0PT0=}
",
    },
    Case {
        what: "one pod with a GPU and an object storage elsewhere",
        version: "2.5.4",
        unsupported: &["standalone.resources.requests.nvidia.com/gpu", "standalone.resources.limits.nvidia.com/gpu"],
        deployments: 1,
        text: "
cluster: {enabled: false}
pulsarv3: {enabled: false}
minio: {enabled: false}
image: {all: {tag: v2.5.4-gpu}}
externalS3: {enabled: true, host: us-east-1.linodeobjects.com, port: '443', accessKey: key, secretKey: secret, useSSL: true, bucketName: vectors, cloudProvider: aws, region: us-east-1}
standalone:
  resources: {requests: {nvidia.com/gpu: '1', memory: 16Gi}, limits: {nvidia.com/gpu: '1'}}
  persistence: {persistentVolumeClaim: {size: 100Gi, storageClass: fast}}
",
    },
    Case {
        what: "a developer's pod on the chart's Kafka",
        version: "2.4.13",
        unsupported: &["minio", "kafka.enabled"],
        deployments: 1,
        text: "
cluster: {enabled: false}
log: {level: debug}
image: {all: {repository: example/milvus-dev, tag: 2.4-20240925-bdc59f3b-amd64, pullPolicy: IfNotPresent}}
standalone: {messageQueue: kafka, resources: {requests: {cpu: 1000m, memory: 2Gi}, limits: {cpu: 2000m, memory: 4Gi}}}
etcd: {replicaCount: 3, image: {debug: false, repository: milvusdb/etcd, tag: 3.5.5-r2}}
minio: {mode: standalone}
pulsar: {enabled: false}
kafka: {enabled: true, name: kafka, replicaCount: 3, defaultReplicationFactor: 2}
extraConfigFiles:
  user.yaml: |+
    common:
      ttMsgEnabled: false
",
    },
    Case {
        what: "2.6 with its own log on Longhorn, and keys that nobody knows",
        version: "2.6.20",
        unsupported: &["minio", "msgStreamType"],
        deployments: 5,
        text: "
image: {all: {tag: v2.6.20}}
cluster: {enabled: true}
mixCoordinator: {enabled: true}
streaming: {enabled: true}
indexNode: {enabled: false}
msgStreamType: woodpecker
pulsar: {enabled: false}
pulsarv3: {enabled: false}
woodpecker: {enabled: true}
etcd: {replicaCount: 1, persistence: {enabled: true, storageClass: longhorn}, resources: {requests: {cpu: 200m, memory: 512Mi}, limits: {cpu: '1', memory: 1Gi}}}
minio: {mode: standalone, persistence: {storageClass: longhorn}}
",
    },
    Case {
        what: "the log named in the settings alone",
        version: "2.6.20",
        unsupported: &[],
        deployments: 5,
        text: "
minio: {enabled: false}
pulsarv3: {enabled: false}
externalS3: {enabled: true, host: minio.storage.svc, port: 9000, accessKey: a, secretKey: b, bucketName: vectors}
extraConfigFiles:
  user.yaml: |
    mq: {type: woodpecker}
",
    },
    Case {
        what: "the own log of one pod, as before 2.6",
        version: "2.6.15",
        unsupported: &[],
        deployments: 1,
        text: "
cluster: {enabled: false}
standalone: {messageQueue: rocksmq}
etcd: {replicaCount: 1}
minio: {enabled: false}
pulsarv3: {enabled: false}
externalS3: {enabled: true, host: minio.storage.svc, port: 9000, accessKey: a, secretKey: b, bucketName: vectors}
",
    },
    Case {
        what: "an internet-facing NLB with coordinators in pairs, on the chart's Pulsar",
        version: "2.4.5",
        unsupported: &["pulsar"],
        deployments: 8,
        text: "
cluster: {enabled: true}
service:
  type: LoadBalancer
  port: 19530
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-type: external
    service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing
serviceAccount: {create: true, name: milvus, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/milvus'}}
minio: {enabled: false}
externalS3: {enabled: true, host: s3.us-east-2.amazonaws.com, port: '443', useSSL: true, bucketName: vectors, useIAM: true, cloudProvider: aws, iamEndpoint: ''}
rootCoordinator: &pair {replicas: 2, activeStandby: {enabled: true}, resources: {limits: {cpu: 1, memory: 2Gi}}}
indexCoordinator: *pair
queryCoordinator: *pair
dataCoordinator: *pair
proxy: {replicas: 2, resources: {limits: {cpu: 1, memory: 2Gi}}}
",
    },
    Case {
        what: "autoscaling on nodes of its own",
        version: "2.5.16",
        unsupported: &[],
        deployments: 5,
        text: "
minio: {enabled: false}
pulsarv3: {enabled: false}
externalS3: {enabled: true, host: minio.example.com, port: 9000, accessKey: a, secretKey: b, bucketName: vectors, rootPath: file}
externalKafka: {enabled: true, brokerList: 'kafka-0:9092,kafka-1:9092', securityProtocol: PLAINTEXT, sasl: {mechanisms: '', username: '', password: ''}}
nodeSelector: {pool: milvus}
tolerations: [{key: dedicated, operator: Equal, value: milvus, effect: NoSchedule}]
queryNode:
  hpa: {enabled: true, minReplicas: 2, maxReplicas: 10, cpuUtilization: 60}
  resources: {requests: {cpu: 4, memory: 16Gi}, limits: {cpu: 4, memory: 16Gi, ephemeral-storage: 100Gi}}
  disk: {enabled: true, size: {enabled: true}}
  affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {component: querynode}}}}]}}
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {component: querynode}}}]
  extraEnv: [{name: LD_PRELOAD, value: /milvus/lib/libjemalloc.so}]
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  profiling: {enabled: true}
",
    },
    Case {
        what: "TLS and users",
        version: "2.4.17",
        unsupported: &[],
        deployments: 5,
        text: "
minio: {enabled: false}
pulsar: {enabled: false}
externalS3: {enabled: true, host: minio.example.com, port: 9000, accessKey: a, secretKey: b, bucketName: vectors, rootPath: file}
externalKafka: {enabled: true, brokerList: 'kafka:9093', securityProtocol: SASL_SSL, sasl: {mechanisms: SCRAM-SHA-256, username: milvus, password: secret}}
proxy:
  tls: {enabled: true, secretName: milvus-tls}
  volumes: [{name: milvus-tls, secret: {secretName: milvus-tls}}]
  volumeMounts: [{name: milvus-tls, mountPath: /etc/milvus/certs/}]
extraConfigFiles:
  user.yaml: |+
    tls:
      serverPemPath: /etc/milvus/certs/tls.crt
      serverKeyPath: /etc/milvus/certs/tls.key
    common:
      security:
        tlsMode: 1
        authorizationEnabled: true
    proxy:
      maxUserNum: 100
",
    },
    Case {
        what: "an etcd and a Pulsar that exist, with a token",
        version: "2.3.13",
        unsupported: &[],
        deployments: 8,
        text: "
etcd: {enabled: false}
externalEtcd: {enabled: true, endpoints: ['etcd-0.example.com:2379', 'etcd-1.example.com:2379', 'etcd-2.example.com:2379']}
pulsar: {enabled: false}
externalPulsar: {enabled: true, host: pulsar.example.com, port: 6650, maxMessageSize: '2097152', tenant: search, namespace: milvus, authPlugin: token, authParams: 'token:abc.def'}
minio: {enabled: false}
externalS3: {enabled: true, host: minio.example.com, port: 9000, accessKey: a, secretKey: b, bucketName: vectors, rootPath: file, useVirtualHost: true}
",
    },
    Case {
        what: "what the sizing tool writes",
        version: "2.6.15",
        unsupported: &["minio", "pulsarv3"],
        deployments: 5,
        text: "
mixCoordinator: {replicas: 1, resources: {limits: {cpu: '1', memory: 4Gi}}}
proxy: {replicas: 1, resources: {limits: {cpu: 1, memory: 4Gi}}}
dataNode: {replicas: 1, resources: {limits: {cpu: 2, memory: 8Gi}}}
queryNode: {replicas: 1, resources: {limits: {cpu: 2, memory: 8Gi}}}
streamingNode: {replicas: 1, resources: {limits: {cpu: 2, memory: 8Gi}}}
etcd: {replicaCount: 3, resources: {limits: {cpu: 1, memory: 4Gi}}, persistence: {size: 20Gi}}
minio: {resources: {limits: {cpu: 1, memory: 8Gi}}, persistence: {size: 30Gi}}
pulsarv3: {bookkeeper: {replicaCount: 3}, broker: {replicaCount: 2}}
",
    },
    Case {
        what: "resource groups and changes to another cluster",
        version: "2.6.15",
        unsupported: &[],
        deployments: 8,
        text: "
replicaResourceGroups: [rg1, rg2]
cdc: {enabled: true}
minio: {enabled: false}
pulsarv3: {enabled: false}
woodpecker: {enabled: true}
externalS3: {enabled: true, host: s3.eu-central-1.amazonaws.com, port: 443, useSSL: true, useIAM: true, bucketName: vectors}
serviceAccount: {create: true, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/milvus'}, labels: {team: search}}
",
    },
    Case {
        what: "watched, reached by name, and logging to a volume",
        version: "2.5.10",
        unsupported: &[],
        deployments: 2,
        text: "
fullnameOverride: vectors
labels: {team: search}
annotations: {example.com/owner: search}
cluster: {enabled: false}
minio: {enabled: false}
pulsarv3: {enabled: false}
externalS3: {enabled: true, host: minio.example.com, port: 9000, accessKey: a, secretKey: b, bucketName: vectors}
etcd: {replicaCount: 1, extraEnvVars: [{name: ETCD_QUOTA_BACKEND_BYTES, value: '8589934592'}], nodeSelector: {disk: ssd}, autoCompactionRetention: 500}
ingress:
  enabled: true
  ingressClassName: nginx
  rules: [{host: milvus.example.com, path: /, pathType: Prefix}]
  tls: [{secretName: milvus-tls, hosts: [milvus.example.com]}]
metrics: {serviceMonitor: {enabled: true, interval: 15s, additionalLabels: {release: prometheus}}}
log: {level: warn, format: json, file: {maxSize: 100}, persistence: {enabled: true, persistentVolumeClaim: {size: 5Gi, storageClass: nfs}}}
attu: {enabled: true, service: {type: NodePort}, ingress: {enabled: true, ingressClassName: nginx, hosts: [attu.example.com]}}
securityContext: {runAsUser: 1000, fsGroup: 1000}
volumes: [{name: extra, emptyDir: {}}]
volumeMounts: [{name: extra, mountPath: /extra}]
",
    },
];
