use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use shared::http::{Client, Http};

use super::*;

const ANN: &str = "00000001-1111-4111-8111-000000000001";
const TOKEN: &str = "the-token";

async fn ory() -> FakeOry {
    let ory = FakeOry::start(0, Some(TOKEN)).await.unwrap();
    ory.put_identity(person(ANN, "Ann@example.com"));
    ory
}

async fn call_with(ory: &FakeOry, token: &str, call: (Method, &str), body: Value) -> (u16, Value) {
    let (method, path) = call;
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
    let request = shared::http::Request {
        method,
        url: format!("{}/admin/{path}", ory.url()).parse().unwrap(),
        headers,
        body: body.to_string().into(),
        timeout: Duration::from_secs(5),
    };
    let answer = Client::new().unwrap().send(request).await.unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

/// A page: its status, the ids on it, and its `Link` header.
async fn page(ory: &FakeOry, query: &str) -> (u16, Vec<String>, String) {
    let request = shared::http::Request {
        method: Method::GET,
        url: format!("{}/admin/identities?{query}", ory.url()).parse().unwrap(),
        headers: HeaderMap::from_iter([(
            AUTHORIZATION,
            HeaderValue::from_str(&format!("Bearer {TOKEN}")).unwrap(),
        )]),
        body: Vec::new().into(),
        timeout: Duration::from_secs(5),
    };
    let answer = Client::new().unwrap().send(request).await.unwrap();
    let list: Value = serde_json::from_slice(&answer.body).unwrap();
    let ids = list.as_array().into_iter().flatten();
    let ids = ids.map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    let link = answer.headers.get("link").map_or("", |link| link.to_str().unwrap());
    (answer.status, ids, link.to_owned())
}

fn id(number: u32) -> String {
    format!("{number:08x}-1111-4111-8111-000000000000")
}

#[tokio::test]
async fn pages_follow_the_last_id_whatever_comes_and_goes() {
    let ory = FakeOry::start(0, Some(TOKEN)).await.unwrap();
    for number in [2, 4, 6, 8, 10] {
        ory.put_identity(person(&id(number), "a@example.com"));
    }
    let first = "</admin/identities?page_size=2&page_token=00000000-0000-0000-0000-000000000000>; \
                 rel=\"first\"";
    let after = |number: u32| {
        format!("{first},</admin/identities?page_size=2&page_token={}>; rel=\"next\"", id(number))
    };
    let read = page(&ory, "page_size=2&consistency=eventual").await;
    assert_eq!(read, (200, vec![id(2), id(4)], after(4)));
    // Those before it move nobody.
    ory.put_identity(person(&id(1), "b@example.com"));
    ory.remove_identity(&id(2));
    let read = page(&ory, &format!("page_size=2&page_token={}", id(4))).await;
    assert_eq!(read, (200, vec![id(6), id(8)], after(8)));
    ory.remove_identity(&id(8));
    let read = page(&ory, &format!("page_size=2&page_token={}", id(8))).await;
    assert_eq!(read, (200, vec![id(10)], first.to_owned()));
    ory.set_page_limit(1);
    assert_eq!(page(&ory, "page_size=2").await.1, [id(1)]);
    for refused in ["page_token=x", "consistency=perhaps", "page_size=x", "page_size=2&page=1"] {
        assert_eq!(page(&ory, refused).await.0, 400, "{refused}");
    }
    let lines = lines(&ory.take_received());
    let expected = ["Ory: list 2".to_owned(), format!("Ory: list 2 after {}", id(4))];
    assert_eq!(lines[..2], expected);
}

#[tokio::test]
async fn identities_change_after_each_page() {
    let ory = FakeOry::start(0, Some(TOKEN)).await.unwrap();
    ory.put_identity(person(&id(2), "a@example.com"));
    let mut number = 2;
    ory.change_after_each_page(move |identities| {
        number += 1;
        identities.insert(id(number), person(&id(number), "b@example.com"));
    });
    assert_eq!(page(&ory, "page_size=9").await.1, [id(2)]);
    assert_eq!(page(&ory, "page_size=9").await.1, [id(2), id(3)]);
}

async fn get(ory: &FakeOry, path: &str) -> (u16, Value) {
    call_with(ory, TOKEN, (Method::GET, path), Value::Null).await
}

async fn patch(ory: &FakeOry, operation: Value) -> (u16, Value) {
    let path = format!("identities/{ANN}");
    call_with(ory, TOKEN, (Method::PATCH, &path), json!([operation])).await
}

fn lines(calls: &[AdminCall]) -> Vec<String> {
    calls.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn found_by_id() {
    let ory = ory().await;
    let mut ann = person(ANN, "Ann@example.com");
    ann["credentials"]["password"]["config"] = json!({"hashed_password": "x"});
    ory.put_identity(ann);
    let path = format!("identities/{ANN}");
    assert_eq!(get(&ory, &path).await, (200, person(ANN, "Ann@example.com")));
    ory.remove_identity(ANN);
    let gone = json!({"error": {
        "code": 404, "status": "Not Found", "message": "Unable to locate the resource",
    }});
    assert_eq!(get(&ory, &path).await, (404, gone));
    assert_eq!(ory.identity(ANN), None);
    let expected = format!("Ory: get {ANN}");
    assert_eq!(lines(&ory.take_received()), [expected.as_str(); 2]);
}

#[tokio::test]
async fn identity_is_found_by_address_in_any_case() {
    let ory = ory().await;
    ory.put_identity(person("b", "a+b@example.com"));
    for (query, id) in [("ANN%40example.com", ANN), ("a%2Bb@example.com", "b")] {
        let (status, found) =
            get(&ory, &format!("identities?credentials_identifier={query}")).await;
        assert_eq!((status, found.as_array().unwrap().len()), (200, 1), "{query}");
        assert_eq!(found[0]["id"], id);
    }
    let nobody = get(&ory, "identities?credentials_identifier=ann").await;
    assert_eq!(nobody, (200, json!([])));
    assert_eq!(lines(&ory.take_received())[0], "Ory: find ANN@example.com");
}

#[tokio::test]
async fn unknown_requests_are_refused() {
    let ory = ory().await;
    for path in [
        "identities",
        "identities?credentials_identifer=ann@example.com",
        "identities?credentials_identifier=ann@example.com&page_size=1",
    ] {
        assert_eq!(get(&ory, path).await.0, 400, "{path}");
    }
    let path = format!("identities/{ANN}");
    assert_eq!(call_with(&ory, TOKEN, (Method::PUT, &path), json!({})).await.0, 400);
    assert_eq!(call_with(&ory, "another", (Method::GET, &path), Value::Null).await.0, 401);
    ory.set_token(None);
    assert_eq!(call_with(&ory, "another", (Method::GET, &path), Value::Null).await.0, 200);
}

#[tokio::test]
async fn patched() {
    let ory = ory().await;
    let consent = json!({"op": "replace", "path": "/traits/consent/newsletter", "value": true});
    let (status, ann) = patch(&ory, consent).await;
    assert_eq!((status, &ann["traits"]["consent"]["newsletter"]), (200, &json!(true)));
    assert_eq!(ory.identity(ANN), Some(ann));
    assert_eq!(
        lines(&ory.take_patches()),
        [format!("Ory: patch {ANN} /traits/consent/newsletter")]
    );
}

#[tokio::test]
async fn patch_that_violates_the_schema_changes_nothing() {
    let ory = ory().await;
    let before = ory.identity(ANN);
    let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    for operation in [
        add("/traits/consent/newsletter", json!("yes")),
        add("/traits/consent", json!(true)),
        add("/traits/age", json!(1)),
        add("/traits", json!(1)),
        json!({"op": "remove", "path": "/traits"}),
    ] {
        let (status, body) = patch(&ory, operation.clone()).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!(400)), "{operation}");
    }
    ory.set_traits(&["email"]);
    assert_eq!(patch(&ory, add("/traits/consent/newsletter", json!(true))).await.0, 400);
    assert_eq!(ory.identity(ANN), before);
}
