//! Secrets and signatures, by Standard Webhooks 1.0.

use backstock_engine::feed::endpoints::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use super::limits::SECRET_BYTES;

/// What a secret begins with as text.
const PREFIX: &str = "whsec_";

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not `{PREFIX}` and the base64 of {} to {} bytes", SECRET_BYTES.start(), SECRET_BYTES.end())]
pub struct BadSecret;

/// Reads a secret.
///
/// # Errors
/// [`BadSecret`], which does not say the text.
pub fn secret(text: &str) -> Result<Secret, BadSecret> {
    let encoded = text.strip_prefix(PREFIX).ok_or(BadSecret)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| BadSecret)?;
    if !SECRET_BYTES.contains(&bytes.len()) {
        return Err(BadSecret);
    }
    Ok(Secret::new(bytes))
}

/// A new secret as text, by the operating system's chance.
///
/// # Errors
/// The operating system has none to give.
pub fn new_secret() -> std::io::Result<String> {
    let mut bytes = [0; 32];
    let random = ring::rand::SystemRandom::new();
    ring::rand::SecureRandom::fill(&random, &mut bytes)
        .map_err(|_| std::io::Error::other("the operating system has no random numbers"))?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The header `webhook-signature`: what each secret makes of a message, with a space between.
pub(super) fn signatures(secrets: &[Secret], id: &str, seconds: i64, body: &[u8]) -> String {
    let sign = |secret: &Secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.bytes());
        let mut context = hmac::Context::with_key(&key);
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign().as_ref()))
    };
    secrets.iter().map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_message_is_signed_as_the_standard_has_it() {
        let secret = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signed = signatures(&[secret], id, 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_secrets_change_both_sign() {
        let secrets = [Secret::new(vec![1; 24]), Secret::new(vec![2; 24])];
        let both = signatures(&secrets, "a", 1, b"x");
        let (old, new) = both.split_once(' ').unwrap();
        assert_eq!(old, signatures(&secrets[..1], "a", 1, b"x"));
        assert_eq!(new, signatures(&secrets[1..], "a", 1, b"x"));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        for text in ["", "whsec_", "whsec_MfKQ9r8G", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &long] {
            let refused = secret(text).unwrap_err().to_string();
            assert_eq!(refused, "is not `whsec_` and the base64 of 24 to 64 bytes");
        }
        assert!(secret(&new_secret().unwrap()).is_ok());
    }
}
