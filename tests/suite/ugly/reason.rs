//! Case 8: a wrong reason. Whoever gave it changes it, a lower role does not, and nothing is overwritten.

use kart_api::{Answer, Stop};
use kart_core::{
    command::{Command, Refusal},
    id::{ReasonId, UserId},
};
use kart_tests::{modbus::ModbusServer, operator::Operator};

use super::{device, state, terminal, viewed};
use crate::turn::turn;

const MAP: &str = "[[machine]]\ncode = \"EQ-211\"\notherwise = \"stopped\"\n\
    signal = [{ name = \"automatic\", device = \"press\", address = 20, type = \"bit\", bit = 0, interval_ms = 100 }]\n\
    rule = [{ name = \"automatic\", when = [{ signal = \"automatic\", is = true }], state = \"running\" }]\n";

#[tokio::test]
async fn ugly_case_08_wrong_reason() {
    let _turn = turn().await;
    let mut press = ModbusServer::start().await.unwrap();
    press.set_holding(20, &[1]).await.unwrap();
    let devices = device("press", &press);
    let mut terminal = terminal(&[], |_| format!("{devices}{MAP}"));
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    state(&client, "EQ-211", "running").await;
    press.set_holding(20, &[0]).await.unwrap();
    let stop: Stop = viewed(&client, "a stop", |view| view.stops.first().cloned()).await;
    let (ada, lead, reasons) = viewed(&client, "people and reasons", |view| {
        let reference = view.reference.as_ref()?;
        let of = |role: &str| reference.people.iter().find(|person| person.role.word() == role);
        let reasons = reference.downtime_groups[0].reasons.iter().map(|reason| reason.id);
        let reasons: Vec<ReasonId> = reasons.collect();
        Some((of("operator")?.id, of("supervisor").or(of("lead"))?.id, reasons))
    })
    .await;
    let operator = Operator::new(client.clone(), "1001");
    let say = async |by: Option<UserId>, reason: usize| {
        let reason = reasons[reason];
        let command = Command::ExplainStop { by, stop: stop.id, reason, comment: None };
        operator.ask(command).await.unwrap()
    };
    let saved = |answer: &Answer| assert!(matches!(answer, Answer::Saved(_)), "{answer:?}");
    let refused = |answer: &Answer| {
        assert!(matches!(answer, Answer::Refused(Refusal::HigherRank { .. })), "{answer:?}");
    };
    saved(&say(Some(ada), 0).await);
    saved(&say(Some(ada), 1).await);
    refused(&say(None, 0).await);
    saved(&say(Some(lead), 2).await);
    refused(&say(Some(ada), 0).await);
    // The one of higher role thinks better of it: what she said last holds again.
    let withdraw = |by| Command::WithdrawExplanation { by, stop: stop.id, comment: None };
    refused(&operator.ask(withdraw(Some(ada))).await.unwrap());
    saved(&operator.ask(withdraw(Some(lead))).await.unwrap());

    let log = terminal.facts().unwrap();
    let select = "SELECT reason_label, withdrawn, holds FROM edge_stop_explanations
                  ORDER BY explained_at, rank";
    let mut select = log.prepare(select).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let rows: Vec<(String, bool, bool)> = rows.map(Result::unwrap).collect();
    let marks: Vec<(bool, bool)> = rows.iter().map(|(_, gone, holds)| (*gone, *holds)).collect();
    assert_eq!(marks, [(false, false), (false, true), (true, false)], "{rows:?}");
    let event = "SELECT reason_label FROM oee_machine_events WHERE event_type = 'downtime'";
    let label: String = log.query_row(event, [], |row| row.get(0)).unwrap();
    assert_eq!(label, rows[1].0);
}
