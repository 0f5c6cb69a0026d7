//! Which calls were made: for the report, and for whoever must know that none is under way.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef},
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use serde::Serialize;

/// Beginnings of the names of operations that write nothing.
const READS: &[&str] = &["Describe", "Get", "List", "Head", "AssumeRole"];

/// Counts the calls of every client of a [`Cloud`](super::Cloud).
#[derive(Debug, Clone, Default)]
pub struct CallLog {
    counts: Arc<Mutex<BTreeMap<(String, String), usize>>>,
    under_way: Arc<AtomicUsize>,
}

/// How often one operation was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCount {
    /// The service, as its SDK calls it: `EKS`, `S3`.
    pub service: String,
    /// The operation: `CreateCluster`.
    pub operation: String,
    /// Whether it may change something.
    pub writes: bool,
    /// How often.
    pub times: usize,
}

impl CallLog {
    /// What was called so far, by service and operation.
    pub fn counts(&self) -> Vec<CallCount> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |((service, operation), times): (&(String, String), &usize)| CallCount {
            service: service.clone(),
            operation: operation.clone(),
            writes: !READS.iter().any(|read| operation.starts_with(read)),
            times: *times,
        };
        counts.iter().map(count).collect()
    }

    /// How many calls wait for their answer.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }
}

impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "kubectl-milvus call log"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Later than the beginning, where the operation is not known yet.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            let key = (call.service().to_owned(), call.name().to_owned());
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(key).or_default() += 1;
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}
