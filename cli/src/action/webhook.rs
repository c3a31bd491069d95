//! A webhook in the configuration of Ory.

use base64::{Engine, engine::general_purpose::STANDARD};
use lint::kratos::Method;
use serde::Serialize;
use shared::ctx::FORWARD;

use super::{Caller, HookPlace};

/// How Kratos recognizes a template in the configuration itself.
const TEMPLATE_SCHEME: &str = "base64://";

/// The tag of the shipped forwarding template, replaced for each hook.
const TAG: &str = "{ flow: 'registration', method: 'password', when: 'after_save' }";

/// Where the forwarding template begins its object.
const START: &str = "function(ctx) present({\n";

/// The address from which the person calls, as Kratos or a proxy in front of it fills it in.
const IP: &str = "  request_headers: present({
    'True-Client-Ip': get(get(ctx, 'request_headers'), 'True-Client-Ip'),
  }),
";

/// In the order in which people read it.
#[derive(Serialize)]
pub(super) struct Webhook {
    hook: &'static str,
    config: Config,
}

#[derive(Serialize)]
struct Config {
    url: String,
    method: &'static str,
    body: String,
    auth: Auth,
    response: Response,
}

#[derive(Serialize)]
struct Auth {
    r#type: &'static str,
    config: ApiKey,
}

#[derive(Serialize)]
struct ApiKey {
    name: String,
    value: String,
    r#in: &'static str,
}

/// `ignore` and `parse` exclude each other, so only the true one is printed.
#[derive(Serialize)]
#[serde(untagged)]
enum Response {
    Ignored { ignore: bool },
    Parsed { parse: bool },
}

impl Webhook {
    /// The webhook for a place, with which Ory presents this key.
    pub(super) fn new(place: HookPlace, caller: &Caller, key: &str) -> Self {
        let method = place.list.method().map(Method::name);
        let encoded = STANDARD.encode(template(place, method));
        Self::with_template(place, caller, key, &encoded)
    }

    /// The webhook with this template, encoded as Kratos expects it: the alphabet of RFC 4648
    /// section 4, with padding, on one line.
    pub(super) fn with_template(
        place: HookPlace,
        caller: &Caller,
        key: &str,
        encoded: &str,
    ) -> Self {
        let api_key =
            ApiKey { name: caller.api_key_name.clone(), value: key.to_owned(), r#in: "header" };
        let response = if place.response.parse {
            Response::Parsed { parse: true }
        } else {
            Response::Ignored { ignore: true }
        };
        let config = Config {
            url: caller.url.clone(),
            method: "POST",
            body: format!("{TEMPLATE_SCHEME}{encoded}"),
            auth: Auth { r#type: "api_key", config: api_key },
            response,
        };
        Self { hook: "web_hook", config }
    }
}

/// The forwarding template with the tag of its hook, without the comments, which are for readers of
/// its file.
pub(super) fn template(place: HookPlace, method: Option<&str>) -> String {
    let text = |word: Option<&str>| word.map_or("null".to_owned(), |word| format!("'{word}'"));
    let flow = text(Some(place.list.flow().name()));
    let (method, when) = (text(method), text(place.moment.when()));
    let tag = format!("{{ flow: {flow}, method: {method}, when: {when} }}");
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    let code: Vec<_> = FORWARD.lines().filter(|line| !is_comment(line)).collect();
    let code = code.join("\n").replace(TAG, &tag) + "\n";
    if place.forwards_ip { code.replace(START, &format!("{START}{IP}")) } else { code }
}

#[cfg(test)]
mod tests {
    use lint::kratos::Flow;
    use serde_json::{Value, json};
    use shared::{
        ctx::{Ctx, Hook, When},
        template::{Source, Template},
    };

    use super::{
        super::{OryFunction, Wish},
        *,
    };

    #[test]
    fn template_contains_the_tag_and_its_start_once() {
        assert_eq!(FORWARD.matches(TAG).count(), 1);
        assert_eq!(FORWARD.matches(START).count(), 1);
    }

    #[tokio::test]
    async fn only_the_address_is_forwarded_of_the_headers_and_only_if_wanted() {
        let (function, methods) = (OryFunction::MailchimpSubscribe, vec![Method::Password]);
        let wish = Wish { function, flow: Flow::Registration, methods, parse: false };
        let place = wish.places().unwrap()[0];
        let caller = Caller { function, url: String::new(), api_key_name: String::new() };
        let forwarded = async |forwards_ip, headers: Value| {
            let hook = Webhook::new(HookPlace { forwards_ip, ..place }, &caller, "the key");
            let ctx = json!({
                "flow": {}, "identity": {"id": "i", "traits": {}}, "request_headers": headers,
            });
            rendered(&hook, ctx).await["request_headers"].clone()
        };
        let headers = json!({"True-Client-Ip": ["203.0.113.7"], "User-Agent": ["curl"]});
        let ip = json!({"True-Client-Ip": ["203.0.113.7"]});
        assert_eq!(forwarded(true, headers.clone()).await, ip);
        assert_eq!(forwarded(false, headers).await, Value::Null);
        assert_eq!(forwarded(true, json!({"User-Agent": ["curl"]})).await, json!({}));
        assert_eq!(forwarded(true, Value::Null).await, json!({}));
    }

    async fn rendered(hook: &Webhook, ctx: Value) -> Value {
        let encoded = hook.config.body.strip_prefix("base64://").unwrap();
        let code = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        let template = Template::prepare(Source::shipped("forward.jsonnet", &code)).unwrap();
        template.render(vec![("ctx", ctx)]).await.unwrap()
    }

    /// Every flow and list, with and without a reply.
    #[tokio::test]
    async fn decoded_template_forwards_the_event_with_its_hook_tag() {
        let ctx = json!({
            "flow": {"id": "f", "type": "api"}, "identity": {"id": "i", "traits": {"a": 1}},
            "session": {"identity": {"traits": {"a": 0}}},
        });
        let function = OryFunction::MandrillWelcome;
        let caller = Caller { function, url: String::new(), api_key_name: String::new() };
        let mut tags = 0;
        for (flow, parse) in Flow::ALL.into_iter().flat_map(|flow| [(flow, false), (flow, true)]) {
            let methods = flow.methods().to_vec();
            let Ok(places) = (Wish { function, flow, methods, parse }).places() else { continue };
            for place in places {
                let hook = Webhook::new(place, &caller, "the key");
                let forwarded = rendered(&hook, ctx.clone()).await;
                let hook: Hook = serde_json::from_value(forwarded["hook"].clone()).unwrap();
                let before = parse && flow != Flow::Login;
                let expected = Hook {
                    flow: Some(flow.name().to_owned()),
                    method: place.list.method().map(|method| method.name().to_owned()),
                    when: Some(if before { When::BeforeSave } else { When::AfterSave }),
                    ..Hook::default()
                };
                assert_eq!(hook, expected, "{}", place.list);
                assert!(Ctx::decode(forwarded.to_string().as_bytes()).is_ok());
                tags += 1;
            }
        }
        assert!(tags > 30, "{tags} tags");
    }
}
