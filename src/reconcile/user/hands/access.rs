//! What lets people in: another API token, and links that log them in.

use super::UserHands;
use crate::{
    chatwoot::{
        AccessToken,
        outcome::{Class, Failure},
        platform,
        types::UserId,
    },
    plan::user::{
        Lesson, LinkSecret, Rotation, link,
        token::{self, Noted},
    },
    reconcile::secrets::{TOKEN, TOKEN_ROTATION_ANNOTATION, Trouble},
};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;

impl UserHands {
    /// Which rotation the published token is of, in the Secret of the present name or of an earlier one.
    pub(super) async fn read_rotation(&self) -> Rotation {
        let Some(wanted) = &self.spec.credentials_secret else { return Rotation::Settled };
        let Some(rotation) = wanted.access_token.as_ref().and_then(|token| token.rotation.as_deref()) else {
            return Rotation::Settled;
        };
        let status = self.stored.object().status.as_ref();
        let recorded = status.and_then(|status| status.access_token.as_ref()).map(|token| &*token.rotation);
        let earlier = status.and_then(|status| status.credentials_secret.as_ref());
        let earlier = earlier.filter(|earlier| **earlier != wanted.name);
        let mut published = None;
        for name in [Some(&wanted.name), earlier].into_iter().flatten() {
            let secret = match self.secrets().ours(name).await {
                Ok(secret) => secret,
                // Somebody else's by now: nothing of ours stands there.
                Err(Trouble::Unusable(_)) if Some(name) == earlier => None,
                Err(Trouble::Unusable(why)) => return Rotation::Unusable(why),
                Err(Trouble::Kubernetes(why)) => return Rotation::Kubernetes(why),
            };
            let holds = |secret: &Secret| secret.data.as_ref().is_some_and(|data| data.contains_key(TOKEN));
            published = published.or(secret.filter(holds));
        }
        let noted = published.as_ref().map(|secret| Noted { rotation: noted_rotation(secret) });
        if token::is_due(rotation, recorded, noted) { Rotation::Due } else { Rotation::Settled }
    }

    /// Has the person's token replaced, as they would do it themselves: the Platform API cannot (chatwoot-api P23).
    pub(super) async fn rotate_token(&mut self, id: i64) -> Result<(), Failure> {
        let odd = || Failure::of(Class::Unexpected);
        let token = AccessToken::new(&self.token()?).map_err(|_| odd())?;
        let answer = self.turn.call(|platform| {
            let answer = platform.application(&token).reset_access_token();
            // A refusal of the person's token says nothing about the platform's.
            async move { answer.await.map_err(about_the_person) }
        });
        let profile = answer.await?;
        self.new_token = profile.access_token.filter(|_| profile.id == UserId(id));
        self.new_token.is_some().then_some(()).ok_or_else(odd)
    }

    pub(super) async fn mint_link(&mut self, id: i64) -> Lesson {
        // By the clock of before the request: no link stands longer than Chatwoot keeps it.
        let now = Timestamp::now();
        let answer = self.turn.call(|platform| platform.login(UserId(id))).await;
        Lesson::LinkMinted(answer.map(|link| {
            self.link = Some(platform::absolute(link, &self.public_url));
            now.checked_add(link::LIFETIME).unwrap_or(now)
        }))
    }

    pub(super) async fn store_link(&mut self, until: Timestamp) -> LinkSecret {
        match self.link.take() {
            Some(link) => self.secrets().store_link(self.stored.object(), &link, until).await,
            None => LinkSecret::Failed,
        }
    }
}

/// The rotation that the token in a Secret was published for.
pub(super) fn noted_rotation(secret: &Secret) -> Option<&str> {
    secret.metadata.annotations.as_ref()?.get(TOKEN_ROTATION_ANNOTATION).map(String::as_str)
}

/// What the Application API refuses one person, which is nobody else's business.
fn about_the_person(failure: Failure) -> Failure {
    match failure.class {
        Class::Unauthorized | Class::NotAllowed => Failure { class: Class::Unexpected, ..failure },
        _ => failure,
    }
}
