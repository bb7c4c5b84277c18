//! What comes down: changes at headquarters reach the terminal in seconds, its mirror equals Postgres column by column and
//! is at every moment one commit of headquarters, whatever is killed, deleted or decays.

use std::path::Path;
use std::time::{Duration, Instant};

use kart_api::View;
use kart_core::reference::Reference;
use kart_tests::programs::repository;
use kart_tests::wait::wait_for;
use kart_tests::world::accounts::mirror::{self, Whose};
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::layout::Layout;
use kart_tests::world::terminal::Terminal;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::headquarters::administer;
use crate::turn::{seed, turn};

mod fresh;
mod receipts;

const LIMIT: Duration = Duration::from_secs(30);
const TERMINAL: &str = "T-07";

/// Headquarters with the demo's site, and a terminal that reads no machine.
struct Pair {
    terminal: Terminal,
    headquarters: Headquarters,
}

impl Pair {
    async fn start() -> Self {
        // Fails only when a provider is installed already, and then there is one.
        rustls::crypto::ring::default_provider().install_default().ok();
        let site = repository().join("config/demo/site.toml");
        let headquarters = Headquarters::start(&site).await.unwrap();
        let mut terminal = prepared(&headquarters.url(), &site);
        let code = headquarters.enrollment_code(TERMINAL).await.unwrap();
        terminal.enroll(&code).await.unwrap();
        terminal.start().await.unwrap();
        let pair = Self { terminal, headquarters };
        pair.view("the site", |view| view.reference.as_ref().map(drop)).await;
        pair
    }

    /// Waits until the daemon's view is as wanted and gives what was found in it.
    async fn view<T>(&self, what: &str, wanted: impl Fn(&View) -> Option<T>) -> T {
        let client = self.terminal.client().unwrap();
        wait_for(what, LIMIT, async || {
            let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
            wanted(&view).ok_or_else(|| format!("{:?}", view.sync))
        })
        .await
    }

    /// Waits until the site's name is shown.
    async fn named(&self, name: &str) {
        let named = |reference: &Reference| reference.site.name == name;
        self.view(name, |view| view.reference.as_ref().filter(|r| named(r)).map(drop)).await;
    }

    async fn sql(&self, statement: &str) {
        self.headquarters.sql(statement, &[]).await.unwrap();
    }

    async fn equal(&self) {
        let data = self.terminal.data();
        let database = self.headquarters.database();
        let whose = Whose { database, site: "cedar", terminal: TERMINAL, data: &data };
        mirror::equal(whose, LIMIT).await.unwrap();
    }

    /// The rows that bear a mark, as a stranger's SQLite reads them in the mirror now.
    fn marks(&self) -> Vec<(String, i64)> {
        let mirror = mirror::open(&self.terminal.data()).unwrap();
        let statement = "SELECT name, count(*) FROM (
                SELECT name FROM oee_sites UNION ALL SELECT name FROM oee_systems
                UNION ALL SELECT name FROM ops_stations UNION ALL SELECT name FROM oee_equipment)
            GROUP BY name";
        let mut select = mirror.prepare(statement).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }
}

fn prepared(url: &str, site: &Path) -> Terminal {
    let layout = |data: &Path| {
        Layout {
            data,
            machines: &[],
            interval: None,
            fastest: 10.0,
            broker: None,
            headquarters: Some(url.to_owned()),
            site,
        }
        .configuration()
    };
    Terminal::prepare(layout).unwrap()
}

/// One commit that changes rows of four tables.
fn marked(mark: &str) -> String {
    format!(
        "WITH a AS (UPDATE public.oee_systems SET name = '{mark}'),
              b AS (UPDATE public.ops_stations SET name = '{mark}'),
              c AS (UPDATE public.oee_equipment SET name = '{mark}')
         UPDATE public.oee_sites SET name = '{mark}'"
    )
}

#[tokio::test]
async fn a_change_is_at_the_terminal_within_seconds() {
    let _turn = turn().await;
    let pair = Pair::start().await;
    pair.equal().await;
    let mut took = Vec::new();
    for n in 0..8 {
        let name = format!("Cedar {n}");
        let began = Instant::now();
        pair.sql(&format!("UPDATE public.oee_sites SET name = '{name}'")).await;
        pair.named(&name).await;
        took.push(began.elapsed());
    }
    took.sort();
    #[expect(clippy::print_stderr, reason = "a figure")]
    {
        eprintln!("SQL at headquarters to the terminal's view: {:?} … {:?}", took[0], took[7]);
    }
    assert!(took[7] < Duration::from_secs(2), "{took:?}");

    let site = std::fs::read_to_string(repository().join("config/demo/site.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    std::fs::write(&file, site.replace("name = \"Cedar\"", "name = \"Cedar, applied\"")).unwrap();
    let began = Instant::now();
    pair.headquarters.apply_site(&file).await.unwrap();
    pair.named("Cedar, applied").await;
    #[expect(clippy::print_stderr, reason = "a figure")]
    {
        eprintln!("a site file, from the command on: {:?}", began.elapsed());
    }
    // Rows of every scope, of single rows that come and go.
    pair.sql(
        "INSERT INTO public.organization_feature_flags (organization_id, flag, is_enabled)
         VALUES ('cedar-works', 'job_tracking', true)",
    )
    .await;
    pair.sql(
        "INSERT INTO public.oee_batch_queue (site_id, equipment_id, batch_number, queue_position, status)
         SELECT site_id, id, 'B-' || code, 1, 'queued' FROM public.oee_equipment",
    )
    .await;
    pair.equal().await;
    // It is shown, too.
    let queued = |reference: &Reference| reference.work.queued.len() == 3;
    pair.view("a queue", |view| view.reference.as_ref().filter(|r| queued(r)).map(drop)).await;
    pair.sql("UPDATE public.oee_batch_queue SET status = 'removed'").await;
    pair.sql("DELETE FROM public.organization_feature_flags").await;
    pair.equal().await;
}

#[tokio::test]
async fn every_look_at_the_mirror_shows_one_commit() {
    let _turn = turn().await;
    let seed = seed("mirror::every_look", 11);
    let mut dice = StdRng::seed_from_u64(seed);
    let mut pair = Pair::start().await;
    pair.sql(&marked("mark 0")).await;
    pair.named("mark 0").await;
    let rows: i64 = pair.marks().iter().map(|(_, count)| count).sum();
    let (mut looks, mut kills, mut wholes) = (0, 0, 0);
    for n in 1..=30 {
        let mark = format!("mark {n}");
        if dice.random_bool(0.3) {
            // Cursors of another history stand for nothing: everything comes whole.
            pair.sql("UPDATE edge.feed_epochs SET epoch = gen_random_uuid()").await;
            wholes += 1;
        }
        pair.sql(&marked(&mark)).await;
        if dice.random_bool(0.4) {
            for _ in 0..dice.random_range(0..40) {
                check(&pair, rows);
                looks += 1;
            }
            pair.terminal.kill().unwrap();
            check(&pair, rows);
            pair.terminal.start().await.unwrap();
            kills += 1;
        }
        wait_for(&mark, LIMIT, async || {
            looks += 1;
            let marks = check(&pair, rows);
            if marks == mark { Ok(()) } else { Err(marks) }
        })
        .await;
    }
    pair.equal().await;
    #[expect(clippy::print_stderr, reason = "a figure")]
    {
        eprintln!("{looks} looks, {kills} kills, {wholes} times everything: never half a site");
    }
    assert!(kills > 3 && wholes > 3, "{kills} {wholes}");
}

/// All rows are there and bear one mark, which it gives.
fn check(pair: &Pair, rows: i64) -> String {
    let marks = pair.marks();
    assert!(marks.len() == 1 && marks[0].1 == rows, "half a site: {marks:?} of {rows} rows");
    marks[0].0.clone()
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_told_at_headquarters() {
    let _turn = turn().await;
    let pair = Pair::start().await;
    pair.sql("ALTER TABLE edge.people DROP CONSTRAINT people_role_check").await;
    pair.sql("UPDATE edge.people SET role = 'pilot' WHERE badge = '1003'").await;
    let place = ["--organization", "cedar-works", "--site", "cedar"];
    let alarms = [&["alarms"], &place[..]].concat();
    let said = wait_for("the alarm", LIMIT, async || {
        let said = administer(&pair.headquarters, &alarms).await;
        if said.is_empty() { Err("none".to_owned()) } else { Ok(said) }
    })
    .await;
    assert!(said.starts_with("site_data_refused\tT-07\t"), "{said}");
    let key = crate::headquarters::device::user("1003");
    for word in ["edge.people", &key.to_string(), "role is not known"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let terminals = administer(&pair.headquarters, &[&["terminals"], &place[..]].concat()).await;
    assert!(terminals.contains("role is not known"), "{terminals}");
    // Put right, it is taken over, and the alarm goes.
    pair.sql("UPDATE edge.people SET role = 'lead' WHERE badge = '1003'").await;
    wait_for("no alarm", LIMIT, async || {
        let said = administer(&pair.headquarters, &alarms).await;
        if said.is_empty() { Ok(()) } else { Err(said) }
    })
    .await;
    pair.equal().await;
}

#[tokio::test]
async fn what_decays_is_healed() {
    let _turn = turn().await;
    let mut pair = Pair::start().await;
    pair.equal().await;
    let path = pair.terminal.data().join("reference.db");
    // Each is found otherwise: by the checksum, because it is no JSON any more, because it makes no sense, because the
    // file is none.
    let decays = [
        "UPDATE rows SET row = replace(row, 'Presses', 'Pressed') WHERE tbl = 'public.ops_stations'",
        "DELETE FROM rows WHERE tbl = 'public.ops_products'",
        "UPDATE rows SET row = replace(row, '}', '') WHERE tbl = 'public.oee_systems'",
        "UPDATE rows SET row = replace(row, '-', 'x') WHERE tbl = 'public.oee_systems'",
    ];
    for decay in decays {
        pair.terminal.kill().unwrap();
        let mirror = rusqlite::Connection::open_with_flags(
            &path,
            rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE,
        );
        assert!(mirror.unwrap().execute(decay, []).unwrap() > 0, "{decay}");
        pair.terminal.start().await.unwrap();
        pair.equal().await;
        pair.view("the site", |view| view.reference.as_ref().map(drop)).await;
    }
    pair.terminal.kill().unwrap();
    std::fs::write(&path, "no database at all").unwrap();
    pair.terminal.start().await.unwrap();
    pair.equal().await;
}

#[tokio::test]
async fn a_deleted_mirror_is_pulled_again() {
    let _turn = turn().await;
    let mut pair = Pair::start().await;
    pair.equal().await;
    let path = pair.terminal.data().join("reference.db");
    pair.terminal.kill().unwrap();
    std::fs::remove_file(&path).unwrap();
    pair.terminal.start().await.unwrap();
    pair.equal().await;
    pair.view("the site", |view| view.reference.as_ref().map(drop)).await;
    // While the daemon runs, too.
    std::fs::remove_file(&path).unwrap();
    pair.sql("UPDATE public.oee_sites SET name = 'Cedar anew'").await;
    pair.named("Cedar anew").await;
    pair.equal().await;
    // And it works on from its mirror when headquarters is away.
    pair.headquarters.stop().await.unwrap();
    pair.terminal.kill().unwrap();
    pair.terminal.start().await.unwrap();
    pair.named("Cedar anew").await;
}

#[tokio::test]
async fn the_terminal_has_what_was_applied() {
    let _turn = turn().await;
    let pair = Pair::start().await;
    let file = repository().join("config/demo/site.toml");
    same(&pair.terminal, &file).await;

    let file = repository().join("config/site.toml");
    pair.headquarters.apply_site(&file).await.unwrap();
    let code = pair.headquarters.enrollment_code_at("acme", "cedar", "T-01").await.unwrap();
    let url = pair.headquarters.url();
    let configuration = |data: &Path| {
        Ok(format!(
            "[terminal]\ncode = 'T-01'\ndata_dir = '{}'\n[site]\norganization = 'acme'\n\
             code = 'cedar'\n[headquarters]\nurl = '{url}'\n",
            data.display()
        ))
    };
    let mut second = Terminal::prepare(configuration).unwrap();
    second.enroll(&code).await.unwrap();
    second.start().await.unwrap();
    same(&second, &file).await;
}

/// The reference data in force are those of the file.
async fn same(terminal: &Terminal, file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let wanted = kart_core::site::parse("site.toml", &text).unwrap();
    let client = terminal.client().unwrap();
    let got = wait_for("the site", LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        view.reference.ok_or_else(|| "none".to_owned())
    })
    .await;
    assert!(got.version > 0);
    let mut got = Reference { version: 0, leases: vec![], ..got };
    for (person, wanted) in got.people.iter_mut().zip(&wanted.people) {
        // Terminals are not told.
        person.number.clone_from(&wanted.number);
        person.email.clone_from(&wanted.email);
    }
    assert_eq!(got, wanted);
}
