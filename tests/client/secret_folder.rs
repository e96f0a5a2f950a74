//! Secrets of the cluster in a folder mounted by Kubernetes.

use std::path::Path;
use std::time::Duration;

use arango::{Client, Credentials, Superuser};
use arango_test_cluster::TestCluster;
use tokio::time::sleep;

use crate::support::{builder, cluster};

/// Writes secrets like a Kubernetes mount: links into a hidden folder, which is replaced atomically.
#[cfg(unix)]
fn mount(folder: &Path, version: &str, secrets: &[(&str, &str)]) {
    use std::os::unix::fs::symlink;
    let data = folder.join(format!("..{version}"));
    std::fs::create_dir(&data).unwrap();
    for (name, secret) in secrets {
        std::fs::write(data.join(name), format!("{secret}\n")).unwrap();
        if !folder.join(name).is_symlink() {
            symlink(Path::new("..data").join(name), folder.join(name)).unwrap();
        }
    }
    let link = folder.join("..data_new");
    symlink(format!("..{version}"), &link).unwrap();
    std::fs::rename(link, folder.join("..data")).unwrap();
}

fn superuser(cluster: &TestCluster, folder: &Path) -> Client {
    builder(cluster).credentials(Credentials::from_source(Superuser::from_folder(folder))).build().unwrap()
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn the_first_secret_of_a_mounted_folder_signs_and_rotation_is_detected() {
    let cluster = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("0-a-folder")).unwrap();
    mount(folder.path(), "1", &[("b-older", "old"), ("a-newer", "secret")]);
    let client = superuser(&cluster, folder.path());
    client.cluster().health().await.unwrap();

    sleep(Duration::from_secs(62)).await;
    mount(folder.path(), "2", &[("b-older", "secret"), ("a-newer", "exchanged")]);
    for one in cluster.coordinators() {
        one.set_secrets("exchanged", [""; 0]);
    }
    client.cluster().health().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_folder_without_a_secret_is_named_with_the_reason() {
    let cluster = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".hidden"), "secret").unwrap();
    let empty = folder.path().to_owned();
    for (folder, reason) in [(empty.clone(), "contains no file"), (empty.join("missing"), "os error 2")] {
        let report = superuser(&cluster, &folder).cluster().health().await.unwrap_err().report().to_string();
        let location = format!("`{}`", folder.display());
        assert!(report.contains(&location) && report.contains(reason), "{report}");
    }
}
