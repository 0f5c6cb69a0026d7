//! The canary of an upgrade against real servers: it notices what got lost, and goes on from what another one left.

use milvus_probe::{CANARY_COLLECTION, Canary, Client};
use milvus_stage::{
    cache::Cache,
    data_plane::{Fault, FaultProxy, Server, Shape},
};
use tokio::runtime::Runtime;

async fn client(endpoint: &str) -> Client {
    let endpoint = endpoint.parse().expect("an address");
    Client::builder(endpoint)
        .connect()
        .await
        .expect("a connection")
}

fn sings_and_notices(shape: Shape) {
    let cache = Cache::open().expect("the cache");
    let server = Server::start(&cache, shape).expect("the server starts");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = client(&server.endpoint()).await;
        let mut canary = Canary::default();
        assert_eq!(canary.sing(&client).await, Ok(40));
        assert_eq!(canary.sing(&client).await, Ok(80));
        // A run that died is gone on from.
        let mut next = Canary::default();
        assert_eq!(next.sing(&client).await, Ok(120));
        // Rows of another one are no fault.
        assert_eq!(canary.sing(&client).await, Ok(160));
        let stored = canary.stored().clone();

        client
            .delete(CANARY_COLLECTION, "id in [3]")
            .await
            .expect("a row goes");
        let missed = canary
            .sing(&client)
            .await
            .expect_err("a row is gone")
            .to_string();
        assert!(
            missed.contains("all 160 rows that were stored") && missed.contains("and not row 3"),
            "{missed}"
        );
        // So does one that goes on from what was written down.
        let again = Canary::remembering(stored.to_string().parse().expect("rows"));
        let missed = { again }.sing(&client).await.expect_err("a row is gone");
        assert!(missed.to_string().contains("and not row 3"), "{missed}");
        // Who never heard of it cannot miss it.
        assert_eq!(Canary::default().sing(&client).await, Ok(199));
        Canary::leave(&client).await.expect("it leaves");
        let missed = canary
            .sing(&client)
            .await
            .expect_err("all of it is gone")
            .to_string();
        assert!(missed.contains("no such collection"), "{missed}");
        assert!(
            !client
                .has_collection(CANARY_COLLECTION)
                .await
                .expect("an answer")
        );
    });
}

#[test]
fn the_canary_notices_every_row_that_is_lost() {
    sings_and_notices(Shape::Standalone);
}

#[test]
fn the_canary_notices_it_on_a_newer_server_too() {
    sings_and_notices(Shape::Lite);
}

#[test]
fn the_canary_is_not_lied_to() {
    let cache = Cache::open().expect("the cache");
    let server = Server::start(&cache, Shape::Standalone).expect("the server starts");
    let runtime = Runtime::new().expect("a runtime");
    for fault in [Fault::WrongNeighbours, Fault::DropAfter("Insert")] {
        let proxy = FaultProxy::start(&cache, &server.endpoint(), fault).expect("the proxy starts");
        runtime.block_on(async {
            let sung = Canary::default()
                .sing(&client(&proxy.endpoint()).await)
                .await;
            assert!(sung.is_err(), "{fault:?} is not noticed");
            let direct = client(&server.endpoint()).await;
            Canary::default()
                .sing(&direct)
                .await
                .expect("the server itself is sound");
        });
    }
}
