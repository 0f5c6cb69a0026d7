//! What a user says of a part of a Kubernetes object that we have defaults for: a value, or `null`.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor},
    ser::{Error as _, SerializeMap},
};
use serde_json::Value as Json;

/// Fields of a Kubernetes type as a user writes them over our defaults. A field that is absent keeps our default, one
/// with a value replaces it, and `null` takes it out.
///
/// `T` must be a struct of Kubernetes' own whose fields may all be absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides<T> {
    /// The fields that have a value.
    pub set: T,
    /// Names of the fields that are `null`, as Kubernetes spells them.
    pub unset: BTreeSet<&'static str>,
}

impl<T> From<T> for Overrides<T> {
    fn from(set: T) -> Self {
        Self {
            set,
            unset: BTreeSet::new(),
        }
    }
}

impl<T> Overrides<T> {
    /// Whether our default of that field is taken out.
    pub fn takes_out(&self, field: &str) -> bool {
        self.unset.contains(field)
    }
}

impl<T: Serialize> Serialize for Overrides<T> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let Json::Object(set) = serde_json::to_value(&self.set).map_err(S::Error::custom)? else {
            return Err(S::Error::custom("is no section of keys and values"));
        };
        let mut map = output.serialize_map(None)?;
        for (field, value) in &set {
            map.serialize_entry(field, value)?;
        }
        for field in self.unset.iter().filter(|field| !set.contains_key(**field)) {
            map.serialize_entry(field, &())?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Overrides<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let mut unset = BTreeSet::new();
        let set = T::deserialize(Fields {
            input,
            unset: &mut unset,
        })?;
        Ok(Self { set, unset })
    }
}

/// Gives a struct its fields, and remembers which of them are `null`. An unknown field is an error.
struct Fields<'a, D> {
    input: D,
    unset: &'a mut BTreeSet<&'static str>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Fields<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.input.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        // Not as a struct: a reader of files leaves out the fields of a struct that are `null`.
        self.input.deserialize_map(Section {
            visitor,
            fields,
            unset: self.unset,
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Section<'a, V> {
    visitor: V,
    fields: &'static [&'static str],
    unset: &'a mut BTreeSet<&'static str>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Section<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Entries {
            section: entries,
            fields: self.fields,
            unset: self.unset,
            current: None,
        })
    }
}

struct Entries<'a, A> {
    section: A,
    fields: &'static [&'static str],
    unset: &'a mut BTreeSet<&'static str>,
    /// The field whose value comes next.
    current: Option<&'static str>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.current = self.section.next_key_seed(Known(self.fields))?;
        let field = self.current.map(|field| {
            let field: serde::de::value::StrDeserializer<'_, A::Error> = field.into_deserializer();
            seed.deserialize(field)
        });
        field.transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let mut is_null = false;
        let value = self.section.next_value_seed(Nullable {
            seed,
            is_null: &mut is_null,
        })?;
        self.unset.extend(self.current.take().filter(|_| is_null));
        Ok(value)
    }
}

/// The name of a field among those that are known.
struct Known(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Known {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<&'static str, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(input)?;
        let known = self.0.iter().find(|field| ***field == *name);
        known
            .copied()
            .ok_or_else(|| D::Error::unknown_field(&name, self.0))
    }
}

/// A value that may be `null`; its type reads `null` as absent.
struct Nullable<'a, S> {
    seed: S,
    is_null: &'a mut bool,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Nullable<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<S::Value, D::Error> {
        input.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Nullable<'_, S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<S::Value, E> {
        *self.is_null = true;
        self.seed.deserialize(().into_deserializer())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<S::Value, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(input)
    }
}
