//! The method that HTTP gateways call.

use crate::certification::Snapshot;
use crate::{store, web};
use purser_types::{HttpRequest, HttpResponse};

#[ic_cdk::query]
fn http_request(request: HttpRequest) -> HttpResponse {
    web::respond(&request, &store::read(Snapshot::of), ic_cdk::api::data_certificate().as_deref())
}
