//! Rows that a seed makes, and the true answers about them.

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{Column, Field, FieldKind, Metric, Schema};

/// Name of the key field.
pub(super) const KEY: &str = "id";
/// Name of the field that filters use.
pub(super) const RANDOM: &str = "random";
/// Name of the vector field.
pub(super) const VECTOR: &str = "embeddings";

/// Rows `0..rows`: a key, a number in `0..1` and a vector each.
pub(super) struct Dataset {
    pub(super) dimension: usize,
    pub(super) random: Vec<f64>,
    vectors: Vec<f32>,
    /// Rows that are there: those that were deleted are not.
    live: Vec<bool>,
}

/// A true neighbour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbour {
    pub(super) id: i64,
    pub(super) score: f64,
}

impl Dataset {
    pub(super) fn new(rows: u32, dimension: u32, seed: u64) -> Self {
        // Row counts are 32-bit, which fits a usize on every supported platform.
        let (rows, dimension) = (rows as usize, dimension.max(1) as usize);
        let mut source = StdRng::seed_from_u64(seed);
        Self {
            dimension,
            random: (0..rows).map(|_| source.random()).collect(),
            vectors: (0..rows * dimension).map(|_| source.random()).collect(),
            live: vec![true; rows],
        }
    }

    pub(super) fn schema(&self) -> Schema {
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            kind,
        };
        let dimension = u32::try_from(self.dimension).unwrap_or(u32::MAX);
        Schema {
            fields: vec![
                field(KEY, FieldKind::Key),
                field(RANDOM, FieldKind::Double),
                field(VECTOR, FieldKind::FloatVector { dimension }),
            ],
        }
    }

    /// Number of rows that are there.
    pub(super) fn count(&self) -> u64 {
        self.live.iter().filter(|live| **live).count() as u64
    }

    /// The vector of one row.
    pub(super) fn vector(&self, row: usize) -> &[f32] {
        &self.vectors[row * self.dimension..(row + 1) * self.dimension]
    }

    /// The row of a key, when that row is there.
    pub(super) fn row(&self, id: i64) -> Option<usize> {
        usize::try_from(id)
            .ok()
            .filter(|&row| self.live.get(row) == Some(&true))
    }

    /// The rows as columns.
    pub(super) fn columns(&self, rows: &[usize]) -> Vec<Column> {
        vec![
            Column::Int64 {
                name: KEY.to_owned(),
                values: rows
                    .iter()
                    .map(|&row| i64::try_from(row).unwrap_or(i64::MAX))
                    .collect(),
            },
            Column::Double {
                name: RANDOM.to_owned(),
                values: rows.iter().map(|&row| self.random[row]).collect(),
            },
            Column::FloatVector {
                name: VECTOR.to_owned(),
                dimension: self.dimension,
                values: rows
                    .iter()
                    .flat_map(|&row| self.vector(row))
                    .copied()
                    .collect(),
            },
        ]
    }

    /// Takes a row away.
    pub(super) fn delete(&mut self, row: usize) {
        self.live[row] = false;
    }

    /// Gives a row another vector.
    pub(super) fn replace(&mut self, row: usize, vector: &[f32]) {
        let start = row * self.dimension;
        self.vectors[start..start + self.dimension].copy_from_slice(vector);
    }

    /// Rows that are there and fit.
    pub(super) fn rows(&self, fits: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.live.len())
            .filter(|&row| self.live[row] && fits(row))
            .collect()
    }

    /// The true neighbours of a vector among the rows that fit, the nearest first; equal ones by key.
    pub(super) fn neighbours(
        &self,
        metric: Metric,
        vector: &[f32],
        limit: usize,
        fits: impl Fn(usize) -> bool,
    ) -> Vec<Neighbour> {
        let neighbour = |row: usize| Neighbour {
            id: i64::try_from(row).unwrap_or(i64::MAX),
            score: metric.score(vector, self.vector(row)),
        };
        let mut all: Vec<_> = self.rows(fits).into_iter().map(neighbour).collect();
        all.sort_by(|a, b| metric.nearest_first(a.score, b.score).then(a.id.cmp(&b.id)));
        all.truncate(limit);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_rows() {
        let vector = |seed| Dataset::new(100, 4, seed).vector(7).to_vec();
        assert_eq!(vector(1), vector(1));
        assert_ne!(vector(1), vector(2));
    }

    #[test]
    fn a_row_is_its_own_nearest_neighbour_until_it_is_gone() {
        let mut data = Dataset::new(100, 4, 1);
        let vector = data.vector(42).to_vec();
        let nearest = |data: &Dataset| data.neighbours(Metric::L2, &vector, 3, |_| true);
        assert_eq!(nearest(&data)[0], Neighbour { id: 42, score: 0.0 });
        assert!(nearest(&data)[1].score > 0.0);
        data.delete(42);
        assert!(nearest(&data).iter().all(|neighbour| neighbour.id != 42));
        assert_eq!(data.count(), 99);
        assert_eq!(data.row(42), None);
    }

    #[test]
    fn a_filter_leaves_only_what_fits() {
        let data = Dataset::new(100, 4, 1);
        let neighbours = data.neighbours(Metric::L2, data.vector(0), 100, |row| {
            data.random[row] > 0.5
        });
        let fitting = data.random.iter().filter(|&&x| x > 0.5).count();
        assert_eq!(neighbours.len(), fitting);
    }
}
