//! A life too long to be read in one request.

use kart_core::fact::Fact;
use kart_tests::measure::part;
use kart_tests::world::gateway::Gateway;

use super::*;

const FACTS: i64 = 100_000;
/// As the gateway reads.
const PAGE: i64 = 2_000;

/// A log of many facts at headquarters, put there as no terminal could in the time of a test. Gives what it adds up to.
async fn stored_life(headquarters: &Headquarters, device: &mut Device) -> Plant {
    device.append(Body::ClockedIn { user: user("1001"), station: station("ST-21") });
    device.append(batch("BR/BR-40"));
    for n in i64::try_from(device.lines.len()).unwrap()..FACTS {
        device.append(part(machine("EQ-211"), n - 1, Device::stamp(4)));
    }
    let mut plant = Plant::new(device.origin());
    let mut hash = Hash::ZERO;
    let mut rows: (Vec<i64>, Vec<&[u8]>, Vec<Vec<u8>>) = Default::default();
    for (seq, line) in (1..).zip(&device.lines) {
        plant.apply(&Fact::parse(line.as_bytes()).unwrap());
        hash = hash.after(line.as_bytes());
        rows.0.push(seq);
        rows.1.push(line.as_bytes());
        rows.2.push(hash.0.to_vec());
    }
    let insert = "INSERT INTO edge.inbox
             (organization_id, terminal_id, incarnation, seq, kind, line, hash)
         SELECT 'cedar-works', $1, $2, f.seq, 'any', f.line, f.hash
         FROM unnest($3::bigint[], $4::bytea[], $5::bytea[]) AS f(seq, line, hash)";
    let life = device.incarnation.to_string();
    headquarters.sql(insert, &[&device.id, &life, &rows.0, &rows.1, &rows.2]).await.unwrap();
    let end = "UPDATE edge.terminals SET watermark = $2, head_hash = $3 WHERE terminal_id = $1";
    headquarters.sql(end, &[&device.id, &FACTS, &hash.0.as_slice()]).await.unwrap();
    plant
}

/// One more gateway, that reads one page a request.
async fn hasty(headquarters: &Headquarters) -> (Gateway, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("headquarters.toml");
    std::fs::write(&config, "replay_limit_ms = 0\n").unwrap();
    (Gateway::start(&headquarters.login(), Some(&config)).await.unwrap(), folder)
}

/// Somebody else with the same token at another gateway.
fn at(gateway: &Gateway, device: &Device) -> Device {
    let mut other = Device::new(&format!("http://{}", gateway.address()));
    other.token.clone_from(&device.token);
    other
}

#[tokio::test]
async fn a_long_life_is_renewed_over_several_requests_at_several_gateways() {
    let (headquarters, mut device) = enrolled().await;
    let wanted = stored_life(&headquarters, &mut device).await;
    device.lines.truncate(5);
    assert_eq!(greeted(&device).await, refusal(409, code::ROLLED_BACK));

    let (one, two) = (hasty(&headquarters).await, hasty(&headquarters).await);
    let (one, two) = (at(&one.0, &device), at(&two.0, &device));
    let request = renew(&device);
    let answer = one.request("renew").json(&request).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 429);
    assert_eq!(answer.headers()["retry-after"], "1");
    let problem: kart_wire::Problem = answer.json().await.unwrap();
    assert_eq!((problem.code.as_str(), problem.watermark), (code::BUSY, None));
    assert!(problem.detail.starts_with("2000 of 100000 facts"), "{}", problem.detail);

    let read = "SELECT max(seq) FROM edge.replays";
    let mut before = headquarters.number(read).await.unwrap();
    let mut rounds = 0;
    let renewed = loop {
        rounds += 1;
        let asked = tokio::join!(
            one.post::<Renewed>("renew", &request),
            two.post::<Renewed>("renew", &request),
            one.post::<Renewed>("renew", &request),
        );
        let answers = [asked.0, asked.1, asked.2];
        let done: Vec<&Renewed> = answers.iter().filter_map(|one| one.as_ref().ok()).collect();
        if let Some(first) = done.first() {
            assert!(done.iter().all(|other| other == first), "one answer for all");
            break (*first).clone();
        }
        assert!(answers.into_iter().all(|one| code_of(one) == refusal(429, code::BUSY)));
        let after = headquarters.number(read).await.unwrap();
        assert_eq!(after - before, 3 * PAGE, "each question gets further");
        before = after;
    };
    assert_eq!(rounds, FACTS / PAGE / 3 + 1);
    let plant: Plant = serde_json::from_value(renewed.plant.clone()).unwrap();
    assert_eq!(plant, wanted);
    assert_eq!((plant.labor.len(), plant.batches.len()), (1, 1));
    assert_eq!(i64::try_from(renewed.end.seq), Ok(FACTS));
    assert_eq!(device.post::<Renewed>("renew", &request).await.unwrap(), renewed, "said again");
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.lives").await.unwrap(), 1);
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.replays").await.unwrap(), 0);
}
