//! One client for the servers of all lines, 2.3 to 3.0.

mod collection;
mod data;
mod index;
mod search;
mod system;
mod user;

use std::time::Duration;

use tonic::{Request, Response, Status, transport::Channel};

use crate::{
    Endpoint, Error, Login,
    error::Call,
    proto::{common, milvus::milvus_service_client::MilvusServiceClient},
    tls::{self, Identity, Trust},
};

pub use data::FlushTicket;
pub use index::IndexProgress;
pub use search::{Hit, Search};
pub use system::{Health, Replica, ServerInfo};

/// How often a connection says that it lives, also while no call is made. Milvus allows one ping in 5 s, idle or not.
const KEEP_ALIVE: Duration = Duration::from_mins(1);
/// Longest answer that is accepted, in bytes.
const MAX_MESSAGE: usize = 512 * 1024 * 1024;

/// A client of one Milvus server. Cheap to clone; clones share the connection.
#[derive(Debug, Clone)]
pub struct Client {
    inner: MilvusServiceClient<Channel>,
    login: Option<Login>,
    database: String,
    limit: Duration,
}

/// How to reach a server, with defaults that fit most.
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    endpoint: Endpoint,
    login: Option<Login>,
    trust: Trust,
    identity: Option<Identity>,
    server_name: Option<String>,
    database: String,
    connect_limit: Duration,
    limit: Duration,
}

impl Client {
    /// A client of that server; nothing is connected before [`ClientBuilder::connect`].
    pub fn builder(endpoint: Endpoint) -> ClientBuilder {
        ClientBuilder {
            endpoint,
            login: None,
            trust: Trust::System,
            identity: None,
            server_name: None,
            database: String::new(),
            connect_limit: Duration::from_secs(10),
            limit: Duration::from_mins(1),
        }
    }

    /// The same connection with another login, or with none.
    #[must_use]
    pub fn with_login(&self, login: Option<Login>) -> Self {
        Self {
            login,
            ..self.clone()
        }
    }

    /// The same connection with another deadline for each call.
    #[must_use]
    pub fn with_deadline(&self, limit: Duration) -> Self {
        Self {
            limit,
            ..self.clone()
        }
    }

    /// Whether calls carry a login.
    pub fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Makes one call, with the login and within the deadline, and refuses an answer whose status is no success.
    async fn call<Message, Answer, Sent>(
        &self,
        call: Call,
        message: Message,
        send: impl FnOnce(MilvusServiceClient<Channel>, Request<Message>) -> Sent,
    ) -> Result<Answer, Error>
    where
        Answer: HasStatus,
        Sent: Future<Output = Result<Response<Answer>, Status>>,
    {
        let mut request = Request::new(message);
        if let Some(value) = self.login.as_ref().and_then(Login::metadata) {
            request.metadata_mut().insert("authorization", value);
        }
        // The server learns the deadline too, and can stop working for nobody.
        request.set_timeout(self.limit);
        let answered = tokio::time::timeout(self.limit, send(self.inner.clone(), request)).await;
        let answer = match answered {
            Err(_) => {
                return Err(Error::Deadline {
                    call,
                    limit: self.limit,
                });
            }
            Ok(Err(status)) => return Err(Error::from_grpc(call, self.limit, status)),
            Ok(Ok(response)) => response.into_inner(),
        };
        let error = answer
            .status()
            .and_then(|status| Error::from_status(call, status));
        error.map_or(Ok(answer), Err)
    }
}

impl ClientBuilder {
    /// Who we are.
    #[must_use]
    pub fn login(mut self, login: Option<Login>) -> Self {
        self.login = login;
        self
    }

    /// Whom to take for the server, for `https`; who the system's authorities know unless said otherwise.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Who we are to a server that wants certificates of its clients, for `https`.
    #[must_use]
    pub fn identity(mut self, identity: Option<Identity>) -> Self {
        self.identity = identity;
        self
    }

    /// Name that the server's certificate must have; the endpoint's host when none is given.
    #[must_use]
    pub fn server_name(mut self, name: Option<String>) -> Self {
        self.server_name = name;
        self
    }

    /// Database of every call; the server's default when none is given.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.database = name.into();
        self
    }

    /// Deadline of the connection; 10 s unless said otherwise.
    #[must_use]
    pub fn connect_deadline(mut self, limit: Duration) -> Self {
        self.connect_limit = limit;
        self
    }

    /// Deadline of each call; 60 s unless said otherwise.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Connects. A server that listens but does not speak is found out at the first call.
    pub async fn connect(self) -> Result<Client, Error> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Connect {
            endpoint: self.endpoint.to_string(),
            source,
        };
        let mut endpoint = tonic::transport::Endpoint::from_shared(self.endpoint.to_string())
            .map_err(|error| failed(error.into()))?
            .connect_timeout(self.connect_limit)
            .tcp_nodelay(true)
            // Load balancers forget idle connections; the network load balancer of AWS does after 350 s.
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_while_idle(true);
        if self.endpoint.is_tls() {
            let name = self.server_name.as_deref();
            let name = name.unwrap_or_else(|| self.endpoint.host());
            let name = name.trim_matches(['[', ']']);
            endpoint = tls::configured(endpoint, name, &self.trust, self.identity.as_ref())
                .map_err(|error| failed(error.into()))?;
        }
        let connected = tokio::time::timeout(self.connect_limit, endpoint.connect()).await;
        let channel = connected
            .map_err(|elapsed| failed(elapsed.into()))?
            .map_err(|error| failed(tls::explained(error)))?;
        Ok(Client {
            inner: MilvusServiceClient::new(channel)
                .max_decoding_message_size(MAX_MESSAGE)
                .max_encoding_message_size(MAX_MESSAGE),
            login: self.login,
            database: self.database,
            limit: self.limit,
        })
    }
}

/// An answer that says inside whether the call succeeded.
trait HasStatus {
    /// Absent when the server sent none, which counts as success.
    fn status(&self) -> Option<&common::Status>;
}

impl HasStatus for common::Status {
    fn status(&self) -> Option<&common::Status> {
        Some(self)
    }
}

macro_rules! has_status {
    ($($answer:ident),+ $(,)?) => {
        $(impl HasStatus for crate::proto::milvus::$answer {
            fn status(&self) -> Option<&common::Status> {
                self.status.as_ref()
            }
        })+
    };
}

has_status!(
    BoolResponse,
    CheckHealthResponse,
    ConnectResponse,
    DescribeCollectionResponse,
    DescribeIndexResponse,
    FlushResponse,
    GetCollectionStatisticsResponse,
    GetFlushStateResponse,
    GetLoadStateResponse,
    GetLoadingProgressResponse,
    GetMetricsResponse,
    GetReplicasResponse,
    GetVersionResponse,
    ListCredUsersResponse,
    MutationResult,
    QueryResults,
    SearchResults,
    ShowCollectionsResponse,
);
