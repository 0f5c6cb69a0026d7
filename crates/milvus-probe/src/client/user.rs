//! Users.

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};

use super::{Client, MilvusServiceClient};
use crate::{Error, error::Call, proto::milvus};

impl Client {
    /// Makes a user.
    pub async fn create_user(&self, name: &str, password: &SecretString) -> Result<(), Error> {
        let message = milvus::CreateCredentialRequest {
            username: name.to_owned(),
            password: encoded(password),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.create_credential(request).await
        };
        self.call(Call::on("create user", name), message, send)
            .await
            .map(drop)
    }

    /// Changes a user's password.
    pub async fn update_password(
        &self,
        name: &str,
        old: &SecretString,
        new: &SecretString,
    ) -> Result<(), Error> {
        let message = milvus::UpdateCredentialRequest {
            username: name.to_owned(),
            old_password: encoded(old),
            new_password: encoded(new),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.update_credential(request).await
        };
        self.call(Call::on("change the password of user", name), message, send)
            .await
            .map(drop)
    }

    /// Deletes a user; one that does not exist is no error to Milvus.
    pub async fn delete_user(&self, name: &str) -> Result<(), Error> {
        let message = milvus::DeleteCredentialRequest {
            username: name.to_owned(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.delete_credential(request).await
        };
        self.call(Call::on("delete user", name), message, send)
            .await
            .map(drop)
    }

    /// The names of all users.
    pub async fn users(&self) -> Result<Vec<String>, Error> {
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.list_cred_users(request).await
        };
        let call = Call::new("list users");
        Ok(self
            .call(call, milvus::ListCredUsersRequest {}, send)
            .await?
            .usernames)
    }
}

/// Passwords travel as base64 (source: Milvus's SDKs).
fn encoded(password: &SecretString) -> String {
    BASE64_STANDARD.encode(password.expose_secret())
}
