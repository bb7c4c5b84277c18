//! The contract as an OpenAPI document, for technicians with a socket tool.

use axum::Json;
use serde_json::{Value, json};

/// OpenAPI 3.1. Bodies are described in words and by example: the contract is lockstep, and its
/// types are those of the crate `kart-api`.
pub(super) async fn document() -> Json<Value> {
    let json_answer = |what: &str| json!({ "200": { "description": what, "content": { "application/json": {} } } });
    Json(json!({
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
    }))
}
