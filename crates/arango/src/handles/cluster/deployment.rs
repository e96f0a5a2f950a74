//! The deployment: id, defaults, licence and access tokens.

use std::time::SystemTime;

use arango_cluster::{
    AccessToken, CreateAccessToken, DatabaseDefaults, DeleteAccessToken, EarlierExpiryPolicy,
    GetDatabaseDefaults, GetDeploymentId, GetLicense, License, LicenseKey, ListAccessTokens, NewAccessToken,
    SetLicense,
};
use arango_transport::Error;

use crate::handles::cluster::Cluster;

/// The deployment: id, defaults, licence and access tokens.
impl Cluster {
    /// Returns the id of the deployment. Since 3.12.6.
    #[inline]
    pub async fn deployment_id(&self) -> Result<String, Error> {
        self.database.execute(GetDeploymentId).await
    }

    /// Returns the defaults of new databases.
    #[inline]
    pub async fn database_defaults(&self) -> Result<DatabaseDefaults, Error> {
        self.database.execute(GetDatabaseDefaults).await
    }

    /// Returns the licence of the deployment.
    #[doc(alias = "getLicense")]
    #[inline]
    pub async fn license(&self) -> Result<License, Error> {
        self.database.execute(GetLicense).await
    }

    /// Sets the licence of the deployment.
    #[doc(alias = "setLicense")]
    #[inline]
    pub async fn set_license(&self, key: &LicenseKey, earlier: EarlierExpiryPolicy) -> Result<(), Error> {
        self.database.execute(SetLicense { key, earlier_expiry: earlier }).await
    }

    /// Lists the access tokens of a user, without their secrets. Since 3.12.5.
    #[doc(alias = "getAccessTokens")]
    #[doc(alias = "list_access_tokens")]
    #[inline]
    pub async fn access_tokens(&self, user: &str) -> Result<Vec<AccessToken>, Error> {
        self.database.execute(ListAccessTokens { user }).await
    }

    /// Creates an access token for a user. Since 3.12.5.
    ///
    /// Only this response contains its secret.
    #[doc(alias = "createAccessToken")]
    #[inline]
    pub async fn create_access_token(
        &self,
        user: &str,
        name: &str,
        valid_until: SystemTime,
    ) -> Result<NewAccessToken, Error> {
        self.database.execute(CreateAccessToken { user, name, valid_until }).await
    }

    /// Deletes an access token of a user. Since 3.12.5.
    #[doc(alias = "deleteAccessToken")]
    #[inline]
    pub async fn delete_access_token(&self, user: &str, id: u64) -> Result<(), Error> {
        self.database.execute(DeleteAccessToken { user, id }).await
    }
}
