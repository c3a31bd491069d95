use super::*;

fn call(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> RelayedCall {
    let mut request = Request::builder().method(method).uri(format!("http://fake{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Relayed::read(&request.body(Bytes::from(body.to_owned())).unwrap())
}

fn vendor(behaviour: impl Behaviour + 'static, key: &str) -> Relayed {
    Relayed { keys: vec![key.to_owned()], behaviour: Box::new(behaviour) }
}

fn status(vendor: &mut Relayed, call: &RelayedCall) -> (u16, String) {
    match vendor.answer(call, 1) {
        FakeReply::Answer(answer) => {
            (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
        }
        other => panic!("{other:?}"),
    }
}

const TOKEN: (&str, &str) = ("authorization", "Bearer token");

#[test]
fn hubspot_creates_once_and_names_what_it_refuses() {
    let mut hubspot = vendor(hubspot::HubSpot::default(), "token");
    let path = "/crm/objects/2026-03/contacts/batch/upsert";
    let mut upsert = |id: &str, properties: &str| {
        let body = format!(
            r#"{{"inputs":[{{"idProperty":"email","id":"{id}","properties":{properties}}}]}}"#
        );
        status(&mut hubspot, &call("POST", path, &[TOKEN], &body))
    };
    let (code, first) = upsert("Ann@example.com", r#"{"firstname":"Ann"}"#);
    assert!(code == 200 && first.contains(r#""new":true"#), "{first}");
    let (_, second) = upsert("ann@example.com", r#"{"lastname":"Lee"}"#);
    assert!(second.contains(r#""new":false"#) && second.contains("Ann"), "{second}");
    let (code, unknown) = upsert("ann@example.com", r#"{"shoe_size":"9"}"#);
    assert!(code == 400 && unknown.contains("PROPERTY_DOESNT_EXIST"), "{unknown}");
    let (code, invalid) = upsert("ann", "{}");
    assert!(code == 400 && invalid.contains("INVALID_EMAIL"), "{invalid}");
    assert_eq!(status(&mut hubspot, &call("POST", path, &[], "{}")).0, 401);
    assert_eq!(status(&mut hubspot, &call("POST", "/elsewhere", &[TOKEN], "{}")).0, 404);
}

#[test]
fn braze_reports_an_error_inside_a_success() {
    let mut braze = vendor(braze::Braze, "token");
    let mut track = |body| status(&mut braze, &call("POST", "/users/track", &[TOKEN], body));
    let (code, good) = track(r#"{"attributes":[{"external_id":"1"}]}"#);
    assert!(code == 201 && !good.contains("errors"), "{good}");
    let (code, bad) = track(r#"{"attributes":[{"email":"ann@example.com"}]}"#);
    assert!(code == 201 && bad.contains("success") && bad.contains("errors"), "{bad}");
    assert_eq!(track("[]").0, 400);
}

#[test]
fn slack_knows_a_webhook_by_its_path() {
    let mut slack = vendor(slack::Slack, "/services/T/B/X");
    let mut post = |path, body| status(&mut slack, &call("POST", path, &[], body));
    assert_eq!(post("/services/T/B/X", r#"{"text":"a"}"#), (200, "ok".to_owned()));
    assert_eq!(post("/services/T/B/Y", r#"{"text":"a"}"#).0, 404);
    assert_eq!(post("/services/T/B/X", "{}").1, "no_text");
    assert_eq!(post("/services/T/B/X", "text").1, "invalid_payload");
}

#[test]
fn intercom_answers_a_conflict_for_a_contact_that_exists() {
    let mut intercom = vendor(intercom::Intercom::default(), "token");
    let version = ("intercom-version", "2.14");
    let body = r#"{"role":"user","external_id":"1"}"#;
    let mut create =
        |headers: &[_]| status(&mut intercom, &call("POST", "/contacts", headers, body));
    assert_eq!(create(&[TOKEN]).0, 400, "no version");
    assert_eq!(create(&[TOKEN, version]).0, 200);
    assert_eq!(create(&[TOKEN, version]).0, 409);
}

#[test]
fn customer_io_writes_the_attributes_of_one_person() {
    let mut customer_io = vendor(customer_io::CustomerIo::default(), "site:key");
    let basic = ("authorization", "Basic c2l0ZTprZXk=");
    let mut put = |path, body| status(&mut customer_io, &call("PUT", path, &[basic], body));
    assert_eq!(put("/api/v1/customers/1", r#"{"email":"ann@example.com"}"#).0, 200);
    assert_eq!(put("/api/v1/customers/1/2", "{}").0, 404);
    assert_eq!(put("/api/v1/customers/1", "[]").0, 400);
}

#[test]
fn endpoint_accepts_only_what_is_signed() {
    let key = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let mut endpoint = vendor(endpoint::Endpoint::default(), key);
    let headers = [
        ("webhook-id", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"),
        ("webhook-timestamp", "1649367553"),
        ("webhook-signature", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
    ];
    let mut post = |body| status(&mut endpoint, &call("POST", "/", &headers, body));
    let body = r#"{"email":"test@example.com","username":"test_user"}"#;
    assert_eq!(post(body), (200, r#"{"new":true}"#.to_owned()));
    assert_eq!(post(body), (200, r#"{"new":false}"#.to_owned()));
    assert_eq!(post("{}").0, 401);
}

#[tokio::test]
async fn every_fake_has_a_secret_and_no_other_preset_has_a_fake() {
    for preset in
        ["braze", "customer-io", "customer-io-eu", "hubspot", "intercom", "slack", "webhook"]
    {
        let fake = FakeRelayed::start(0, preset).await.unwrap();
        assert!(fake.url().starts_with("http://127.0.0.1:"), "{preset}");
        assert!(secret(preset).is_object(), "{preset}");
    }
    assert!(FakeRelayed::start(0, "fax").await.is_err());
}
