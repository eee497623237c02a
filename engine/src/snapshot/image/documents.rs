//! Version 14: documents, as they are packed.

use rkyv::{Archive, Serialize};

use super::ImageError;
use crate::model::{DocumentKey, Lsn, PackedDocument};
use crate::snapshot::parts::DocumentState;

/// A chunk of documents, ascending by number.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct DocumentsV14 {
    pub documents: Vec<DocumentImageV14>,
}

/// One document.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct DocumentImageV14 {
    pub no: u64,
    pub last_lsn: u64,
    /// Its key, encoded.
    pub key: Vec<u8>,
    /// The document, encoded.
    pub bytes: Vec<u8>,
}

impl From<&DocumentState> for DocumentImageV14 {
    fn from((no, document): &DocumentState) -> Self {
        let Ok(key) = minicbor::to_vec(&document.key) else {
            unreachable!("model types encode without errors of their own");
        };
        Self { no: *no, last_lsn: document.last_lsn.get(), key, bytes: document.bytes.to_vec() }
    }
}

impl TryFrom<&ArchivedDocumentImageV14> for DocumentState {
    type Error = ImageError;

    fn try_from(image: &ArchivedDocumentImageV14) -> Result<Self, ImageError> {
        let no = image.no.to_native();
        let fault = |what| ImageError::inconsistent("document", format!("{no}: {what}"));
        let key: DocumentKey =
            minicbor::decode(&image.key).map_err(|_| fault("its key is none"))?;
        let last_lsn = Lsn::new(image.last_lsn.to_native());
        let document = PackedDocument { key, bytes: image.bytes.as_slice().into(), last_lsn };
        if document.unpack().is_none() {
            return Err(fault("it does not unpack"));
        }
        Ok((no, document))
    }
}
