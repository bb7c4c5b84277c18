//! Nobody becomes a supervisor by writing so into the log of a terminal.

use kart_core::fact::correction::{Amendment, Correctable, Corrected, CorrectionSeen};
use kart_core::fact::{Body, Fact};
use kart_core::id::{Incarnation, Origin, StationId, TerminalId};
use kart_core::time::Micros;
use uuid::Uuid;

use super::said;
use crate::headquarters::device::{Device, key, user};
use crate::headquarters::enrolled;

#[tokio::test]
async fn a_terminal_cannot_correct_in_the_name_of_headquarters() {
    let (headquarters, mut device) = enrolled().await;
    let station = StationId(key("ops_stations", "ST-21"));
    let entry = device.append(Body::ClockedIn { user: user("1001"), station });
    let record = device.origin().record(entry);
    device.append(Body::ClockedOut { user: user("1001"), entry: record });
    let corrected = Corrected {
        record,
        kind: Correctable::Labor,
        rank: 9,
        reason: None,
        before: Amendment::default(),
        after: Amendment {
            from: Some(Micros(Device::stamp(1).wall_us.0 - 3_600_000_000)),
            ..Amendment::default()
        },
    };
    let forged = device.append(Body::Corrected(corrected.clone()));
    let repeated = device.append(Body::CorrectionSeen(CorrectionSeen {
        correction: Uuid::new_v4(),
        origin: Origin { terminal: TerminalId(Uuid::new_v4()), incarnation: Incarnation(1) },
        seq: 2,
        made: Micros(1),
        by: Some(user("1001")),
        corrected,
        here: None,
        seal: None,
    }));
    let pushed = device.push(1).await.unwrap();
    let held: Vec<(u64, &str)> =
        pushed.quarantined.iter().map(|held| (held.seq, held.code.as_str())).collect();
    assert_eq!(
        held,
        [(forged, "refused"), (repeated, "refused")],
        "kept, shown, and without effect"
    );
    let hour =
        "SELECT count(*) FROM ops_labor_entries WHERE end_ts - start_ts < interval '1 minute'";
    assert_eq!(headquarters.number(hour).await.unwrap(), 1, "the entry is as it was recorded");
}

#[tokio::test]
async fn a_row_that_was_named_since_the_correction_is_the_same_row() {
    let (headquarters, mut device) = enrolled().await;
    let station = StationId(key("ops_stations", "ST-21"));
    let entry = device.append(Body::ClockedIn { user: user("1001"), station });
    let record = device.origin().record(entry).0.to_string();
    device.push(1).await.unwrap();
    let place = ["--organization", "cedar-works", "--site", "cedar"];
    let correct =
        ["correct", "labor", &record, "--by", "1005", "--reason", "x", "--person", "1002"];
    let (code, told, complaint) = said(&headquarters, &[&correct[..], &place].concat()).await;
    assert_eq!(code, Some(0), "{told}{complaint}");
    let (row, name) = (user("1002").0, Uuid::new_v4());
    let named = format!(
        "INSERT INTO edge.reference_names (organization_id, site_id, name, id, tbl)
         SELECT organization_id, site_id, '{name}', '{row}', 'users' FROM edge.sites"
    );
    headquarters.sql(&named, &[]).await.unwrap();
    // It goes down by the name that the row has now.
    let sent = "SELECT id, writer_id, incarnation, line, seal FROM edge.corrections";
    let sent = &headquarters.sql(sent, &[]).await.unwrap()[0];
    let line = sent.get::<_, String>(3).replace(&row.to_string(), &name.to_string());
    let fact = Fact::parse(line.as_bytes()).unwrap();
    let Body::Corrected(corrected) = fact.fact else { panic!("{line}") };
    let terminal = TerminalId(sent.get(1));
    device.append(Body::CorrectionSeen(CorrectionSeen {
        correction: sent.get(0),
        origin: Origin { terminal, incarnation: sent.get::<_, String>(2).parse().unwrap() },
        seq: fact.seq,
        made: fact.at.wall_us,
        by: fact.by,
        corrected,
        here: None,
        seal: sent.get(4),
    }));
    assert_eq!(device.push(3).await.unwrap().quarantined, []);
}
