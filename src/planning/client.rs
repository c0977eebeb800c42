//! The client that sources are asked with.

use super::plan as sources;
use crate::config::Settings;
use crate::error::Error;
use crate::fetch::{CaBundle, Client, ClientOptions, auth};

pub(crate) fn client(settings: &Settings) -> Result<Client, Error> {
    let mut entries = Vec::new();
    for path in settings.auth.iter().chain(sources::machine_auth(settings)) {
        entries.extend(auth::parse(&crate::config::read_text(path)?, path)?);
    }
    entries.extend(sources::credentials(settings)?);
    let bundles = settings.ca_certificates.iter().map(|path| CaBundle::read(path));
    let ca_bundles = bundles.collect::<Result<_, _>>()?;
    Ok(Client::new(ClientOptions {
        connections_per_host: settings.connections,
        retries: settings.retries,
        timeout: settings.timeout,
        ca_bundles,
        auth: entries,
        ..ClientOptions::default()
    })?)
}
