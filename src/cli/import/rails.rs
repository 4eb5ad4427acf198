//! Statements for Chatwoot's Rails console that let the token see what it is to take over.

use super::ids::Ids;
use crate::cli::doctor::rails::REPAIR;

/// Permits the Platform App on accounts and on all people in them; of all accounts, or of those named.
pub fn permit(accounts: Option<&Ids>) -> String {
    let (which, people) = match accounts {
        None => (String::new(), "AccountUser.select(:user_id)".to_owned()),
        Some(ids) => {
            let ids = list(ids);
            (format!(".where(id: {ids})"), format!("AccountUser.where(account_id: {ids}).select(:user_id)"))
        }
    };
    format!(
        "\
# For Chatwoot's Rails console, in its web container: bundle exec rails console, or bundle exec rails runner FILE.
# Write the name of your Platform App, should it have another.
app = PlatformApp.find_by!(name: 'chatwoot-operator')

# 1. A deleted account leaves its permission behind, which breaks the list of accounts. This repairs it:
{REPAIR}

# 2. The accounts:
{ACCOUNTS}

# 3. The people in them, without super admins: whoever has the token can do everything to whom it may see.
{PEOPLE}
",
        ACCOUNTS = ACCOUNTS.replace("Account.find_each", &format!("Account{which}.find_each")),
        PEOPLE = PEOPLE.replace("AccountUser.select(:user_id)", &people),
    )
}

const ACCOUNTS: &str = "\
Account.find_each { |one| PlatformAppPermissible.find_or_create_by!(platform_app: app, permissible: one) }";

const PEOPLE: &str = "\
people = User.where(type: nil, id: AccountUser.select(:user_id))
people.find_each { |one| PlatformAppPermissible.find_or_create_by!(platform_app: app, permissible: one) }";

/// As Ruby writes it: `[1, 2, 5..9]`.
fn list(ids: &Ids) -> String {
    let words = ids
        .ranges()
        .into_iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}..{last}") });
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_accounts_or_those_named_are_permitted_with_their_people() {
        let all = permit(None);
        assert!(all.contains(ACCOUNTS) && all.contains(PEOPLE) && all.contains(REPAIR), "{all}");
        let some = permit(Some(&"1,2,5-9".parse().unwrap()));
        assert!(some.contains("Account.where(id: [1..2, 5..9]).find_each { |one|"), "{some}");
        assert!(some.contains("id: AccountUser.where(account_id: [1..2, 5..9]).select(:user_id))"), "{some}");
        assert!(!some.contains("\nAccount.find_each"), "{some}");
    }
}
