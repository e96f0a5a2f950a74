//! What the deployment is and may do, and who may use it.

use std::time::SystemTime;

use arango_cluster::{
    AccessToken, CreateAccessToken, DatabaseDefaults, DeleteAccessToken, EarlierLicense, GetDatabaseDefaults,
    GetDeploymentId, GetLicense, License, LicenseKey, ListAccessTokens, NewAccessToken, SetLicense,
};
use arango_transport::Error;

use crate::Cluster;

/// What the deployment is and may do, and who may use it.
impl Cluster {
    /// The id of the deployment. Since 3.12.6.
    pub async fn deployment_id(&self) -> Result<String, Error> {
        self.database.execute(GetDeploymentId).await
    }

    /// What a new database is made with where nobody says otherwise.
    pub async fn database_defaults(&self) -> Result<DatabaseDefaults, Error> {
        self.database.execute(GetDatabaseDefaults).await
    }

    /// The licence of the deployment.
    pub async fn license(&self) -> Result<License, Error> {
        self.database.execute(GetLicense).await
    }

    /// Gives the deployment a licence.
    pub async fn set_license(&self, key: &LicenseKey, earlier: EarlierLicense) -> Result<(), Error> {
        self.database.execute(SetLicense { key, earlier }).await
    }

    /// The access tokens of a user, without the tokens themselves. Since 3.12.5.
    pub async fn access_tokens(&self, user: &str) -> Result<Vec<AccessToken>, Error> {
        self.database.execute(ListAccessTokens { user }).await
    }

    /// Makes an access token for a user; the answer is the only one that tells it. Since 3.12.5.
    pub async fn create_access_token(
        &self,
        user: &str,
        name: &str,
        valid_until: SystemTime,
    ) -> Result<NewAccessToken, Error> {
        self.database.execute(CreateAccessToken { user, name, valid_until }).await
    }

    /// Ends an access token of a user. Since 3.12.5.
    pub async fn delete_access_token(&self, user: &str, id: u64) -> Result<(), Error> {
        self.database.execute(DeleteAccessToken { user, id }).await
    }
}
