//! Signatures of a call.

use tower_lsp::gen_lsp_types::{
    ActiveParameter, ParameterInformation, ParameterInformationLabel, SignatureHelp, SignatureInformation,
};

use super::prose::Prose;
use crate::query;

/// What a client can do with signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignatureFeatures {
    /// Takes parameters as ranges of the label.
    pub label_offsets: bool,
    /// Each signature may have its own active parameter.
    pub active_parameters: bool,
    /// A call may be past the last parameter.
    pub no_active_parameter: bool,
    pub prose: Prose,
}

pub fn signature_help(help: &query::SignatureHelp, can: SignatureFeatures) -> SignatureHelp {
    let active = |signature: &query::Signature| match signature.active {
        Some(at) => Some(ActiveParameter::Int(at as u32)),
        None if can.no_active_parameter => Some(ActiveParameter::Null),
        None => None,
    };
    let signatures = help.signatures.iter().map(|signature| SignatureInformation {
        label: signature.label.clone(),
        documentation: signature.documentation.clone().map(|text| can.prose.documentation(text)),
        parameters: Some(signature.parameters.iter().map(|p| parameter(&signature.label, *p, can)).collect()),
        active_parameter: active(signature).filter(|_| can.active_parameters),
    });
    SignatureHelp {
        signatures: signatures.collect(),
        active_signature: Some(help.active as u32),
        active_parameter: help.signatures.get(help.active).and_then(active),
    }
}

fn parameter(label: &str, (start, end): (usize, usize), can: SignatureFeatures) -> ParameterInformation {
    // The protocol counts these in UTF-16, whatever was agreed on for positions.
    let units = |at: usize| label[..at].encode_utf16().count() as u32;
    let label = match can.label_offsets {
        true => ParameterInformationLabel::Tuple((units(start), units(end))),
        false => ParameterInformationLabel::String(label[start..end].to_owned()),
    };
    ParameterInformation { label, documentation: None }
}
