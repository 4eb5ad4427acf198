//! Who was there before their resource: how that is known, and what it takes to come in as them.
//!
//! Whoever may take a person over may not yet have their password, token or login link; that is the grant `Credentials`.
//! A status goes with its resource, so whose object is deleted and applied again, or comes back without its status, is
//! known by their marker: it says *adopted* from the adoption on, and no later stamp takes that away.

use super::*;
use crate::{
    api::common::Ownership,
    chatwoot::{
        marker::{self, Origin},
        types::Map,
    },
    plan::grants::Fit,
};

impl Facts {
    /// The operator did not make this person, or is asked to take one over that it did not make.
    fn is_adopted(&self) -> bool {
        self.status.ownership == Some(Ownership::Adopted) || self.spec.adopt.is_some()
    }

    /// What the grants say to all that is asked for, of this person as far as they are known.
    pub(super) fn fit(&self) -> &Fit {
        if self.is_adopted() { &self.around.fit_of_adopted } else { &self.around.fit }
    }

    /// What the grants say to a login link.
    pub(super) fn link_fit(&self) -> &Fit {
        if self.is_adopted() { &self.around.may_have_link } else { &Fit::Granted }
    }

    /// How `user`, who is or is about to be ours, came to be. Who carries no marker is adopted by being given one. Someone
    /// adopted by an operator that did not note it in the marker yet is recorded as such in the status.
    pub(super) fn origin_of(&self, user: &User) -> Origin {
        let named = self.status.id.is_none() && self.spec.adopt.is_some_and(|adopt| adopt.id == user.id.0);
        let recorded = self.status.ownership == Some(Ownership::Adopted);
        match Origin::of(&user.custom_attributes) {
            Some(Origin::Made) if !named && !recorded => Origin::Made,
            _ => Origin::Adopted,
        }
    }

    /// The bound person's marker says more than the status.
    pub(super) fn recognise(&mut self) {
        let Remote::Found(user) = &self.pass.remote else { return };
        let ours = match self.around.marker.read(&user.custom_attributes) {
            Reading::Ours | Reading::Recreated | Reading::Restored => self.status.id == Some(user.id.0),
            Reading::Absent | Reading::Foreign => false,
        };
        if ours && Origin::of(&user.custom_attributes) == Some(Origin::Adopted) {
            self.status.ownership = Some(Ownership::Adopted);
        }
    }

    /// The marker as it belongs into the attributes of somebody of this origin.
    pub(super) fn stamp(&self, origin: Origin) -> Map {
        Map::from_iter([(marker::KEY.to_owned(), self.around.marker.text(origin).into())])
    }

    /// Exactly the marker that `user` should have.
    pub(super) fn is_stamped(&self, user: &User) -> bool {
        self.around.marker.stands_in(self.origin_of(user), &user.custom_attributes)
    }

    /// A password that this pass made for somebody new, where it turned out that they were here before: the name of the
    /// Secret with it. They keep theirs.
    pub(super) fn needless_secret(&self) -> Option<&str> {
        let name = &self.spec.credentials_secret.as_ref().filter(|_| self.pass.stored_password)?.name;
        let refused = self.is_adopted() && !self.fit().granted();
        (refused && !self.pass.dropped_secrets.contains(name)).then_some(name.as_str())
    }
}
