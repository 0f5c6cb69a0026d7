//! The kinds of objects that we make, in one table.

use std::fmt;

use k8s_openapi::{
    Resource,
    api::{
        admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration},
        apps::v1::{Deployment, StatefulSet},
        autoscaling::v2::HorizontalPodAutoscaler,
        core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Secret, Service, ServiceAccount},
        networking::v1::{Ingress, IngressClass},
        policy::v1::PodDisruptionBudget,
        rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
        storage::v1::StorageClass,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

#[cfg(feature = "apply")]
use crate::load_balancer_controller::IngressClassParams;
use crate::{Error, service_monitor::ServiceMonitor};

/// Where objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster as a whole.
    Cluster,
}

macro_rules! kinds {
    ($($(#[$when:meta])* $kind:ident $plural:literal $scope:ident),+ $(,)?) => {
        /// A kind of object that we make. The order is that in which objects are applied.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$when])* #[doc = concat!("`", stringify!($kind), "`")] $kind,)+
        }

        impl Kind {
            /// Every kind that we ever make, in the order in which they are applied.
            pub const ALL: &[Self] = &[$($(#[$when])* Self::$kind),+];

            /// The kind as objects spell it.
            pub const fn as_str(self) -> &'static str {
                match self { $($(#[$when])* Self::$kind => stringify!($kind),)+ }
            }

            /// The kind as paths of the API spell it.
            pub const fn plural(self) -> &'static str {
                match self { $($(#[$when])* Self::$kind => $plural,)+ }
            }

            /// Where objects of the kind live.
            pub const fn scope(self) -> Scope {
                match self { $($(#[$when])* Self::$kind => Scope::$scope,)+ }
            }

            /// The group's version: `apps/v1`.
            pub const fn api_version(self) -> &'static str {
                match self { $($(#[$when])* Self::$kind => <$kind as Resource>::API_VERSION,)+ }
            }
        }

        /// One typed object.
        #[derive(Clone, PartialEq)]
        pub enum Object {
            $($(#[$when])* #[doc = concat!("A `", stringify!($kind), "`")] $kind($kind),)+
        }

        impl Object {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $($(#[$when])* Self::$kind(_) => Kind::$kind,)+ }
            }

            /// Its metadata.
            pub fn metadata(&self) -> &ObjectMeta {
                match self { $($(#[$when])* Self::$kind(object) => &object.metadata,)+ }
            }
        }

        impl Serialize for Object {
            fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                match self { $($(#[$when])* Self::$kind(object) => object.serialize(output),)+ }
            }
        }

        $($(#[$when])* impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(object)
            }
        })+
    };
}

kinds! {
    Namespace "namespaces" Cluster,
    CustomResourceDefinition "customresourcedefinitions" Cluster,
    StorageClass "storageclasses" Cluster,
    ServiceAccount "serviceaccounts" Namespaced,
    ClusterRole "clusterroles" Cluster,
    ClusterRoleBinding "clusterrolebindings" Cluster,
    Role "roles" Namespaced,
    RoleBinding "rolebindings" Namespaced,
    ConfigMap "configmaps" Namespaced,
    Secret "secrets" Namespaced,
    PersistentVolumeClaim "persistentvolumeclaims" Namespaced,
    Service "services" Namespaced,
    PodDisruptionBudget "poddisruptionbudgets" Namespaced,
    StatefulSet "statefulsets" Namespaced,
    Deployment "deployments" Namespaced,
    HorizontalPodAutoscaler "horizontalpodautoscalers" Namespaced,
    #[cfg(feature = "apply")]
    IngressClassParams "ingressclassparams" Cluster,
    IngressClass "ingressclasses" Cluster,
    Ingress "ingresses" Namespaced,
    ServiceMonitor "servicemonitors" Namespaced,
    MutatingWebhookConfiguration "mutatingwebhookconfigurations" Cluster,
    ValidatingWebhookConfiguration "validatingwebhookconfigurations" Cluster,
}

impl Kind {
    /// Whether every installation has objects of this kind. Others may be hidden from who needs none, and the cluster
    /// may not know them.
    pub const fn is_everywhere(self) -> bool {
        !matches!(
            self,
            Self::Role
                | Self::RoleBinding
                | Self::Ingress
                | Self::HorizontalPodAutoscaler
                | Self::ServiceMonitor
        )
    }

    /// Whether objects of this kind hold data that outlives pods.
    pub const fn holds_data(self) -> bool {
        matches!(self, Self::PersistentVolumeClaim)
    }
}

impl Object {
    /// Its name.
    pub fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// Kind and name.
    pub fn reference(&self) -> ObjectRef {
        ObjectRef {
            kind: self.kind(),
            name: self.name().to_owned(),
        }
    }

    /// The object as JSON.
    pub fn to_value(&self) -> Result<Value, Error> {
        serde_json::to_value(self).map_err(|source| Error::Json {
            object: self.reference().to_string(),
            source,
        })
    }
}

/// Kind and name alone: an object may hold a secret.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reference().fmt(f)
    }
}

/// Names an object within its namespace or the cluster: `deployment/demo-milvus-proxy`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str().to_lowercase(), self.name)
    }
}
