//! The probes over HTTP: every endpoint of the gateway's own document, with ids of everybody, by everybody.

use std::collections::BTreeMap;

use kart_wire::{AUDIENCE, Token, code};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CANARIES, Tenants};
use crate::headquarters::device::Device;

const REQUESTS: usize = 5_000;
/// A token may be used so often at once.
const A_TOKEN_LASTS: usize = 150;

/// Whose id it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Whose {
    Own,
    OtherTerminal,
    OtherSite,
    OtherOrganization,
    Nobody,
    Malformed,
}

const WHOSE: [Whose; 6] = [
    Whose::Own,
    Whose::OtherTerminal,
    Whose::OtherSite,
    Whose::OtherOrganization,
    Whose::Nobody,
    Whose::Malformed,
];

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Terminal,
    Revoked,
    Invented,
    Nameless,
    Supervisor,
    OtherSupervisor,
    NoSupervisor,
    RevokedKey,
}

const ROLES: [Role; 8] = [
    Role::Terminal,
    Role::Revoked,
    Role::Invented,
    Role::Nameless,
    Role::Supervisor,
    Role::OtherSupervisor,
    Role::NoSupervisor,
    Role::RevokedKey,
];

impl Role {
    fn has_key(self) -> bool {
        [Self::Supervisor, Self::OtherSupervisor, Self::NoSupervisor, Self::RevokedKey]
            .contains(&self)
    }
}

struct Probe<'t> {
    tenants: &'t Tenants,
    http: reqwest::Client,
    dice: StdRng,
    tokens: [String; 2],
    left: usize,
    /// Of what is not ours: the answer to each endpoint, which must not depend on whose it is.
    refusals: BTreeMap<String, BTreeMap<String, Whose>>,
}

/// How many requests were made.
pub(super) async fn probe(tenants: &Tenants, seed: u64) -> i64 {
    let http =
        reqwest::Client::builder().timeout(std::time::Duration::from_secs(20)).build().unwrap();
    let endpoints = endpoints(&http, &tenants.ours.url).await;
    assert!(endpoints.len() >= 8, "{endpoints:?}");
    let mut probe = Probe {
        tenants,
        http,
        dice: StdRng::seed_from_u64(seed),
        tokens: Default::default(),
        left: 0,
        refusals: BTreeMap::new(),
    };
    for made in 0..REQUESTS {
        let (method, path) = &endpoints[made % endpoints.len()];
        probe.ask(method, path).await;
    }
    for (endpoint, answers) in &probe.refusals {
        assert_eq!(
            answers.len(),
            1,
            "{endpoint} tells what is not yours from what is not there: {answers:?}"
        );
    }
    i64::try_from(REQUESTS).unwrap()
}

/// Method and path of each, from the document that the gateway serves.
async fn endpoints(http: &reqwest::Client, url: &str) -> Vec<(String, String)> {
    let document: Value =
        http.get(format!("{url}/openapi.json")).send().await.unwrap().json().await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
    });
    all.collect()
}

impl Probe<'_> {
    async fn ask(&mut self, method: &str, path: &str) {
        if self.left == 0 {
            self.tokens =
                [self.token(&self.tenants.ours).await, self.tenants.revoked.token.clone()];
            self.left = A_TOKEN_LASTS;
        }
        self.left -= 1;
        let role = ROLES[self.dice.random_range(0..ROLES.len())];
        let whose = WHOSE[self.dice.random_range(0..WHOSE.len())];
        // What they may change there is not looked for.
        let own = role == Role::OtherSupervisor && whose == Whose::OtherSite;
        let whose = if own { Whose::Nobody } else { whose };
        let url = format!("{}{}", self.tenants.ours.url, self.filled(path, whose));
        let mut request = self.http.request(method.parse().unwrap(), url);
        request = match role {
            Role::Terminal => request.bearer_auth(&self.tokens[0]),
            Role::Revoked => request.bearer_auth(&self.tokens[1]),
            Role::Invented => request.bearer_auth(Uuid::new_v4().simple()),
            Role::Nameless => request,
            Role::Supervisor => request.bearer_auth(&self.tenants.keys.supervisor),
            Role::OtherSupervisor => request.bearer_auth(&self.tenants.keys.other_site),
            Role::NoSupervisor => request.bearer_auth(&self.tenants.keys.demoted),
            Role::RevokedKey => request.bearer_auth(&self.tenants.keys.revoked),
        };
        let body = self.body(path, whose);
        let answer = request.body(body.clone()).send().await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.unwrap();
        let plain = zstd::decode_all(&bytes[..]).unwrap_or_else(|_| bytes.to_vec());
        let text = String::from_utf8_lossy(&plain).into_owned();
        // A supervisor of the other site is told of that site, and of no other organisation.
        let foreign = if role == Role::OtherSupervisor { &CANARIES[..1] } else { &CANARIES[..] };
        for canary in foreign {
            assert!(!text.contains(*canary), "{method} {path} as {role:?} for {whose:?}: {text}");
        }
        assert!(status < 500 || status == 503, "{method} {path} {body}: {status} {text}");
        let public = ["/v1/enroll", "/v1/token"].contains(&path);
        if status == 429 {
            return;
        }
        let for_people = path.starts_with("/v1/admin/");
        match role {
            // A small message is looked at before the token is; it is the only thing that can be said.
            Role::Supervisor | Role::OtherSupervisor if for_people => {
                self.compare(role, path, whose, status, &text);
            },
            Role::Terminal if !for_people && path != "/v1/renew" => {
                self.compare(role, path, whose, status, &text);
            },
            _ if status == 400 && text.contains(code::MALFORMED) => {},
            Role::NoSupervisor if for_people => assert_eq!(status, 403, "{path}: {text}"),
            Role::Revoked if !public => assert!([401, 403].contains(&status), "{path}: {text}"),
            // Neither is a key a token, nor a token a key.
            _ if !public => assert_eq!(status, 401, "{method} {path} as {role:?}: {text}"),
            _ => {},
        }
    }

    /// What belongs to somebody else and what nobody has are told apart by nothing.
    fn compare(&mut self, role: Role, path: &str, whose: Whose, status: u16, text: &str) {
        let foreign: &[Whose] = match role {
            // Whatever terminal of the site it is.
            Role::Supervisor => &[Whose::OtherSite, Whose::OtherOrganization, Whose::Nobody],
            Role::OtherSupervisor => {
                &[Whose::Own, Whose::OtherTerminal, Whose::OtherOrganization, Whose::Nobody]
            },
            _ => &[Whose::OtherTerminal, Whose::OtherSite, Whose::OtherOrganization, Whose::Nobody],
        };
        if role.has_key() && foreign.contains(&whose) {
            assert!(status >= 400, "{path} as {role:?} for {whose:?}: {status} {text}");
        }
        if status >= 400 && foreign.contains(&whose) && !text.contains(code::BUSY) {
            let known = self.refusals.entry(format!("{role:?} {path}")).or_default();
            known.entry(format!("{status} {}", without_ids(text))).or_insert(whose);
        }
    }

    async fn token(&self, device: &Device) -> String {
        let assertion = device.assertion(AUDIENCE, jiff::Timestamp::now().as_second());
        let answer =
            self.http.post(format!("{}/v1/token", device.url)).json(&assertion).send().await;
        answer.unwrap().json::<Token>().await.unwrap().token
    }

    fn device(&self, whose: Whose) -> Option<&Device> {
        let Tenants { ours, other_terminal, other_site, other_organization, .. } = self.tenants;
        match whose {
            Whose::Own => Some(ours),
            Whose::OtherTerminal => Some(other_terminal),
            Whose::OtherSite => Some(other_site),
            Whose::OtherOrganization => Some(other_organization),
            Whose::Nobody | Whose::Malformed => None,
        }
    }

    fn id(&mut self, whose: Whose, of: impl Fn(&Device) -> Uuid) -> String {
        match self.device(whose) {
            Some(device) => of(device).to_string(),
            None if whose == Whose::Nobody => Uuid::new_v4().to_string(),
            None => {
                let odd =
                    ["", "-1", "null", "' OR 1=1 --", "../..", "\u{0}", "99999999999999999999"];
                odd[self.dice.random_range(0..odd.len())].to_owned()
            },
        }
    }

    /// A path with its parameters.
    fn filled(&mut self, path: &str, whose: Whose) -> String {
        let named = match path.starts_with("/v1/admin/records/") {
            true => |device: &Device| device.origin().record(2).0,
            false => |device: &Device| device.id,
        };
        let parts: Vec<String> = path
            .split('/')
            .map(|part| match part.starts_with('{') {
                // An empty one would be another path.
                true => format!(
                    "x{}",
                    self.id(whose, named).replace(['/', '\u{0}', ' ', '\'', '.'], "x")
                )
                .trim_start_matches(|letter| letter == 'x' && whose != Whose::Malformed)
                .to_owned(),
                false => part.to_owned(),
            })
            .collect();
        parts.join("/")
    }

    /// What the endpoint expects, about `whose` things. Nothing here moves our own log.
    fn body(&mut self, path: &str, whose: Whose) -> String {
        let session = self.id(whose, |device| device.session);
        let terminal = self.id(whose, |device| device.id);
        let record = self.id(whose, |device| device.origin().record(2).0);
        let incarnation = self
            .device(whose)
            .map_or_else(|| "0011223344556677".to_owned(), |device| device.incarnation.to_string());
        let cursor = ["", "0", "-1", "AAAA", "zzzz.zzzz"][self.dice.random_range(0..5)];
        let everything = json!({
            "session": session, "scope": "site", "cursor": cursor, "wait_ms": 0, "sums": [],
            "terminal": terminal, "terminal_id": terminal, "incarnation": incarnation,
            "record": record, "record_id": record, "id": record, "site": "birch", "organization": "other-works",
            "nonce": "n", "code": "AAAA-BBBB", "public_key": "", "assertion": "a.b.c",
            "protocol": 2, "version": "probe", "last_seq": 0, "head_hash": "", "acked_seq": 0, "acked_hash": "",
            "sessions": [], "wall_us": 0, "points": [], "seq": 1, "seqs": [1], "limit": 1_000_000_000,
            "from": 1, "facts": 0, "texts": 0, "prev_hash": "0".repeat(64),
            "reason": "probe", "machines": [], "at_us": 0,
        });
        // A malformed body is one of the things that somebody sends.
        match (path, whose) {
            ("/v1/hello", Whose::Own) => "{}".to_owned(),
            ("/v1/admin/corrections", _) => {
                let station =
                    self.id(whose, |_| crate::headquarters::device::key("ops_stations", "ST-21"));
                json!({ "record": record, "reason": "probe", "station": station }).to_string()
            },
            (_, Whose::Malformed) if self.dice.random_ratio(1, 3) => "[".repeat(40),
            _ => everything.to_string() + "\n",
        }
    }
}

fn without_ids(text: &str) -> String {
    let hex = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    text.split(|letter: char| !hex(letter) && !letter.is_alphanumeric())
        .map(|word| {
            let is_id = word.len() >= 16 && word.chars().all(hex);
            // A place in the body that was sent.
            let is_number = word.chars().all(|letter| letter.is_ascii_digit());
            if is_id || is_number { "#" } else { word }
        })
        .collect::<Vec<_>>()
        .join(" ")
}
