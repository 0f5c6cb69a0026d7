//! The tree as serde sees it: every fault comes with its path and place.

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
        VariantAccess, Visitor, value::StrDeserializer,
    },
};

use super::{
    diagnostic::Segment,
    document::{Key, Node, Value},
    fault::Fault,
};

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let result = match &self.value {
            Value::Nothing | Value::Passed => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Signed(value) => visitor.visit_i64(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(value) => visitor.visit_borrowed_str(value),
            Value::List(items) => visitor.visit_seq(Items { items, next: 0 }),
            Value::Section(entries) => visitor.visit_map(Entries::all(entries)),
        };
        result.map_err(|fault| fault.at(self.at))
    }

    /// A known key with nothing behind it counts as not written.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let Value::Section(entries) = &self.value else {
            return self.deserialize_any(visitor);
        };
        let written = Entries {
            known: fields,
            ..Entries::all(entries)
        };
        visitor
            .visit_map(written)
            .map_err(|fault| fault.at(self.at))
    }

    /// What a type of Kubernetes does not know it would pass over: nothing that is written may get lost.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::ignored())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Nothing | Value::Passed => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// `name`, or a section with `name` as its only key.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let choice = match &self.value {
            Value::Text(name) => Choice {
                name,
                node: self,
                content: None,
            },
            Value::Section(entries) => {
                let mut written = entries.iter().filter(|(_, node)| !node.is_passed());
                match (written.next(), written.next()) {
                    (Some((key, content)), None) => Choice {
                        name: &key.name,
                        node: self,
                        content: Some(content),
                    },
                    _ => return Err(one_of(variants).at(self.at)),
                }
            }
            _ => return Err(one_of(variants).at(self.at)),
        };
        visitor
            .visit_enum(choice)
            .map_err(|fault| fault.at(self.at))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

impl Node {
    fn is_passed(&self) -> bool {
        matches!(self.value, Value::Passed)
    }

    fn is_nothing(&self) -> bool {
        matches!(self.value, Value::Nothing)
    }
}

fn one_of(variants: &[&str]) -> Fault {
    Fault::custom(format!("write exactly one of: {}", variants.join(", ")))
}

struct Items<'de> {
    items: &'de [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        while let Some(item) = self.items.get(self.next) {
            let index = self.next;
            self.next += 1;
            if !item.is_passed() {
                let located = |fault: Fault| fault.at(item.at).within(Segment::Index(index));
                return seed.deserialize(item).map(Some).map_err(located);
            }
        }
        Ok(None)
    }
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, (Key, Node)>,
    current: Option<&'de (Key, Node)>,
    /// The keys that are known, as far as the reader says so; they count as not written when nothing is behind them.
    known: &'static [&'static str],
}

impl<'de> Entries<'de> {
    fn all(entries: &'de [(Key, Node)]) -> Self {
        Self {
            rest: entries.iter(),
            current: None,
            known: &[],
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let known = self.known;
        let skipped = |(key, node): &(Key, Node)| {
            node.is_passed() || node.is_nothing() && known.contains(&key.name.as_str())
        };
        self.current = self.rest.find(|entry| !skipped(entry));
        let Some((key, _)) = self.current else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Fault> = key.name.as_str().into_deserializer();
        let located = |fault: Fault| fault.at(key.at).within(Segment::of(&key.name));
        seed.deserialize(name).map(Some).map_err(located)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let Some((key, node)) = self.current else {
            return Err(Fault::custom("a value was asked for before its key"));
        };
        let located = |fault: Fault| {
            let fault = fault.or_unknown(key, self.known);
            fault.at(node.at).within(Segment::of(&key.name))
        };
        seed.deserialize(node).map_err(located)
    }
}

/// One of several shapes, by its name.
struct Choice<'de> {
    name: &'de str,
    node: &'de Node,
    content: Option<&'de Node>,
}

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Fault> {
        let name: StrDeserializer<'_, Fault> = self.name.into_deserializer();
        let variant = seed
            .deserialize(name)
            .map_err(|fault| fault.at(self.node.at))?;
        Ok((variant, self))
    }
}

impl Choice<'_> {
    fn within(&self, fault: Fault) -> Fault {
        match self.content {
            Some(_) => fault.within(Segment::of(self.name)),
            None => fault,
        }
    }
}

impl<'de> VariantAccess<'de> for Choice<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.content {
            Some(content) if !content.is_nothing() => {
                let message = format!("has no settings, write `{}` alone", self.name);
                Err(self.within(Fault::custom(message).at(content.at)))
            }
            _ => Ok(()),
        }
    }

    /// The name alone stands for a section without keys.
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        match self.content {
            Some(content) if !content.is_nothing() => seed
                .deserialize(content)
                .map_err(|fault| self.within(fault)),
            _ => seed
                .deserialize(Bare)
                .map_err(|fault| self.within(fault.at(self.node.at))),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        Err(Fault::invalid_type(Unexpected::TupleVariant, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.content {
            Some(content) if !content.is_nothing() => content
                .deserialize_struct("", fields, visitor)
                .map_err(|fault| self.within(fault)),
            _ => Bare
                .deserialize_any(visitor)
                .map_err(|fault| self.within(fault)),
        }
    }
}

/// A section without keys.
struct Bare;

impl<'de> Deserializer<'de> for Bare {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(Entries::all(&[]))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
