//! Unknown methods are refused in geth's words, alone and within a batch.

use core::future::{Future, ready};

use jsonrpsee::{
    server::{
        MethodResponse,
        middleware::rpc::{Batch, BatchEntry, BatchEntryErr, Notification, Request, RpcServiceT},
    },
    types::{ErrorObjectOwned, Id},
};

use super::{RpcError, find, subscription};

/// A service that only lets known methods through.
#[derive(Clone, Debug)]
pub(super) struct KnownMethods<S>(pub S);

fn refusal(name: &str) -> Option<ErrorObjectOwned> {
    let is_known =
        find(name).is_some() || subscription::METHODS.iter().any(|(known, _)| *known == name);
    (!is_known).then(|| RpcError::unknown_method(name).into())
}

impl<S> RpcServiceT for KnownMethods<S>
where
    S: RpcServiceT<MethodResponse = MethodResponse> + Send + Sync,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = S::NotificationResponse;
    type BatchResponse = S::BatchResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        match refusal(&request.method) {
            Some(error) => Either::Refused(ready(MethodResponse::error(request.id, error))),
            None => Either::Served(self.0.call(request)),
        }
        .wait()
    }

    fn batch<'a>(
        &self,
        mut batch: Batch<'a>,
    ) -> impl Future<Output = Self::BatchResponse> + Send + 'a {
        for entry in batch.iter_mut() {
            let refused = match entry {
                Ok(BatchEntry::Call(request)) => {
                    refusal(&request.method).map(|error| (request.id.clone(), error))
                }
                _ => None,
            };
            if let Some((id, error)) = refused {
                let id: Id<'a> = id;
                *entry = Err(BatchEntryErr::new(id, error));
            }
        }
        self.0.batch(batch)
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = Self::NotificationResponse> + Send + 'a {
        self.0.notification(notification)
    }
}

/// An answer that is there, or one to wait for.
enum Either<F> {
    Refused(core::future::Ready<MethodResponse>),
    Served(F),
}

impl<F: Future<Output = MethodResponse>> Either<F> {
    async fn wait(self) -> MethodResponse {
        match self {
            Self::Refused(answer) => answer.await,
            Self::Served(answer) => answer.await,
        }
    }
}
