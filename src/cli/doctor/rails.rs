//! Statements for Chatwoot's Rails console (chatwoot-api §7).

/// How a Platform App is made, and where its token goes.
pub fn bootstrap(namespace: &str, secret: &str, key: &str) -> String {
    format!(
        "\
# 1. In Chatwoot's web container, once per installation (bundle exec rails runner, or rails console). It makes the Platform
#    App unless it is there, and prints its token. The Super Admin console does the same under Platform Apps.
app = PlatformApp.find_or_create_by!(name: 'chatwoot-operator')
puts app.access_token.token

# 2. In Kubernetes, with the token on standard input, so that it stands in no history:
kubectl -n {namespace} create secret generic {secret} --from-file={key}=/dev/stdin
kubectl -n {namespace} label secret {secret} chatwoot.dev/watch=true

# To replace the token later (the old one stops at once), then store the new one in the Secret:
puts app.access_token.tap(&:regenerate_token).token

# To let the operator adopt what it did not make, for each account and user:
PlatformAppPermissible.find_or_create_by!(platform_app: app, permissible: Account.find(42))

# To repair the account index after an account was deleted:
{REPAIR}
"
    )
}

/// Removes the permissions that deleted accounts have left behind, which break the index (P2).
pub const REPAIR: &str = "\
PlatformAppPermissible.where(permissible_type: 'Account').where.not(permissible_id: Account.select(:id)).delete_all";

/// The same in SQL.
pub const REPAIR_SQL: &str = "\
DELETE FROM platform_app_permissibles WHERE permissible_type = 'Account' AND permissible_id NOT IN (SELECT id FROM accounts);";
