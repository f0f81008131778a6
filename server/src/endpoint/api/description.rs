//! What the API is, for machines: `OpenAPI` 3.1, made of the types that are sent and of one table of operations.
//!
//! Invariant: every row of the API in the table of endpoints has an operation here, and none else has (a test holds them together).

use openid::operator::{ACT, READ, resource};
use openid::session::Cause;
use serde_json::{Map, Value, json};
use store::NoticeState;
use utoipa::ToSchema;

use super::orders::EndOrder;
use crate::act::Carried;
use crate::answer::Answer;
use crate::op::Op;
use crate::view::figures::Figures;
use crate::view::history::History;
use crate::view::notice::{MOST, Notice, Notices};
use crate::view::preview::Preview;
use crate::view::tree::{Person, Sessions};

/// The endpoint.
pub(in crate::endpoint) fn endpoint(op: &Op) -> Answer {
    crate::answer::json(axum::http::StatusCode::OK, &description(op.issuer().as_str()))
}

/// One operation.
struct Operation {
    method: &'static str,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    scope: &'static str,
    parameters: &'static [&'static str],
    body: Option<&'static str>,
    answer: &'static str,
    problems: &'static [u16],
}

/// Every operation.
const OPERATIONS: &[Operation] = &[
    Operation {
        method: "get",
        path: "/api/v1/figures",
        name: "figures",
        summary: "What became of everything that was promised, in total and client by client, and whether it adds up",
        scope: READ,
        parameters: &["hours"],
        body: None,
        answer: "Figures",
        problems: &[422, 503],
    },
    Operation {
        method: "get",
        path: "/api/v1/notices",
        name: "notices",
        summary: "A page of the ledger, newest first",
        scope: READ,
        parameters: &["state", "client", "account", "cause", "session", "text", "cursor", "limit"],
        body: None,
        answer: "Notices",
        problems: &[422],
    },
    Operation {
        method: "get",
        path: "/api/v1/notices/export",
        name: "export",
        summary: "The whole ledger, or what a filter finds of it, a line for each notice, streamed",
        scope: READ,
        parameters: &["format", "state", "client", "account", "cause", "session", "text", "cursor"],
        body: None,
        answer: "export",
        problems: &[422],
    },
    Operation {
        method: "get",
        path: "/api/v1/notices/{notice}",
        name: "notice",
        summary: "One notice",
        scope: READ,
        parameters: &["notice"],
        body: None,
        answer: "Notice",
        problems: &[404],
    },
    Operation {
        method: "post",
        path: "/api/v1/notices/{notice}/retry",
        name: "retryNotice",
        summary: "Send again: a parked, refused or withdrawn notice once more, a pending one now",
        scope: ACT,
        parameters: &["notice"],
        body: None,
        answer: "Notice",
        problems: &[404, 409],
    },
    Operation {
        method: "post",
        path: "/api/v1/notices/{notice}/give-up",
        name: "giveUpNotice",
        summary: "Give a pending or parked notice up: it is withdrawn",
        scope: ACT,
        parameters: &["notice"],
        body: None,
        answer: "Notice",
        problems: &[404, 409],
    },
    Operation {
        method: "get",
        path: "/api/v1/sessions",
        name: "sessions",
        summary: "A page of sessions: everybody's, a person's, or those a client takes part in",
        scope: READ,
        parameters: &["account", "username", "client", "standing", "cursor", "limit"],
        body: None,
        answer: "Sessions",
        problems: &[404, 422],
    },
    Operation {
        method: "get",
        path: "/api/v1/sessions/{session}",
        name: "session",
        summary: "One session and its history: opened, joined, granted, ended by whom and why, who was told",
        scope: READ,
        parameters: &["session"],
        body: None,
        answer: "History",
        problems: &[404],
    },
    Operation {
        method: "get",
        path: "/api/v1/accounts/{account}/sessions",
        name: "accountSessions",
        summary: "A person's sessions as a tree: sessions, stays, grants; background access; the latest notices",
        scope: READ,
        parameters: &["account", "standing"],
        body: None,
        answer: "Person",
        problems: &[404, 422],
    },
    Operation {
        method: "post",
        path: "/api/v1/preview",
        name: "preview",
        summary: "What an ending would do: whom it would tell and how, which grants would end. Nothing is changed",
        scope: READ,
        parameters: &[],
        body: Some("EndOrder"),
        answer: "Preview",
        problems: &[404, 409, 415, 422],
    },
    Operation {
        method: "post",
        path: "/api/v1/end",
        name: "end",
        summary: "End a session, a stay, everything of a person or of a client; every relying party is told",
        scope: ACT,
        parameters: &[],
        body: Some("EndOrder"),
        answer: "Carried",
        problems: &[404, 409, 415, 422],
    },
];

type Schemas = Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>;

fn schema<T: ToSchema>(all: &mut Schemas) {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
}

/// Every type that is sent or taken, by name, in order.
fn schemas() -> Map<String, Value> {
    let mut all = Schemas::new();
    schema::<Figures>(&mut all);
    schema::<Notices>(&mut all);
    schema::<Notice>(&mut all);
    schema::<Sessions>(&mut all);
    schema::<History>(&mut all);
    schema::<Person>(&mut all);
    schema::<Preview>(&mut all);
    schema::<Carried>(&mut all);
    schema::<EndOrder>(&mut all);
    let mut named: std::collections::BTreeMap<String, Value> =
        all.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default())).collect();
    named.insert(
        "Problem".to_owned(),
        json!({
            "type": "object",
            "description": "Why something was not done: RFC 9457",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string"}, "title": {"type": "string"},
                "status": {"type": "integer"}, "detail": {"type": "string"},
            },
        }),
    );
    named.into_iter().collect()
}

fn words(all: impl Iterator<Item = &'static str>) -> Value {
    json!({"type": "string", "enum": all.collect::<Vec<_>>()})
}

/// A parameter by its name; those of the path are in the path.
fn parameter(name: &str, path: &str) -> Value {
    let (schema, description) = match name {
        "hours" => (json!({"type": "integer", "minimum": 1, "default": 24}), "how far back the proof looks"),
        "state" => (words(NoticeState::ALL.iter().map(|state| state.as_str())), "notices in one state"),
        "cause" => (words(Cause::ALL.iter().map(|cause| cause.as_str())), "stays that ended for one reason"),
        "client" => (json!({"type": "string"}), "a `client_id`"),
        "account" => (json!({"type": "string"}), "an account"),
        "username" => (json!({"type": "string"}), "the same, by username"),
        "session" => (json!({"type": "string"}), "a session"),
        "notice" => (json!({"type": "string"}), "a notice"),
        "text" => (
            json!({"type": "string", "maxLength": 200}),
            "with this in its name, its client, its subject or the last answer",
        ),
        "cursor" => (json!({"type": "string"}), "where the page begins: what `next` of the page before said"),
        "limit" => (json!({"type": "integer", "minimum": 1, "maximum": MOST}), "how many; sessions: 200 at most"),
        "standing" => (words(["live", "all"].into_iter()), "sessions that go on, or ended ones too"),
        _ => (words(["ndjson", "csv"].into_iter()), "how lines are written"),
    };
    let in_path = path.contains(&format!("{{{name}}}"));
    let place = if in_path { "path" } else { "query" };
    json!({"name": name, "in": place, "required": in_path, "description": description, "schema": schema})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn answers(operation: &Operation) -> Value {
    let mut all = Map::new();
    let content = match operation.answer {
        "export" => {
            json!({"application/x-ndjson": {"schema": reference("Notice")}, "text/csv": {"schema": {"type": "string"}}})
        }
        view => json!({"application/json": {"schema": reference(view)}}),
    };
    all.insert("200".into(), json!({"description": "done", "content": content}));
    all.insert(
        "401".into(),
        json!({"description": "no access token, or one that is dead or for somebody else (RFC 6750)"}),
    );
    all.insert(
        "403".into(),
        json!({"description": "the access token was not granted the scope, or the client is not let in"}),
    );
    for status in operation.problems {
        let description = match status {
            404 => "there is no such thing",
            409 => "it is not in a state in which that can be done",
            415 => "the body is no JSON",
            _ => "what was asked means nothing",
        };
        let content = json!({"application/problem+json": {"schema": reference("Problem")}});
        all.insert(status.to_string(), json!({"description": description, "content": content}));
    }
    Value::Object(all)
}

/// The document, for one issuer.
pub(crate) fn description(issuer: &str) -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let mut described = json!({
            "operationId": operation.name,
            "summary": operation.summary,
            "security": [{"operator": [operation.scope]}],
            "parameters": operation.parameters.iter().map(|name| parameter(name, operation.path)).collect::<Vec<_>>(),
            "responses": answers(operation),
        });
        if let Some(body) = operation.body {
            described["requestBody"] =
                json!({"required": true, "content": {"application/json": {"schema": reference(body)}}});
        }
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
    let itself = json!({"get": {
        "operationId": "description", "summary": "This document", "security": [],
        "responses": {"200": {"description": "done", "content": {"application/json": {}}}},
    }});
    paths.insert("/api/v1/openapi.json".into(), itself);
    let scopes =
        json!({READ: "look at figures, notices and sessions", ACT: "end sessions, send notices again, give them up"});
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ostiary, the operator's API",
            "version": "1",
            "description": format!("Who was signed out, who was told, and proof that it adds up. Ask for an access token with \
                client_credentials for the resource {}; `ostiary api add` makes such a client.", resource(issuer)),
            "license": {"name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT"},
        },
        "servers": [{"url": issuer}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"operator": {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": format!("{issuer}/token"), "scopes": scopes}},
            }},
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::description;
    use crate::endpoint::ENDPOINTS;

    #[test]
    fn every_endpoint_of_the_api_is_described_and_nothing_else() {
        let document = description("https://op.example");
        let mut described = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            described
                .extend(methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let of_api = ENDPOINTS.iter().filter(|row| row.path.starts_with("/api/"));
        let mut there: Vec<String> =
            of_api.flat_map(|row| row.methods.iter().map(|method| format!("{method} {}", row.path))).collect();
        described.sort();
        there.sort();
        assert_eq!(described, there);
        assert!(there.len() > 10);
    }

    /// Every reference in a document.
    fn references(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match (name.as_str(), value) {
                        ("$ref", Value::String(to)) => all.push(to.clone()),
                        _ => references(value, all),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, all)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = description("https://op.example");
        let mut all = Vec::new();
        references(&document, &mut all);
        assert!(all.len() > 20, "{all:?}");
        for to in all {
            assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to} leads nowhere");
        }
    }
}
