//! Keys of supervisors beside the tokens of terminals: of our site, of another one of the organisation, of somebody who
//! is no supervisor any more, and one that was taken back.

use super::*;
use crate::headquarters::administer;

pub(super) struct Keys {
    pub(super) supervisor: String,
    pub(super) other_site: String,
    pub(super) demoted: String,
    pub(super) revoked: String,
}

impl Keys {
    pub(super) async fn made(headquarters: &Headquarters) -> Self {
        let add = async |site: &str, user: &str| {
            let place = ["--organization", "cedar-works", "--site", site];
            let said = [&["api-key", "add"], &place[..], &["--user", user]].concat();
            administer(headquarters, &said).await.trim().to_owned()
        };
        let place = ["--organization", "cedar-works", "--site", "cedar"];
        let who = [&place[..], &["--number", "1099"]].concat();
        let user = [
            &["user", "add"],
            &who[..],
            &["--name", "Lea", "--badge", "1099", "--role", "supervisor"],
        ];
        administer(headquarters, &user.concat()).await;
        let demoted = add("cedar", "1099").await;
        administer(headquarters, &[&["user", "role"], &who[..], &["operator"]].concat()).await;
        let (supervisor, revoked) = (add("cedar", "1005").await, add("cedar", "1005").await);
        let last = "SELECT key_id::text FROM edge.api_keys ORDER BY created_at DESC LIMIT 1";
        let last = headquarters.cluster.psql("kartorium", last).unwrap();
        administer(headquarters, &[&["api-key", "revoke"], &place[..], &["--key", &last]].concat())
            .await;
        let there =
            "SELECT p.user_id FROM edge.people p JOIN edge.sites s USING (organization_id, site_id)
            WHERE s.organization_id = 'cedar-works' AND s.code = 'birch' AND p.role = 'supervisor'";
        let there = headquarters.cluster.psql("kartorium", there).unwrap();
        Self { supervisor, other_site: add("birch", &there).await, demoted, revoked }
    }
}
