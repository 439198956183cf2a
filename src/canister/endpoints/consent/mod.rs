//! The description of a call that a person reads before signing it, by ICRC-21.

mod calls;
mod changes;
mod description;
mod kaspa;
mod payments;
mod scene;
mod solana;

use crate::store;
use purser_types::{
    ConsentError, ConsentInfo, ConsentMessage, ConsentMessageMetadata, ConsentMessageRequest, DeviceSpec, FieldsDisplay,
};
use scene::Scene;

/// The longest arguments that are read; no call that people sign needs more.
pub(crate) const MAX_ARG_BYTES: usize = 64 * 1024;

/// Describes a call. An update so that its answer is certified; the standard wants it open to everybody. It changes nothing.
#[ic_cdk::update]
fn icrc21_canister_call_consent_message(request: ConsentMessageRequest) -> Result<ConsentInfo, ConsentError> {
    store::read(|state| answer(Scene { state, now: store::now() }, &request))
}

fn answer(scene: Scene<'_>, request: &ConsentMessageRequest) -> Result<ConsentInfo, ConsentError> {
    if request.arg.len() > MAX_ARG_BYTES {
        return Err(ConsentError::unsupported(format!("at most {MAX_ARG_BYTES} bytes of arguments are read")));
    }
    let description = calls::describe(scene, &request.method, &request.arg)?;
    let consent_message = match request.user_preferences.device_spec {
        Some(DeviceSpec::FieldsDisplay) => {
            ConsentMessage::FieldsDisplayMessage(FieldsDisplay { intent: description.intent, fields: description.fields })
        }
        Some(DeviceSpec::GenericDisplay) | None => ConsentMessage::GenericDisplayMessage(description.markdown()),
    };
    Ok(ConsentInfo { consent_message, metadata: ConsentMessageMetadata { language: "en".into(), utc_offset_minutes: None } })
}

#[cfg(test)]
mod tests;
