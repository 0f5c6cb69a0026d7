//! What a collection's rows look like.

use crate::proto::{common, schema};

/// The fields of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Its fields; the first one is the key.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// 64-bit numbers that name the rows.
    Key,
    /// 64-bit numbers.
    Int64,
    /// 64-bit floating point numbers.
    Double,
    /// Vectors of 32-bit floating point numbers.
    FloatVector {
        /// Numbers in each vector.
        dimension: u32,
    },
}

/// The type parameter that holds a vector field's dimension.
const DIMENSION: &str = "dim";

impl Schema {
    pub(crate) fn to_proto(&self, name: &str, description: &str) -> schema::CollectionSchema {
        schema::CollectionSchema {
            name: name.to_owned(),
            description: description.to_owned(),
            fields: self.fields.iter().map(Field::to_proto).collect(),
            ..Default::default()
        }
    }

    pub(crate) fn from_proto(schema: &schema::CollectionSchema) -> Result<Self, String> {
        let fields = schema
            .fields
            .iter()
            .map(Field::from_proto)
            .collect::<Result<_, _>>()?;
        Ok(Self { fields })
    }
}

impl Field {
    fn to_proto(&self) -> schema::FieldSchema {
        let data_type = match self.kind {
            FieldKind::Key | FieldKind::Int64 => schema::DataType::Int64,
            FieldKind::Double => schema::DataType::Double,
            FieldKind::FloatVector { .. } => schema::DataType::FloatVector,
        };
        let type_params = match self.kind {
            FieldKind::FloatVector { dimension } => vec![common::KeyValuePair {
                key: DIMENSION.to_owned(),
                value: dimension.to_string(),
            }],
            _ => Vec::new(),
        };
        schema::FieldSchema {
            name: self.name.clone(),
            is_primary_key: self.kind == FieldKind::Key,
            data_type: data_type.into(),
            type_params,
            ..Default::default()
        }
    }

    fn from_proto(field: &schema::FieldSchema) -> Result<Self, String> {
        let kind = match field.data_type() {
            schema::DataType::Int64 if field.is_primary_key => FieldKind::Key,
            schema::DataType::Int64 => FieldKind::Int64,
            schema::DataType::Double => FieldKind::Double,
            schema::DataType::FloatVector => {
                let dimension = field.type_params.iter().find(|pair| pair.key == DIMENSION);
                let dimension = dimension.and_then(|pair| pair.value.parse().ok());
                let missing = || format!("vector field {} has no dimension", field.name);
                FieldKind::FloatVector {
                    dimension: dimension.ok_or_else(missing)?,
                }
            }
            other => {
                return Err(format!(
                    "field {} is of type {}",
                    field.name,
                    other.as_str_name()
                ));
            }
        };
        Ok(Self {
            name: field.name.clone(),
            kind,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_survives_the_wire() {
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            kind,
        };
        let schema = Schema {
            fields: vec![
                field("id", FieldKind::Key),
                field("n", FieldKind::Int64),
                field("x", FieldKind::Double),
                field("v", FieldKind::FloatVector { dimension: 8 }),
            ],
        };
        assert_eq!(Schema::from_proto(&schema.to_proto("c", "d")), Ok(schema));
    }
}
