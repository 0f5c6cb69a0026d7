//! Rows, column by column, as Milvus sends and takes them.

use std::ops::Range;

use crate::proto::schema;

/// The values of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// 64-bit numbers.
    Int64 {
        /// Name of the field.
        name: String,
        /// One value per row.
        values: Vec<i64>,
    },
    /// 64-bit floating point numbers.
    Double {
        /// Name of the field.
        name: String,
        /// One value per row.
        values: Vec<f64>,
    },
    /// Vectors of 32-bit floating point numbers.
    FloatVector {
        /// Name of the field.
        name: String,
        /// Numbers in each vector; never zero.
        dimension: usize,
        /// All vectors, one after the other.
        values: Vec<f32>,
    },
}

impl Column {
    /// Name of the field.
    pub fn name(&self) -> &str {
        match self {
            Self::Int64 { name, .. }
            | Self::Double { name, .. }
            | Self::FloatVector { name, .. } => name,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Int64 { values, .. } => values.len(),
            Self::Double { values, .. } => values.len(),
            Self::FloatVector {
                values, dimension, ..
            } => values.len().checked_div(*dimension).unwrap_or_default(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the last vector is not whole, or vectors have no numbers at all.
    fn is_broken(&self) -> bool {
        match self {
            Self::Int64 { .. } | Self::Double { .. } => false,
            Self::FloatVector {
                values, dimension, ..
            } => *dimension == 0 || !values.len().is_multiple_of(*dimension),
        }
    }

    /// Bytes that one row takes on the wire, about.
    fn row_bytes(&self) -> usize {
        match self {
            Self::Int64 { .. } | Self::Double { .. } => 10,
            Self::FloatVector { dimension, .. } => dimension * 4,
        }
    }

    /// Some of the rows.
    pub(crate) fn slice(&self, rows: &Range<usize>) -> Self {
        match self {
            Self::Int64 { name, values } => Self::Int64 {
                name: name.clone(),
                values: values[rows.clone()].to_vec(),
            },
            Self::Double { name, values } => Self::Double {
                name: name.clone(),
                values: values[rows.clone()].to_vec(),
            },
            Self::FloatVector {
                name,
                dimension,
                values,
            } => Self::FloatVector {
                name: name.clone(),
                dimension: *dimension,
                values: values[rows.start * dimension..rows.end * dimension].to_vec(),
            },
        }
    }

    /// The rows of those numbers, in that order.
    pub(crate) fn pick(&self, rows: &[usize]) -> Self {
        match self {
            Self::Int64 { name, values } => Self::Int64 {
                name: name.clone(),
                values: rows.iter().map(|&row| values[row]).collect(),
            },
            Self::Double { name, values } => Self::Double {
                name: name.clone(),
                values: rows.iter().map(|&row| values[row]).collect(),
            },
            Self::FloatVector {
                name,
                dimension,
                values,
            } => Self::FloatVector {
                name: name.clone(),
                dimension: *dimension,
                values: rows
                    .iter()
                    .flat_map(|row| &values[row * dimension..(row + 1) * dimension])
                    .copied()
                    .collect(),
            },
        }
    }

    pub(crate) fn to_proto(&self, rows: &Range<usize>) -> schema::FieldData {
        use schema::{DataType, field_data::Field, scalar_field::Data};
        let scalars = |data| Field::Scalars(schema::ScalarField { data: Some(data) });
        let (data_type, field) = match self.slice(rows) {
            Self::Int64 { values, .. } => (
                DataType::Int64,
                scalars(Data::LongData(schema::LongArray { data: values })),
            ),
            Self::Double { values, .. } => (
                DataType::Double,
                scalars(Data::DoubleData(schema::DoubleArray { data: values })),
            ),
            Self::FloatVector {
                values, dimension, ..
            } => {
                let data =
                    schema::vector_field::Data::FloatVector(schema::FloatArray { data: values });
                let dim = i64::try_from(dimension).unwrap_or(i64::MAX);
                let vectors = schema::VectorField {
                    dim,
                    data: Some(data),
                };
                (DataType::FloatVector, Field::Vectors(vectors))
            }
        };
        schema::FieldData {
            r#type: data_type.into(),
            field_name: self.name().to_owned(),
            field: Some(field),
            ..Default::default()
        }
    }

    pub(crate) fn from_proto(data: schema::FieldData) -> Result<Self, String> {
        use schema::{field_data::Field, scalar_field::Data, vector_field};
        let name = data.field_name;
        match data.field {
            Some(Field::Scalars(schema::ScalarField {
                data: Some(Data::LongData(long)),
            })) => Ok(Self::Int64 {
                name,
                values: long.data,
            }),
            Some(Field::Scalars(schema::ScalarField {
                data: Some(Data::DoubleData(double)),
            })) => Ok(Self::Double {
                name,
                values: double.data,
            }),
            Some(Field::Vectors(schema::VectorField {
                dim,
                data: Some(vector_field::Data::FloatVector(float)),
            })) => {
                let dimension = usize::try_from(dim).unwrap_or_default();
                if dimension == 0 || !float.data.len().is_multiple_of(dimension) {
                    return Err(format!(
                        "field {name} has {} numbers in vectors of {dim}",
                        float.data.len()
                    ));
                }
                Ok(Self::FloatVector {
                    name,
                    dimension,
                    values: float.data,
                })
            }
            _ => Err(format!(
                "field {name} holds values of a type that was not asked for"
            )),
        }
    }
}

/// Ranges of rows, each of about that many bytes, at least one row. Columns that are not of one length are refused.
pub(crate) fn chunks(columns: &[Column], bytes: usize) -> Result<Vec<Range<usize>>, String> {
    let rows = columns.first().map(Column::len).unwrap_or_default();
    if let Some(other) = columns.iter().find(|column| column.len() != rows) {
        return Err(format!(
            "{} has {} values, {} has {rows}",
            other.name(),
            other.len(),
            columns[0].name()
        ));
    }
    if let Some(broken) = columns.iter().find(|column| column.is_broken()) {
        return Err(format!("{} ends inside of a vector", broken.name()));
    }
    let row_bytes: usize = columns.iter().map(Column::row_bytes).sum();
    let step = (bytes / row_bytes.max(1)).max(1);
    let starts = (0..rows).step_by(step);
    Ok(starts.map(|start| start..rows.min(start + step)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        vec![
            Column::Int64 {
                name: "id".into(),
                values: (0..10).collect(),
            },
            Column::Double {
                name: "x".into(),
                values: vec![0.5; 10],
            },
            Column::FloatVector {
                name: "v".into(),
                dimension: 2,
                values: vec![1.5; 20],
            },
        ]
    }

    #[test]
    fn columns_survive_the_wire() {
        for column in columns() {
            let there = column.to_proto(&(0..10));
            assert_eq!(Column::from_proto(there), Ok(column));
        }
    }

    #[test]
    fn chunks_hold_every_row_once() {
        let chunks = chunks(&columns(), 3 * 28).expect("equal lengths");
        assert_eq!(chunks, [0..3, 3..6, 6..9, 9..10]);
        let sliced = columns()[2].slice(&chunks[3]);
        assert_eq!(sliced.len(), 1);
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let vector = |dimension, numbers| Column::FloatVector {
            name: "v".into(),
            dimension,
            values: vec![0.5; numbers],
        };
        let fault = |columns: &[Column]| chunks(columns, 100).expect_err("they do not fit");
        let id = || columns().remove(0);
        assert_eq!(fault(&[id(), vector(2, 18)]), "v has 9 values, id has 10");
        assert_eq!(fault(&[id(), vector(2, 21)]), "v ends inside of a vector");
        assert_eq!(fault(&[vector(0, 20)]), "v ends inside of a vector");
        assert_eq!(chunks(&[], 100), Ok(vec![]));
    }

    #[test]
    fn half_a_vector_is_refused() {
        let mut data = columns()[2].to_proto(&(0..1));
        if let Some(schema::field_data::Field::Vectors(vectors)) = &mut data.field {
            vectors.dim = 3;
        }
        assert!(Column::from_proto(data).is_err());
    }
}
