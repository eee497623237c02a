//! The gRPC surface of Backstock: `.proto` files and the code generated from
//! them, and how it is put on the wire. Start at `backstock/v1/*_service.proto`.

mod codec;

pub use codec::{Codec, Encoded, Incoming, Outgoing, Reader, Writer, undecodable};

/// Messages, clients and servers of the package `backstock.v1`.
#[expect(
    clippy::pedantic,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated code; its comments are those of the .proto files"
)]
pub mod v1 {
    tonic::include_proto!("backstock.v1");
}

/// The descriptors of `backstock.v1` and of all that it imports, with
/// comments: an encoded `google.protobuf.FileDescriptorSet`, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/backstock.v1.fds"));
