//! Search, and several searches ranked into one answer.

use prost::Message;

use super::{Client, MilvusServiceClient};
use crate::{
    Column, Error,
    error::Call,
    index::Metric,
    proto::{common, milvus, schema},
};

/// One search: the nearest neighbours of each of some vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Search<'a> {
    /// The vector field.
    pub field: &'a str,
    /// The vectors, each of the field's dimension.
    pub vectors: &'a [&'a [f32]],
    /// How near is measured; must be the index's.
    pub metric: Metric,
    /// How many neighbours of each vector are wanted.
    pub limit: usize,
    /// Parameters of the index, for example `{"nprobe": 16}`.
    pub parameters: serde_json::Value,
    /// Rows that count; all when empty.
    pub filter: &'a str,
    /// Fields that are wanted with each neighbour.
    pub output_fields: &'a [&'a str],
}

/// The neighbours of one vector, the nearest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Keys of the neighbours.
    pub ids: Vec<i64>,
    /// What the metric says of each: a squared distance for L2, a similarity otherwise.
    pub scores: Vec<f32>,
    /// The output fields of each.
    pub columns: Vec<Column>,
}

impl Search<'_> {
    fn to_proto(&self, database: &str, collection: &str) -> milvus::SearchRequest {
        let value = |vector: &&[f32]| vector.iter().flat_map(|x| x.to_le_bytes()).collect();
        let placeholders = common::PlaceholderGroup {
            placeholders: vec![common::PlaceholderValue {
                tag: "$0".to_owned(),
                r#type: common::PlaceholderType::FloatVector.into(),
                values: self.vectors.iter().map(value).collect(),
            }],
        };
        let pair = |key: &str, value: String| common::KeyValuePair {
            key: key.to_owned(),
            value,
        };
        milvus::SearchRequest {
            db_name: database.to_owned(),
            collection_name: collection.to_owned(),
            dsl: self.filter.to_owned(),
            dsl_type: common::DslType::BoolExprV1.into(),
            placeholder_group: placeholders.encode_to_vec(),
            output_fields: self
                .output_fields
                .iter()
                .map(|&field| field.to_owned())
                .collect(),
            search_params: vec![
                pair("anns_field", self.field.to_owned()),
                pair("topk", self.limit.to_string()),
                pair("metric_type", self.metric.to_string()),
                pair("params", self.parameters.to_string()),
                // Distances as they are; a server that rounds them could not be checked.
                pair("round_decimal", "-1".to_owned()),
            ],
            nq: i64::try_from(self.vectors.len()).unwrap_or(i64::MAX),
            consistency_level: common::ConsistencyLevel::Strong.into(),
            ..Default::default()
        }
    }
}

impl Client {
    /// The neighbours of each vector of the search. Sees every acknowledged write.
    pub async fn search(&self, collection: &str, search: &Search<'_>) -> Result<Vec<Hit>, Error> {
        let call = Call::on("search", collection);
        let message = search.to_proto(&self.database, collection);
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.search(request).await
        };
        let answer = self.call(call.clone(), message, send).await?;
        hits(answer.results.unwrap_or_default()).map_err(|what| Error::Protocol { call, what })
    }

    /// The best of several searches, ranked into one answer by reciprocal rank with that constant. From 2.4 on.
    pub async fn hybrid_search(
        &self,
        collection: &str,
        searches: &[Search<'_>],
        limit: usize,
        rank_constant: u32,
    ) -> Result<Vec<Hit>, Error> {
        let call = Call::on("search by several vectors in", collection);
        let pair = |key: &str, value: String| common::KeyValuePair {
            key: key.to_owned(),
            value,
        };
        let requests = searches
            .iter()
            .map(|search| search.to_proto(&self.database, collection));
        let message = milvus::HybridSearchRequest {
            db_name: self.database.clone(),
            collection_name: collection.to_owned(),
            requests: requests.collect(),
            rank_params: vec![
                pair("strategy", "rrf".to_owned()),
                pair(
                    "params",
                    serde_json::json!({ "k": rank_constant }).to_string(),
                ),
                pair("limit", limit.to_string()),
                pair("round_decimal", "-1".to_owned()),
            ],
            consistency_level: common::ConsistencyLevel::Strong.into(),
            ..Default::default()
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.hybrid_search(request).await
        };
        let answer = self.call(call.clone(), message, send).await?;
        hits(answer.results.unwrap_or_default()).map_err(|what| Error::Protocol { call, what })
    }
}

/// Splits the server's flat lists into one hit per vector.
fn hits(results: schema::SearchResultData) -> Result<Vec<Hit>, String> {
    use schema::i_ds::IdField;
    let ids = match results.ids.and_then(|ids| ids.id_field) {
        Some(IdField::IntId(ids)) => ids.data,
        // An answer without any neighbour has no keys either.
        None => Vec::new(),
        Some(IdField::StrId(_)) => return Err("keys are texts, not numbers".to_owned()),
    };
    if ids.len() != results.scores.len() {
        return Err(format!(
            "{} keys have {} scores",
            ids.len(),
            results.scores.len()
        ));
    }
    let lengths = if results.topks.is_empty() {
        let queries = usize::try_from(results.num_queries).unwrap_or_default();
        vec![ids.len() / queries.max(1); queries]
    } else {
        results
            .topks
            .iter()
            .map(|&length| usize::try_from(length).unwrap_or_default())
            .collect()
    };
    if lengths.iter().sum::<usize>() != ids.len() {
        return Err(format!(
            "{} keys do not fill the lengths {lengths:?}",
            ids.len()
        ));
    }
    let columns: Vec<Column> = results
        .fields_data
        .into_iter()
        .map(Column::from_proto)
        .collect::<Result<_, _>>()?;
    if let Some(short) = columns.iter().find(|column| column.len() != ids.len()) {
        return Err(format!(
            "field {} has {} values for {} keys",
            short.name(),
            short.len(),
            ids.len()
        ));
    }
    let mut start = 0;
    let hit = |length: usize| {
        let range = start..start + length;
        start = range.end;
        Hit {
            ids: ids[range.clone()].to_vec(),
            scores: results.scores[range.clone()].to_vec(),
            columns: columns.iter().map(|column| column.slice(&range)).collect(),
        }
    };
    Ok(lengths.into_iter().map(hit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(ids: Vec<i64>, topks: Vec<i64>) -> schema::SearchResultData {
        schema::SearchResultData {
            num_queries: 2,
            scores: (0_u8..).map(f32::from).take(ids.len()).collect(),
            ids: Some(schema::IDs {
                id_field: Some(schema::i_ds::IdField::IntId(schema::LongArray {
                    data: ids,
                })),
            }),
            topks,
            ..Default::default()
        }
    }

    #[test]
    fn flat_lists_are_split_by_query() {
        let hits = hits(results(vec![7, 8, 9], vec![1, 2])).expect("it makes sense");
        assert_eq!(hits[0].ids, [7]);
        assert_eq!(hits[1].ids, [8, 9]);
        assert_eq!(hits[1].scores, [1.0, 2.0]);
        let even = super::hits(results(vec![1, 2, 3, 4], vec![])).expect("it makes sense");
        assert_eq!(even[1].ids, [3, 4]);
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_an_error() {
        assert!(hits(results(vec![1, 2, 3], vec![1, 1])).is_err());
        let mut short = results(vec![1, 2], vec![1, 1]);
        short.scores.pop();
        assert!(hits(short).is_err());
    }

    #[test]
    fn vectors_travel_as_little_endian_floats() {
        let vector = [1.0_f32, -2.0];
        let search = Search {
            field: "v",
            vectors: &[&vector],
            metric: Metric::L2,
            limit: 3,
            parameters: serde_json::json!({}),
            filter: "",
            output_fields: &[],
        };
        let message = search.to_proto("", "c");
        let group = common::PlaceholderGroup::decode(&*message.placeholder_group).expect("a group");
        assert_eq!(
            group.placeholders[0].values[0],
            [0, 0, 128, 63, 0, 0, 0, 192]
        );
        assert_eq!(message.nq, 1);
    }
}
