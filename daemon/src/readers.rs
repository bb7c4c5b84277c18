//! Reading the store without holding up the runtime.

use kart_store::{Reader, Store, StoreError};
use std::sync::{Arc, Mutex, PoisonError};

/// A read-only connection, used by one caller at a time on a blocking thread.
#[derive(Clone)]
pub struct Readers {
    reader: Arc<Mutex<Reader>>,
}

impl Readers {
    /// Opens the connection.
    pub fn open(store: &Store) -> Result<Self, StoreError> {
        Ok(Self { reader: Arc::new(Mutex::new(store.reader()?)) })
    }

    /// Asks the store something.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader);
        let asked = tokio::task::spawn_blocking(move || {
            // A reader has no state that a panic could leave half changed.
            question(&reader.lock().unwrap_or_else(PoisonError::into_inner))
        });
        asked.await.map_err(|_| StoreError::Stopped)?
    }
}
