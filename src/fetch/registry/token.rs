//! Tokens: given out by a server that the registry names, for one repository, and for minutes
//! (<https://distribution.github.io/distribution/spec/auth/token/>).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;
use tokio::time::Instant;
use url::form_urlencoded;

use super::error::{Error, Login};
use super::known::{Giver, Token};
use super::logins::Secret;
use super::said::{beginning, refused};
use crate::fetch::client::Client;
use crate::fetch::error::Error as FetchError;
use crate::fetch::payload::Payload;
use crate::masking;

/// No token server says more.
const MOST_BYTES: usize = 1 << 20;
/// How long a token is good where the server does not say.
const USUAL: u64 = 60;
/// So much earlier it is renewed, or a tenth of its time.
const MARGIN: Duration = Duration::from_secs(10);

/// `Basic`, as a header.
pub(super) fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// `Bearer`, as a header.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {token}"))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Asks for a token.
pub(super) async fn fetch(
    client: &Client,
    giver: &Giver,
    secret: Option<&Secret>,
    login: &Login,
) -> Result<Token, FetchError> {
    let mut retry = client.retry(&giver.realm);
    loop {
        match fetch_once(client, giver, secret, login).await {
            Ok(token) => return Ok(token),
            Err(error) => {
                retry.after(error).await?;
            }
        }
    }
}

/// What an identity token is exchanged by.
fn exchanged(giver: &Giver, identity: &str) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token").append_pair("client_id", "aptlet");
    form.append_pair("service", giver.service.as_deref().unwrap_or_default());
    form.append_pair("scope", &giver.scopes.join(" ")).append_pair("refresh_token", identity);
    form.finish().into()
}

async fn fetch_once(
    client: &Client,
    giver: &Giver,
    secret: Option<&Secret>,
    login: &Login,
) -> Result<Token, FetchError> {
    let (mut url, mut headers) = (giver.realm.clone(), HeaderMap::new());
    let mut opened = if let Some(Secret::Identity(identity)) = secret {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let form = Payload::Bytes(exchanged(giver, identity));
        client.exchange(&Method::POST, &url, &headers, Some(&form)).await?
    } else {
        let services = giver.service.iter().map(|service| ("service", service));
        let scopes = giver.scopes.iter().map(|scope| ("scope", scope));
        url.query_pairs_mut().extend_pairs(services).extend_pairs(scopes);
        if let Some(Secret::Password { user, password }) = secret {
            url.query_pairs_mut().append_pair("account", user);
            headers.extend(basic(user, password).map(|value| (AUTHORIZATION, value)));
        }
        client.exchange(&Method::GET, &url, &headers, None).await?
    };
    if !opened.response.status().is_success() {
        return Err(refused(opened, &url, login).await);
    }
    opened.accepted();
    let odd =
        |problem: &str| Error::NoRegistry { url: masking::url(&giver.realm), problem: problem.to_owned() };
    let body = beginning(&mut opened, MOST_BYTES).await;
    let body: Value =
        serde_json::from_slice(&body).map_err(|_| odd("its token server answers with no token"))?;
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
    let token = text("token").or_else(|| text("access_token"));
    let token = token.ok_or_else(|| odd("its token server answers with no token"))?;
    let seconds = body["expires_in"].as_u64().unwrap_or(USUAL);
    let good = Duration::from_secs(seconds.min(24 * 3600));
    Ok(Token {
        header: bearer(token).ok_or_else(|| odd("its token has letters that no header may have"))?,
        until: Instant::now().checked_add(good.saturating_sub(MARGIN.min(good / 10))),
    })
}
