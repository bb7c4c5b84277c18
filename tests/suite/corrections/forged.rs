//! Nobody becomes a supervisor by writing so into the log of a terminal.

use kart_core::fact::Body;
use kart_core::fact::correction::{Amendment, Correctable, Corrected, CorrectionSeen};
use kart_core::id::{Incarnation, Origin, StationId, TerminalId};
use kart_core::time::Micros;
use uuid::Uuid;

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
