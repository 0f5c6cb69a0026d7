//! The kinds of objects that we make, in one table.

use std::fmt;

use k8s_openapi::{
    Resource,
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Secret, Service, ServiceAccount},
        policy::v1::PodDisruptionBudget,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::Error;

macro_rules! kinds {
    ($($kind:ident $plural:literal),+ $(,)?) => {
        /// A kind of object that we make. The order is that in which objects are applied.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("`", stringify!($kind), "`")] $kind,)+
        }

        impl Kind {
            /// Every kind that we ever make, in the order in which they are applied.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The kind as objects spell it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)+ }
            }

            /// The kind as paths of the API spell it.
            pub const fn plural(self) -> &'static str {
                match self { $(Self::$kind => $plural,)+ }
            }

            /// The group's version: `apps/v1`.
            pub const fn api_version(self) -> &'static str {
                match self { $(Self::$kind => <$kind as Resource>::API_VERSION,)+ }
            }
        }

        /// One typed object.
        #[derive(Clone, PartialEq)]
        pub enum Object {
            $(#[doc = concat!("A `", stringify!($kind), "`")] $kind($kind),)+
        }

        impl Object {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)+ }
            }

            /// Its metadata.
            pub fn metadata(&self) -> &ObjectMeta {
                match self { $(Self::$kind(object) => &object.metadata,)+ }
            }
        }

        impl Serialize for Object {
            fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$kind(object) => object.serialize(output),)+ }
            }
        }

        $(impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(object)
            }
        })+
    };
}

kinds! {
    Namespace "namespaces",
    ServiceAccount "serviceaccounts",
    ConfigMap "configmaps",
    Secret "secrets",
    PersistentVolumeClaim "persistentvolumeclaims",
    Service "services",
    PodDisruptionBudget "poddisruptionbudgets",
    StatefulSet "statefulsets",
    Deployment "deployments",
}

impl Kind {
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

/// Names an object within the installation's namespace: `deployment/demo-milvus-proxy`.
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
