//! How a service is put together: a line for each method, which is in the file of its
//! name.

/// Implements a generated trait for [`Api`](super::Api): each single call is the `handle`
/// of the method's file, and has its caller. Methods that take or give streams stand in braces behind.
macro_rules! service {
    (
        $service:ident:
        $($method:ident($request:ty) -> $response:ty;)+
        $({ $($streams:tt)* })?
    ) => {
        #[tonic::async_trait]
        impl $service for Api {
            $(
                async fn $method(
                    &self,
                    request: Request<$request>,
                ) -> Result<Response<$response>, Status> {
                    let caller = crate::grpc::caller::Caller::of(request.metadata())?;
                    let work = $method::handle(self, request.into_inner());
                    caller.during(work).await.map(Response::new)
                }
            )+
            $($($streams)*)?
        }
    };
}

pub(super) use service;
