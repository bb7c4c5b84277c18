//! The routes and the document that describes them, which therefore cannot drift apart.

use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    correction::ask, enroll, feed, hello, life, pull, push, rotate, server::App, status, token,
};

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
        .routes(routes!(rotate::rotate))
        .routes(routes!(hello::hello))
        .routes(routes!(life::common))
        .routes(routes!(life::renew))
        .routes(routes!(push::push))
        .routes(routes!(pull::pull))
        .routes(routes!(feed::feed))
        .routes(routes!(status::status))
        .routes(routes!(ask::record))
        .routes(routes!(ask::corrections))
}
