//! The routes and the document that describes them, which therefore cannot drift apart.

use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{enroll, hello, pull, push, server::App, status, token};

#[derive(OpenApi)]
#[openapi(info(
    title = "Kartorium headquarters",
    description = "What a terminal and headquarters say to each other. Fields are only added; \
                   unknown ones are ignored."
))]
struct Contract;

/// Every route of the contract.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Contract::openapi())
        .routes(routes!(enroll::enroll))
        .routes(routes!(token::token))
        .routes(routes!(hello::hello))
        .routes(routes!(push::push))
        .routes(routes!(pull::pull))
        .routes(routes!(status::status))
}
