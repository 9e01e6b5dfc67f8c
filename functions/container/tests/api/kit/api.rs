//! The published operations, and for each a request that its owner may make.

mod bodies;

use super::{Answer, PASSWORD, Person};
use serde_json::{Value, json};
use std::sync::LazyLock;
use uuid::Uuid;

/// One operation of the published contract.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: String,
    pub path: String,
    /// What the document says about it.
    pub about: Value,
    /// The properties of its JSON body; none if it takes none.
    pub fields: Vec<String>,
    /// Those of them that name something by its id.
    pub id_fields: Vec<String>,
}

/// What one person has: the ids that its requests may name.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    pub tenant: Uuid,
    pub user: Uuid,
    pub login: Uuid,
    pub session: Uuid,
    /// An answer of that conversation.
    pub message: Uuid,
    pub document: Uuid,
    pub api_key: Uuid,
    pub site: Uuid,
    pub connector: Uuid,
    pub identity_key: Uuid,
    pub rehearsal: Uuid,
    /// A question of that.
    pub question: Uuid,
}

/// The published contract.
pub fn contract() -> Value {
    static CONTRACT: LazyLock<Value> = LazyLock::new(|| {
        let contract = web::openapi(container::routes());
        serde_json::to_value(contract).expect("the contract is JSON")
    });
    CONTRACT.clone()
}

/// Every operation of it.
pub fn operations() -> Vec<Operation> {
    let contract = contract();
    let paths = contract["paths"].as_object().expect("there are paths");
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().expect("a path has methods").clone();
        let (path, contract) = (path.clone(), contract.clone());
        methods.into_iter().map(move |(method, about)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            fields: fields(&contract, &about, |_| true),
            id_fields: fields(&contract, &about, names_an_id),
            about,
        })
    };
    paths.iter().flat_map(of_path).collect()
}

/// The operation that a request is for: of those that fit, the one with the fewest parameters.
pub fn asked_for<'a>(
    operations: &'a [Operation],
    method: &str,
    path: &str,
) -> Option<&'a Operation> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |operation: &&Operation| {
        let (ours, theirs) = (path.split('/'), operation.path.split('/'));
        operation.method == method
            && ours.clone().count() == theirs.clone().count()
            && ours
                .zip(theirs)
                .all(|(our, their)| their.starts_with('{') || our == their)
    };
    let fitting = operations.iter().filter(fits);
    fitting.min_by_key(|operation| operation.path.matches('{').count())
}

fn fields(contract: &Value, about: &Value, which: fn((&String, &Value)) -> bool) -> Vec<String> {
    let schema = &about["requestBody"]["content"]["application/json"]["schema"];
    let properties = resolve(contract, schema)["properties"].as_object();
    let properties = properties.into_iter().flatten();
    let named = properties.filter(|(name, about)| which((name, about)));
    named.map(|(name, _)| name.clone()).collect()
}

fn names_an_id((name, about): (&String, &Value)) -> bool {
    name.ends_with("id") || about["format"] == "uuid"
}

/// The schema itself where there is a reference to it.
pub fn resolve<'a>(contract: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
    target.map_or(schema, |pointer| {
        contract.pointer(pointer).expect("the reference resolves")
    })
}

impl Operation {
    /// Method and path.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it is one of OpenAI's API, which has failures of a form of its own and ignores members that it does not know.
    pub fn is_openai(&self) -> bool {
        self.path.starts_with("/v1/")
    }

    /// Whether it is of the Model Context Protocol, which has failures of a form of its own and ignores members that it does not know.
    pub fn is_mcp(&self) -> bool {
        self.path == "/mcp"
    }

    /// Whether the contract says that it needs no token.
    pub fn is_public(&self) -> bool {
        self.about["security"] == json!([{}])
    }

    /// Whether it needs an access token: not so what is public, nor what has a token of its own.
    pub fn needs_login(&self) -> bool {
        let login = json!({ "bearer": [] });
        let ways = self.about["security"].as_array();
        ways.is_none_or(|ways| ways.contains(&login))
    }

    /// The statuses that it may answer, but for those which follow alike from what many operations are: bodies that
    /// cannot be read, parameters that do not fit, pages of other tenants, `default`.
    pub fn own_statuses(&self) -> Vec<u16> {
        let has_query = self.about["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|p| p["in"] == "query");
        let responses = self.about["responses"].as_object().into_iter().flatten();
        let own = responses.filter(|(_, response)| {
            let shared = response["$ref"].as_str().unwrap_or_default();
            let shared = shared.rsplit('/').next().unwrap_or_default();
            let shared = shared.trim_end_matches("InWords");
            match shared {
                "OpenAiForbidden"
                | "OpenAiTooLarge"
                | "OpenAiUnsupportedMediaType"
                | "OpenAiFailed"
                | "McpForbidden"
                | "McpTooLarge"
                | "McpUnsupportedMediaType"
                | "McpFailed"
                | "Malformed"
                | "TooLarge"
                | "UnsupportedMediaType"
                | "OriginNotAllowed"
                | "Failed" => false,
                "Invalid" => self.takes_json() || has_query,
                _ => true,
            }
        });
        own.map(|(status, _)| status.parse().expect("a status is a number"))
            .collect()
    }

    /// Whether it is of a protocol of others, whose clients send more than is read, and want failures in its own form.
    pub fn is_foreign(&self) -> bool {
        self.path.starts_with("/chat/ui")
    }

    /// Whether it takes a JSON body.
    pub fn takes_json(&self) -> bool {
        self.about["requestBody"]["content"]["application/json"].is_object()
    }

    /// Every place where a request names the id of something: `path:id`, `query:tenant_id`, `body:session_id`.
    pub fn names_ids(&self) -> Vec<String> {
        let parameters = self.about["parameters"].as_array().into_iter().flatten();
        let parameters = parameters.map(|p| (p["in"].clone(), p["name"].clone()));
        let parameters = parameters.map(|(place, name)| {
            let text = |v: &Value| v.as_str().expect("a name is text").to_owned();
            format!("{}:{}", text(&place), text(&name))
        });
        let parameters = parameters.filter(|place| place.ends_with("id"));
        let fields = self.id_fields.iter().map(|f| format!("body:{f}"));
        parameters.chain(fields).collect()
    }

    /// Its path with the ids of `ids` in it.
    pub fn path_of(&self, ids: &Ids) -> String {
        let id = match self.path.split('/').nth(1) {
            Some("chat") if self.path.starts_with("/chat/messages") => ids.message,
            Some("chat") => ids.session,
            Some("documents") if self.path.starts_with("/documents/connectors") => ids.connector,
            Some("documents") => ids.document,
            Some("login") => ids.login,
            Some("admin") if self.path.starts_with("/admin/tenants") => ids.tenant,
            Some("admin") if self.path.starts_with("/admin/api-keys") => ids.api_key,
            Some("tenants") if self.path.contains("/rehearsals") => ids.rehearsal,
            Some("admin") if self.path.starts_with("/admin/conversations") => ids.session,
            Some("tenants") => ids.site,
            _ => ids.user,
        };
        let path = self.path.replace("{id}", &id.to_string());
        let path = path.replace("{tenant_id}", &ids.tenant.to_string());
        let path = path
            .replace("{key_id}", &ids.identity_key.to_string())
            .replace("{message_id}", &ids.question.to_string())
            .replace("{provider}", "openai")
            .replace("{version}", "1")
            .replace("{model}", "default");
        // What must be in the query.
        let path = match &*self.name() {
            "DELETE /chat/sessions" => format!("{path}?confirm=all"),
            "GET /chat/search" => format!("{path}?q=question"),
            _ => path,
        };
        assert!(
            !path.contains('{'),
            "{path} has a parameter that `path_of` in tests/api/kit/api.rs fills with no sample"
        );
        path
    }
}

/// The body of a login.
pub fn login(who: Person) -> Value {
    json!({ "tenant": who.tenant, "email": who.email, "password": PASSWORD })
}

impl Answer {
    /// An id anywhere in the answer.
    pub fn id_at(&self, pointer: &str) -> Uuid {
        let id = self.json.pointer(pointer).and_then(Value::as_str);
        let id = id.unwrap_or_else(|| panic!("no {pointer} in {}", self.text));
        id.parse().expect("an id is a UUID")
    }
}
