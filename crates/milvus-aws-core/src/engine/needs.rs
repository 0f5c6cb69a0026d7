//! What resources need of each other, typed.

use std::{any::Any, fmt, marker::PhantomData, sync::Arc};

use super::resource::ResourceId;

/// One resource that another one needs, without the type of its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub(super) graph: u64,
    pub(super) index: usize,
    pub(super) id: ResourceId,
}

impl Need {
    /// The resource's name.
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

/// A resource that was added to a graph, with the type of its output. Only what was added before has one, so that a
/// graph cannot hold a cycle.
pub struct Handle<Output> {
    pub(super) need: Need,
    pub(super) output: PhantomData<fn() -> Output>,
}

impl<Output> Handle<Output> {
    /// The resource's name.
    pub fn id(&self) -> &ResourceId {
        &self.need.id
    }

    /// The same without the type of its output, for [`After`].
    pub fn need(&self) -> Need {
        self.need.clone()
    }
}

impl<Output> Clone for Handle<Output> {
    fn clone(&self) -> Self {
        Self {
            need: self.need.clone(),
            output: PhantomData,
        }
    }
}

impl<Output> fmt::Debug for Handle<Output> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.need.id).finish()
    }
}

/// What a resource needs, and the values that it gets for it.
pub trait Needs: Send + Sync {
    /// The outputs of what is needed.
    type Values: Send + Sync;

    /// Every resource that is needed.
    fn list(&self) -> Vec<Need>;

    /// The values, once all of them are known.
    fn values(&self, outputs: &Outputs) -> Option<Self::Values>;
}

/// Order alone: resources that must be ready first, whose outputs do not matter. Their values are always known.
#[derive(Debug, Clone, Default)]
pub struct After(pub Vec<Need>);

impl Needs for After {
    type Values = ();

    fn list(&self) -> Vec<Need> {
        self.0.clone()
    }

    fn values(&self, _: &Outputs) -> Option<()> {
        Some(())
    }
}

impl Needs for () {
    type Values = ();

    fn list(&self) -> Vec<Need> {
        Vec::new()
    }

    fn values(&self, _: &Outputs) -> Option<()> {
        Some(())
    }
}

impl<Output: Clone + Send + Sync + 'static> Needs for Handle<Output> {
    type Values = Output;

    fn list(&self) -> Vec<Need> {
        vec![self.need.clone()]
    }

    fn values(&self, outputs: &Outputs) -> Option<Output> {
        outputs.get(self)
    }
}

impl<N: Needs> Needs for Option<N> {
    type Values = Option<N::Values>;

    fn list(&self) -> Vec<Need> {
        self.as_ref().map(N::list).unwrap_or_default()
    }

    fn values(&self, outputs: &Outputs) -> Option<Self::Values> {
        match self {
            Some(need) => need.values(outputs).map(Some),
            None => Some(None),
        }
    }
}

impl<N: Needs> Needs for Vec<N> {
    type Values = Vec<N::Values>;

    fn list(&self) -> Vec<Need> {
        self.iter().flat_map(N::list).collect()
    }

    fn values(&self, outputs: &Outputs) -> Option<Self::Values> {
        self.iter().map(|need| need.values(outputs)).collect()
    }
}

/// A value that is known when the graph is put together, or comes out of a resource: an API client is there from the
/// start for a cluster that exists, and is the output of a cluster that the same graph makes.
#[derive(Debug, Clone)]
pub enum Late<T> {
    /// Known from the start: nothing is waited for.
    Known(T),
    /// The output of that resource.
    From(Handle<T>),
    /// Worked out of other resources' outputs.
    Computed(Computed<T>),
}

/// A value that is worked out of other resources' outputs; see [`Late::computed`].
pub struct Computed<T> {
    needs: Vec<Need>,
    compute: Compute<T>,
}

type Compute<T> = Arc<dyn Fn(&Outputs) -> Option<T> + Send + Sync>;

impl<T> Clone for Computed<T> {
    fn clone(&self) -> Self {
        Self {
            needs: self.needs.clone(),
            compute: Arc::clone(&self.compute),
        }
    }
}

impl<T> fmt::Debug for Computed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Computed").field(&self.needs).finish()
    }
}

impl<T> Late<T> {
    /// A value that is worked out of what other resources give. It is worked out anew whenever it is asked for: from
    /// the same outputs `compute` must make the same.
    pub fn computed<N: Needs + 'static>(
        needs: N,
        compute: impl Fn(N::Values) -> T + Send + Sync + 'static,
    ) -> Self {
        Self::Computed(Computed {
            needs: needs.list(),
            compute: Arc::new(move |outputs| needs.values(outputs).map(&compute)),
        })
    }

    /// The value, where it is known from the start.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::From(_) | Self::Computed(_) => None,
        }
    }
}

impl<T> From<T> for Late<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> From<Handle<T>> for Late<T> {
    fn from(handle: Handle<T>) -> Self {
        Self::From(handle)
    }
}

impl<T: Clone + Send + Sync + 'static> Needs for Late<T> {
    type Values = T;

    fn list(&self) -> Vec<Need> {
        match self {
            Self::Known(_) => Vec::new(),
            Self::From(handle) => handle.list(),
            Self::Computed(computed) => computed.needs.clone(),
        }
    }

    fn values(&self, outputs: &Outputs) -> Option<T> {
        match self {
            Self::Known(value) => Some(value.clone()),
            Self::From(handle) => handle.values(outputs),
            Self::Computed(computed) => (computed.compute)(outputs),
        }
    }
}

macro_rules! needs_tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Needs),+> Needs for ($($name,)+) {
            type Values = ($($name::Values,)+);

            fn list(&self) -> Vec<Need> {
                [$(self.$index.list()),+].concat()
            }

            fn values(&self, outputs: &Outputs) -> Option<Self::Values> {
                Some(($(self.$index.values(outputs)?,)+))
            }
        }
    };
}

needs_tuple!(A 0);
needs_tuple!(A 0, B 1);
needs_tuple!(A 0, B 1, C 2);
needs_tuple!(A 0, B 1, C 2, D 3);
needs_tuple!(A 0, B 1, C 2, D 3, E 4);
needs_tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

/// An output whose type only its handle knows.
pub(super) type AnyOutput = Arc<dyn Any + Send + Sync>;

/// The outputs that are known so far.
#[derive(Clone, Default)]
pub struct Outputs {
    pub(super) graph: u64,
    pub(super) known: Vec<Option<AnyOutput>>,
}

impl Outputs {
    /// The output of one resource, once it is known.
    pub fn get<Output: Clone + 'static>(&self, handle: &Handle<Output>) -> Option<Output> {
        if handle.need.graph != self.graph {
            return None;
        }
        let output = self.known.get(handle.need.index)?.as_ref()?;
        output.downcast_ref::<Output>().cloned()
    }
}

impl fmt::Debug for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.iter().filter(|output| output.is_some()).count();
        write!(f, "Outputs({known} of {} known)", self.known.len())
    }
}
