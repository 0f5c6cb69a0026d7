//! Whether a server's answers are the true ones.

use std::collections::HashSet;

use super::{
    Failure,
    dataset::{Dataset, KEY, RANDOM, VECTOR},
};
use crate::{Column, Hit, Index, IndexKind};

/// How far a distance may be from the true one, relative to it: the server computes in single precision.
const TOLERANCE: f64 = 1e-4;

/// Judges neighbours by the rows that were stored.
pub(super) struct Judge<'a> {
    pub(super) data: &'a Dataset,
    pub(super) index: Index,
}

impl Judge<'_> {
    /// How many of the true neighbours a hit holds, and how many there are. Each of its rows must be there and fit, be
    /// named once, in order, with its true distance and value.
    pub(super) fn neighbours(
        &self,
        vector: &[f32],
        hit: &Hit,
        limit: usize,
        fits: impl Fn(usize) -> bool,
    ) -> Result<(usize, usize), Failure> {
        let metric = self.index.metric;
        let truth = self.data.neighbours(metric, vector, limit, &fits);
        at_most("neighbours", truth.len(), hit.ids.len())?;
        let mut seen = HashSet::new();
        let mut last: Option<f64> = None;
        let mut right = 0;
        for (place, (&id, &score)) in hit.ids.iter().zip(&hit.scores).enumerate() {
            let score = f64::from(score);
            let Some(row) = self.data.row(id).filter(|&row| fits(row)) else {
                return Err(Failure::new(
                    "neighbours that exist and fit",
                    format!("row {id}"),
                ));
            };
            if !seen.insert(id) {
                return Err(Failure::new(
                    "each neighbour once",
                    format!("row {id} twice"),
                ));
            }
            let true_score = metric.score(vector, self.data.vector(row));
            self.score(id, score, true_score)?;
            if last.is_some_and(|last| {
                metric.nearest_first(last, score).is_gt() && !close(last, score)
            }) {
                return Err(Failure::new(
                    "the nearest first",
                    format!("row {id} at place {place}"),
                ));
            }
            last = Some(score);
            random(hit, place, self.data.random[row])?;
            // Rows as near as the last true neighbour may stand for it.
            right += usize::from(truth.last().is_some_and(|farthest| {
                metric.nearest_first(true_score, farthest.score).is_le()
                    || close(true_score, farthest.score)
            }));
        }
        Ok((right, truth.len()))
    }

    fn score(&self, id: i64, found: f64, expected: f64) -> Result<(), Failure> {
        // Eight bits per number give no true distances.
        if self.index.kind == IndexKind::IvfSq8 || close(found, expected) {
            return Ok(());
        }
        Err(Failure::new(
            format!("{} of row {id} to be {expected:.6}", self.index.metric),
            format!("{found:.6}"),
        ))
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0)
}

fn at_most(what: &str, expected: usize, found: usize) -> Result<(), Failure> {
    if found <= expected {
        return Ok(());
    }
    Err(Failure::new(
        format!("at most {expected} {what}"),
        found.to_string(),
    ))
}

/// Two numbers of the same things are equal.
pub(super) fn count(what: &str, expected: u64, found: u64) -> Result<(), Failure> {
    if expected == found {
        return Ok(());
    }
    Err(Failure::new(
        format!("{expected} {what}"),
        found.to_string(),
    ))
}

/// A search found enough of the true neighbours.
pub(super) fn recall(what: &str, floor: f64, recall: f64) -> Result<(), Failure> {
    if recall >= floor {
        return Ok(());
    }
    Err(Failure::new(
        format!(
            "{what} to find {:.1} % of the true neighbours",
            floor * 100.0
        ),
        format!("{:.1} %", recall * 100.0),
    ))
}

fn random(hit: &Hit, place: usize, expected: f64) -> Result<(), Failure> {
    let found = hit.columns.iter().find_map(|column| match column {
        Column::Double { name, values } if name == RANDOM => values.get(place).copied(),
        _ => None,
    });
    // The value was stored and must come back bit by bit.
    if found.is_some_and(|found| found.to_bits() == expected.to_bits()) {
        return Ok(());
    }
    Err(Failure::new(
        format!("{RANDOM} to be {expected}"),
        format!("{found:?}"),
    ))
}

/// The columns key, random and vector (as far as they were asked for) with rows in the order of their keys.
pub(super) fn sorted_by_key(columns: &[Column]) -> Result<Vec<Column>, Failure> {
    let missing = || Failure::new(format!("a field {KEY}"), "none");
    let keys = columns.iter().find_map(|column| match column {
        Column::Int64 { name, values } if name == KEY => Some(values),
        _ => None,
    });
    let keys = keys.ok_or_else(missing)?;
    if let Some(other) = columns.iter().find(|column| column.len() != keys.len()) {
        return Err(Failure::new(
            format!("{} values of {}", keys.len(), other.name()),
            other.len().to_string(),
        ));
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|&row| keys[row]);
    let wanted = [KEY, RANDOM, VECTOR];
    let named = |name: &&str| columns.iter().find(|column| column.name() == *name);
    Ok(wanted
        .iter()
        .filter_map(named)
        .map(|column| column.pick(&order))
        .collect())
}

/// The first difference, in words.
pub(super) fn difference(expected: &[Column], found: &[Column]) -> String {
    for (expected, found) in expected.iter().zip(found) {
        if expected.len() != found.len() {
            return format!("{} values of {}", found.len(), found.name());
        }
        if expected != found {
            return format!("other values of {}", found.name());
        }
    }
    format!("{} of {} fields", found.len(), expected.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metric;

    const LIMIT: usize = 5;

    fn data() -> Dataset {
        Dataset::new(200, 8, 7)
    }

    fn judge(data: &Dataset) -> Judge<'_> {
        let index = Index {
            kind: IndexKind::IvfFlat,
            metric: Metric::L2,
        };
        Judge { data, index }
    }

    /// What a correct server answers for the vector of row 42.
    fn answer(data: &Dataset) -> Hit {
        let truth = data.neighbours(Metric::L2, data.vector(42), LIMIT, |_| true);
        let ids: Vec<i64> = truth.iter().map(|neighbour| neighbour.id).collect();
        hit(data, &ids)
    }

    /// These rows with their true distances from row 42.
    fn hit(data: &Dataset, ids: &[i64]) -> Hit {
        let rows: Vec<usize> = ids.iter().filter_map(|&id| data.row(id)).collect();
        #[expect(clippy::cast_possible_truncation, reason = "as a server does")]
        let score = |&row: &usize| Metric::L2.score(data.vector(42), data.vector(row)) as f32;
        Hit {
            ids: ids.to_vec(),
            scores: rows.iter().map(score).collect(),
            columns: data.columns(&rows),
        }
    }

    fn judged(data: &Dataset, hit: &Hit) -> Result<(usize, usize), Failure> {
        judge(data).neighbours(data.vector(42), hit, LIMIT, |_| true)
    }

    #[test]
    fn the_true_answer_is_right() {
        let data = data();
        assert_eq!(judged(&data, &answer(&data)), Ok((LIMIT, LIMIT)));
    }

    #[test]
    fn a_farther_neighbour_costs_recall_alone() {
        let data = data();
        let all = data.neighbours(Metric::L2, data.vector(42), 200, |_| true);
        let mut ids = answer(&data).ids;
        ids[LIMIT - 1] = all[50].id;
        let found = hit(&data, &ids);
        assert_eq!(judged(&data, &found), Ok((LIMIT - 1, LIMIT)));
        assert!(recall("a search", 1.0, 0.8).is_err());
    }

    #[test]
    fn a_missing_neighbour_costs_recall() {
        let data = data();
        let ids = answer(&data).ids;
        let found = hit(&data, &ids[..3]);
        assert_eq!(judged(&data, &found), Ok((3, LIMIT)));
    }

    #[test]
    fn lies_are_found_out() {
        let mut data = data();
        let right = answer(&data);
        let lie = |change: &dyn Fn(&mut Hit)| {
            let mut hit = right.clone();
            change(&mut hit);
            hit
        };
        let lies = [
            (lie(&|hit| hit.scores[2] += 0.01), "L2 of row"),
            (lie(&|hit| hit.ids[1] = hit.ids[2]), "L2 of row"),
            (lie(&|hit| hit.ids[4] = 200), "exist"),
            (lie(&|hit| hit.ids[4] = -1), "exist"),
            (lie(&|hit| hit.columns.clear()), RANDOM),
        ];
        for (hit, expected) in lies {
            let failure = judged(&data, &hit).expect_err("a lie").to_string();
            assert!(failure.contains(expected), "{failure}");
        }
        let swapped = {
            let mut ids = right.ids.clone();
            ids.swap(1, 4);
            hit(&data, &ids)
        };
        let failure = judged(&data, &swapped).expect_err("a lie").to_string();
        assert!(failure.contains("nearest first"), "{failure}");
        let twice = hit(&data, &[42, 42]);
        let failure = judged(&data, &twice).expect_err("a lie").to_string();
        assert!(failure.contains("twice"), "{failure}");
        data.delete(42);
        let failure = judged(&data, &right).expect_err("a lie").to_string();
        assert!(failure.contains("row 42"), "{failure}");
    }

    /// Milvus's cosine of a vector and itself comes out a little above 1, and so do two of rows that are as near.
    #[test]
    fn discovery_6_a_cosine_a_little_above_one_is_right() {
        let data = data();
        let truth = data.neighbours(Metric::Cosine, data.vector(42), LIMIT, |_| true);
        let ids: Vec<i64> = truth.iter().map(|neighbour| neighbour.id).collect();
        let judge = Judge {
            data: &data,
            index: Index {
                kind: IndexKind::Hnsw,
                metric: Metric::Cosine,
            },
        };
        let of = |nearest: f32| {
            #[expect(clippy::cast_possible_truncation, reason = "as a server does")]
            let mut scores: Vec<f32> = truth.iter().map(|row| row.score as f32).collect();
            scores[0] = nearest;
            let rows: Vec<usize> = ids.iter().filter_map(|&id| data.row(id)).collect();
            let columns = data.columns(&rows);
            let ids = ids.clone();
            let hit = Hit {
                ids,
                scores,
                columns,
            };
            judge.neighbours(data.vector(42), &hit, LIMIT, |_| true)
        };
        for nearest in [1.0, 1.0 + f32::EPSILON, 1.000_001, 1.000_05] {
            assert_eq!(of(nearest), Ok((LIMIT, LIMIT)), "{nearest}");
        }
        assert!(of(1.01).is_err());
    }

    #[test]
    fn more_neighbours_than_there_can_be_are_refused() {
        let data = data();
        let all = data.neighbours(Metric::L2, data.vector(42), LIMIT + 1, |_| true);
        let ids: Vec<i64> = all.iter().map(|neighbour| neighbour.id).collect();
        assert!(judged(&data, &hit(&data, &ids)).is_err());
    }

    #[test]
    fn a_filter_that_is_not_honoured_is_found_out() {
        let data = data();
        let found = answer(&data);
        let result = judge(&data).neighbours(data.vector(42), &found, LIMIT, |row| row != 42);
        assert!(result.is_err());
    }

    #[test]
    fn rows_are_compared_in_the_order_of_their_keys() {
        let data = data();
        let found = sorted_by_key(&data.columns(&[3, 1, 2])).expect("keys");
        assert_eq!(found, data.columns(&[1, 2, 3]));
        let other = data.columns(&[1, 2, 4]);
        assert_eq!(difference(&found, &other), "other values of id");
        let mut short = data.columns(&[1, 2]);
        short[1] = data.columns(&[1]).remove(1);
        assert!(sorted_by_key(&short).is_err());
    }
}
