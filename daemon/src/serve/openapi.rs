//! The contract as an OpenAPI document, for technicians with a socket tool.

use axum::Json;
use serde_json::{Map, Value, json};

/// OpenAPI 3.1. Bodies are described in words and by example: the contract is lockstep, and its
/// types are those of the crate `kart-api`.
pub(super) async fn document() -> Json<Value> {
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "kartd, local interface",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "HTTP over a Unix socket; contract number in /health.",
        },
        "paths": {
            "/v1/snapshot": { "get": {
                "summary": "Everything a screen shows, in one consistent state",
                "responses": json_answer("View"),
            } },
            "/v1/live": { "get": {
                "summary": "Server-sent events: one `snapshot`, then numbered `delta`s",
                "responses": { "200": {
                    "description": "Events", "content": { "text/event-stream": {} },
                } },
            } },
            "/v1/commands": { "post": {
                "summary": "Ask for something; the same key again gives the first answer again",
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["key", "command"],
                        "properties": {
                            "key": { "type": "string", "minLength": 1, "maxLength": 64 },
                            "command": { "type": "object" },
                            "pin": { "type": "string", "description": "where the person has one" },
                        },
                    },
                    "example": {
                        "key": "7f1c", "command": { "clock_out": { "badge": "1001" } },
                    },
                } } },
                "responses": json_answer("saved with sequence number, or refused with a code"),
            } },
            "/health": { "get": {
                "summary": "Whether facts are being recorded", "responses": json_answer("Health"),
            } },
            "/metrics": { "get": {
                "summary": "Prometheus text",
                "responses": { "200": { "description": "Metrics", "content": { "text/plain": {} } } },
            } },
        },
    });
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.extend(numbers());
        paths.extend(commissioning());
    }
    Json(document)
}

fn json_answer(what: &str) -> Value {
    json!({ "200": { "description": what, "content": { "application/json": {} } } })
}

/// Numbers of machines and people.
fn numbers() -> Map<String, Value> {
    let paths = json!({
        "/v1/figures": { "get": {
            "summary": "Key figures of this shift with what they were made of; another time \
                        by `from` and `until` in RFC 3339, 400 days at most; reasons \
                            `as=recorded` or `as=now`",
            "responses": json_answer("Shift"),
        } },
        "/v1/board": { "get": {
            "summary": "Hour by hour what was due and made, the line of time, reasons by what \
                        they cost, batches; the shift before by `back=1`, another time by \
                        `from` and `until`",
            "responses": json_answer("Shift"),
        } },
        "/v1/ledger": { "get": {
            "summary": "Minutes that cannot all be right, as far as this terminal knows; times \
                        as for the board",
            "responses": json_answer("Shift"),
        } },
        "/v1/labor": { "get": {
            "summary": "What is recorded here of the person `user` in this pay period, or in the \
                        one `back` periods before; with the `ticket` of /v1/labor/open",
            "responses": json_answer("Record"),
        } },
        "/v1/labor/open": { "post": {
            "summary": "Show a badge, and its PIN, for a ticket to one's own record; for a lead or \
                        supervisor with a PIN to that of everybody",
            "requestBody": { "required": true, "content": { "application/json": {
                "example": { "badge": "1001", "pin": "482913", "user": null },
            } } },
            "responses": json_answer("a ticket, or refused with a code"),
        } },
        "/v1/notes": { "get": {
            "summary": "The shift log, newest first, 200 at most; `words` that all stand in it",
            "responses": json_answer("Notes"),
        } },
        "/v1/export": { "get": {
            "summary": "A page of `of=stops`, `batches`, `labor`, `counts` or `states` that \
                        touch `from` to `until`; the next one by `after`; of one \
                        `user`; `labor` with a `ticket`, and with a `view` beside it",
            "responses": json_answer("Page"),
        } },
    });
    match paths {
        Value::Object(paths) => paths,
        _ => Map::new(),
    }
}

/// What a technician asks for.
fn commissioning() -> Map<String, Value> {
    let asked = |what: &str, example: Value| {
        let body =
            json!({ "required": true, "content": { "application/json": { "example": example } } });
        json!({ "post": { "summary": what, "requestBody": body, "responses": json_answer("the answer") } })
    };
    let paths = json!({
            "/v1/sources": { "get": {
                "summary": "Devices, brokers and the poll plan of the map in force",
                "responses": json_answer("Sources"),
            } },
            "/v1/registers": asked(
                "Read a block of registers once, on the line that polls them",
                json!({ "device": "plc", "table": "holding", "start": 100, "count": 20, "at": 100 }),
            ),
            "/v1/topics": asked(
                "What is said at a broker, as long as somebody asks",
                json!({ "broker": "hall", "filter": "#", "prefix": "", "topic": null }),
            ),
            "/v1/trace": asked(
                "The signals of a machine with their last values",
                json!({ "machine": "EQ-211", "most": 60 }),
            ),
            "/v1/rules": asked("Which rule decides for a machine, and why", json!("EQ-211")),
            "/v1/map": asked(
                "What another configuration file would change; put in force where `who` is given",
                json!({ "text": "[terminal] …", "name": "new.toml", "who": null }),
            ),
            "/v1/replay": asked(
                "Take what a replay came to for what happened; for the daemon's user and root",
                json!({ "key": "7f1c", "command": { "accept_replay": {
                    "by": "0192f0c4-0000-7000-8000-000000000001", "reason": "the bit was inverted",
                    "map": "7c1d", "from": 0, "until": 0, "as_of": 42, "changes": [],
                } } }),
            ),
    });
    match paths {
        Value::Object(paths) => paths,
        _ => Map::new(),
    }
}
