//! The entrance of HTTP gateways.

use crate::api::http::{HttpRequest, HttpResponse};
use crate::web;

#[ic_cdk::query]
fn http_request(request: HttpRequest) -> HttpResponse {
    web::respond(&request, ic_cdk::api::data_certificate())
}
