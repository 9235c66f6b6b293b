//! A look at the way to the labels, for somebody who checks it: each step by itself, and of
//! each list one page.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::Resolve;

use super::{Client, under};
use crate::cloud_foundry::error::{Error, Operation};
use crate::cloud_foundry::page::total;
use crate::cloud_foundry::token::Sight;
use crate::cloud_foundry::{Reader, agenda};
use crate::config;
use crate::metrics::Metrics;
use crate::model::cloud_foundry::{Foundation, Guid};
use crate::model::outside_text::Secrets;

/// Most instances that are looked for.
pub(crate) const MAX_LOOKED_FOR: usize = agenda::MAX_LOOKED_FOR;

/// The reader's client, step by step. A clone goes on from where the other is.
#[derive(Clone)]
pub(crate) struct Look {
    client: Client,
}

impl Look {
    /// A look at the foundation that the configuration describes, with at most so long for
    /// each answer.
    ///
    /// # Errors
    /// When the client or a certificate cannot be used.
    pub(crate) fn new(
        config: &config::CloudFoundry,
        resolver: impl Resolve + 'static,
        secrets: Secrets,
        patience: Duration,
    ) -> anyhow::Result<Look> {
        let Reader { mut client, .. } = Reader::new(config, resolver, Metrics::default(), secrets)?;
        client.request_timeout = client.request_timeout.min(patience);
        Ok(Look { client })
    }

    /// Where UAA is, by Cloud Controller's word.
    ///
    /// # Errors
    /// After retries, as all steps.
    pub(crate) async fn find_uaa(&mut self) -> Result<Url, Error> {
        let found = self.client.find_uaa().await?;
        self.client.uaa = Some(found.clone());
        Ok(found)
    }

    /// Gets a token, and tells what the client may see with it.
    pub(crate) async fn token(&mut self) -> Result<Sight, Error> {
        self.client.token().await?;
        let token = self.client.token.as_ref();
        Ok(token.map_or(Sight::Untold, |token| token.sight().clone()))
    }

    /// How many spaces the client sees.
    pub(crate) async fn spaces(&mut self) -> Result<u64, Error> {
        let mut url = under(&self.client.base, &["v3", "spaces"]);
        url.query_pairs_mut().append_pair("per_page", "1");
        self.total(Operation::ListSpaces, url).await
    }

    /// How many service instances of brokers the client sees.
    pub(crate) async fn instances(&mut self) -> Result<u64, Error> {
        let query = [("type", "managed"), ("per_page", "1")];
        let url = self.client.service_instances(&query);
        self.total(Operation::ListServiceInstances, url).await
    }

    /// Looks for these instances, of which there are at most [`MAX_LOOKED_FOR`].
    pub(crate) async fn look_for(&mut self, guids: &BTreeSet<Guid>) -> Result<Foundation, Error> {
        let guids: Vec<Guid> = guids.iter().copied().take(MAX_LOOKED_FOR).collect();
        self.client.look_for(&guids).await
    }

    async fn total(&mut self, operation: Operation, url: Url) -> Result<u64, Error> {
        let answer = self.client.get(operation, url).await?;
        total(answer.bytes()).map_err(|what| self.client.malformed(operation, what))
    }
}
