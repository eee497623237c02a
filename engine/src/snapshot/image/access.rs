//! Reading archived bytes in place.

use rkyv::rancor;

use super::error::ImageError;

/// Access to an archive, checked. The payload's checksum is right by now: what
/// fails here was written wrong.
pub(in crate::snapshot) fn access<T>(payload: &[u8]) -> Result<&T, ImageError>
where
    T: rkyv::Portable
        + for<'b> rkyv::bytecheck::CheckBytes<rkyv::api::high::HighValidator<'b, rancor::Error>>,
{
    rkyv::access::<T, rancor::Error>(payload)
        .map_err(|error| ImageError::Archive(error.to_string()))
}
