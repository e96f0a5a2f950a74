//! JSON web tokens: HS256 over a secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// Signs and verifies tokens.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    secret: String,
}

/// The claims of a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The user. A token without a user is the superuser's.
    pub(crate) user: Option<String>,
    /// The only paths that the token allows, if it has such a list.
    pub(crate) allowed_paths: Option<Vec<String>>,
    /// Seconds since the epoch.
    pub(crate) expires: Option<u64>,
}

impl Signer {
    pub(crate) fn new(secret: &str) -> Self {
        Self { secret: secret.to_owned() }
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    pub(crate) fn superuser(&self) -> String {
        self.sign(&json!({ "iss": "arangodb", "server_id": "test-cluster" }))
    }

    /// Signs a token of `user`, valid from `now` until `expires`.
    ///
    /// The times are in seconds since the epoch.
    ///
    /// A `round` above zero is a claim that no server makes. It distinguishes tokens that would be equal otherwise.
    pub(crate) fn user(&self, user: &str, now: u64, expires: u64, round: u64) -> String {
        let mut claims = json!({ "iss": "arangodb", "preferred_username": user, "iat": now, "exp": expires });
        if round > 0 {
            claims["sim_round"] = round.into();
        }
        self.sign(&claims)
    }

    fn sign(&self, claims: &Value) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&signed).finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    /// Verifies a token at `now`, in seconds since the epoch. `None` if anything about it is invalid.
    pub(crate) fn verify(&self, token: &str, now: u64) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        self.mac(signed).verify_slice(&decode_base64(signature)?).ok()?;
        let header: Value = serde_json::from_slice(&decode_base64(header)?).ok()?;
        if header["alg"] != "HS256" || header["typ"] != "JWT" {
            return None;
        }
        let claims: Value = serde_json::from_slice(&decode_base64(payload)?).ok()?;
        if claims["iss"] != "arangodb" {
            return None;
        }
        let expires = match claims.get("exp") {
            None => None,
            Some(exp) => Some(seconds(exp).filter(|exp| *exp > now)?),
        };
        let allowed_paths = match claims.get("allowed_paths") {
            None => None,
            Some(Value::Array(paths)) if !paths.is_empty() => {
                Some(paths.iter().map(|path| path.as_str().map(str::to_owned)).collect::<Option<_>>()?)
            }
            Some(_) => return None,
        };
        let user = claims["preferred_username"].as_str().map(str::to_owned);
        Some(Claims { user, allowed_paths, expires })
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())
            .expect("HMAC accepts keys of every length");
        mac.update(signed.as_bytes());
        mac
    }
}

/// Decodes both alphabets of base64, padded or not. Servers' tokens occur in all four forms.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()
}

fn seconds(value: &Value) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an expiry time, truncated to whole seconds"
    )]
    let whole = |float: f64| float.max(0.0) as u64;
    value.as_u64().or_else(|| value.as_f64().map(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_valid_until_its_second_of_expiry() {
        let signer = Signer::new("secret");
        let token = signer.user("anna", 100, 200, 0);

        let claims = signer.verify(&token, 199).unwrap();
        assert_eq!((claims.user.as_deref(), claims.expires), (Some("anna"), Some(200)));
        assert_eq!(signer.verify(&token, 200), None);
    }

    #[test]
    fn a_token_without_expiry_and_user_is_the_superusers_for_ever() {
        let signer = Signer::new("secret");
        let claims = signer.verify(&signer.superuser(), u64::MAX).unwrap();

        assert_eq!(claims, Claims { user: None, allowed_paths: None, expires: None });
    }

    #[test]
    fn a_foreign_or_altered_token_is_rejected() {
        let signer = Signer::new("secret");
        let token = signer.superuser();
        let altered = token.replacen('.', "x.", 1);

        assert_eq!(Signer::new("other").verify(&token, 0), None);
        assert_eq!(signer.verify(&altered, 0), None);
        assert_eq!(signer.verify("not a token", 0), None);
    }

    #[test]
    fn a_token_of_another_issuer_is_rejected() {
        let signer = Signer::new("secret");

        assert_eq!(signer.verify(&signer.sign(&json!({ "iss": "mallory" })), 0), None);
        assert_eq!(signer.verify(&signer.sign(&json!({ "iss": "arangodb", "exp": 0 })), 0), None);
    }

    #[test]
    fn a_list_of_paths_must_be_a_list_of_strings() {
        let signer = Signer::new("secret");
        let allowed = signer.sign(&json!({ "iss": "arangodb", "allowed_paths": ["/_api/version"] }));
        let empty = signer.sign(&json!({ "iss": "arangodb", "allowed_paths": [] }));

        assert_eq!(signer.verify(&allowed, 0).unwrap().allowed_paths.unwrap(), ["/_api/version"]);
        assert_eq!(signer.verify(&empty, 0), None);
    }
}
