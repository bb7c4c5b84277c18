//! The routes and the document that describes them, which therefore cannot drift apart.

use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    aside, correction::ask, enroll, feed, hello, life, pull, push, rotate, server::App, status,
    token,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Kartorium headquarters",
    description = "What a terminal and headquarters say to each other. Fields are only added; \
                   unknown ones are ignored."
))]
struct Contract;

/// The routes of the contract whose requests wait for a change: they need nothing while they do.
pub(crate) fn waiting() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(pull::pull)).routes(routes!(feed::feed))
}

/// The routes of the contract that somebody unknown may ask.
pub(crate) fn strangers() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(enroll::enroll))
        .routes(routes!(token::token))
        .routes(routes!(rotate::rotate))
}

/// All other routes of the contract.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Contract::openapi())
        .routes(routes!(hello::hello))
        .routes(routes!(life::common))
        .routes(routes!(life::renew))
        .routes(routes!(aside::aside))
        .routes(routes!(push::push))
        .routes(routes!(status::status))
        .routes(routes!(ask::record))
        .routes(routes!(ask::corrections))
}
