//! Refusals of styles.

use super::*;
use crate::grpc::suggestions::styles;

pub(super) async fn item_in_other_style() -> Status {
    let a = Refusing::stocked().await;
    a.server
        .suggestions()
        .update_styles(styles("S", &[("SKU", "M", "red")]))
        .await
        .expect("defined");
    refused!(a, a.server.suggestions().update_styles(styles("T", &[("SKU", "M", "red")])))
}
