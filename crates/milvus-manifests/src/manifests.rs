//! The objects of one installation, and their text.

use std::collections::HashSet;

use serde::Serialize;

use crate::{Error, Kind, Object, object::ObjectRef, yaml};

/// The objects of one installation in the order in which they are applied. The namespace is not among them.
#[derive(Default, Debug, Clone, PartialEq)]
pub struct Manifests {
    objects: Vec<Object>,
}

impl Manifests {
    /// Puts objects in order; two of the same kind and name are an error.
    pub(crate) fn new(mut objects: Vec<Object>) -> Result<Self, Error> {
        // In place: objects are large.
        objects.sort_by_cached_key(Object::kind);
        let mut seen = HashSet::new();
        for object in &objects {
            if !seen.insert(object.reference()) {
                return Err(Error::NameTaken(object.reference()));
            }
        }
        Ok(Self { objects })
    }

    /// These objects and more; one of a kind and name that is there already takes its place.
    #[must_use]
    pub fn with(mut self, more: impl IntoIterator<Item = Object>) -> Self {
        for object in more {
            let reference = object.reference();
            match self
                .objects
                .iter_mut()
                .find(|old| old.reference() == reference)
            {
                Some(old) => *old = object,
                None => self.objects.push(object),
            }
        }
        self.objects.sort_by_key(Object::kind);
        self
    }

    /// The objects in the order in which they are applied.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The object of that kind and name.
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Object> {
        let wanted = |object: &&Object| object.kind() == kind && object.name() == name;
        self.objects.iter().find(wanted)
    }

    /// What the objects are called.
    pub fn references(&self) -> impl Iterator<Item = ObjectRef> {
        self.objects.iter().map(Object::reference)
    }

    /// Every password in these objects: what no text for people may hold.
    #[cfg(feature = "apply")]
    pub(crate) fn passwords(&self) -> Vec<secrecy::SecretString> {
        let secrets = self.objects.iter().filter_map(|object| match object {
            Object::Secret(secret) => secret.data.as_ref(),
            _ => None,
        });
        let values = secrets.flat_map(|data| data.iter());
        let secrets = values
            .filter(|(key, _)| *key != crate::secret::USERNAME)
            .map(|(_, value)| value);
        let text = |bytes: &k8s_openapi::ByteString| String::from_utf8_lossy(&bytes.0).into_owned();
        secrets.map(|bytes| text(bytes).into()).collect()
    }

    /// YAML documents, one an object. Holds the passwords that were given, inside of `Secret` objects.
    pub fn to_yaml(&self) -> Result<String, Error> {
        /// Of one object's document, in bytes.
        const USUAL: usize = 2048;
        let mut text = String::with_capacity(USUAL * self.objects.len());
        for object in &self.objects {
            text.push_str("---\n");
            yaml::append(&mut text, object, object.reference())?;
        }
        Ok(text)
    }

    /// Each object's YAML document, without a separator.
    pub fn documents(&self) -> Result<Vec<(ObjectRef, String)>, Error> {
        let document = |object: &Object| {
            let reference = object.reference();
            let yaml = yaml::document(object, &reference)?;
            Ok((reference, yaml))
        };
        self.objects.iter().map(document).collect()
    }

    /// One JSON document: a `List`. Holds the passwords that were given, inside of `Secret` objects.
    pub fn to_json(&self) -> Result<String, Error> {
        let list = List {
            api_version: "v1",
            kind: "List",
            items: &self.objects,
        };
        let json = serde_json::to_string_pretty(&list);
        json.map(|text| text + "\n").map_err(|source| Error::Json {
            object: "the list of objects".to_owned(),
            source,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    api_version: &'static str,
    kind: &'static str,
    items: &'a [Object],
}
