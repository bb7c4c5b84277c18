//! Another device takes over, and what can go wrong about that: answers that are lost, codes that are older than they
//! should be, devices that come back.

use super::*;

async fn adopt(headquarters: &Headquarters) -> String {
    let adopt = [&["terminal", "adopt", "--terminal", "T-07"], PLACE.as_slice()].concat();
    administer(headquarters, &adopt).await.trim().to_owned()
}

async fn revoke(headquarters: &Headquarters) {
    let revoke = [&["terminal", "revoke", "--terminal", "T-07"], PLACE.as_slice()].concat();
    administer(headquarters, &revoke).await;
}

/// Another device that has redeemed the code.
async fn another(headquarters: &Headquarters, code: &str) -> Device {
    let mut device = Device::new(&headquarters.url());
    device.enroll(code).await.unwrap();
    device.sign_in().await.unwrap();
    device
}

/// A device whose log is one person who is there.
async fn with_somebody() -> (Headquarters, Device) {
    let (headquarters, mut device) = enrolled().await;
    device.append(Body::ClockedIn { user: user("1001"), station: station("ST-21") });
    device.push(1).await.unwrap();
    (headquarters, device)
}

fn people(renewed: &Renewed) -> usize {
    serde_json::from_value::<Plant>(renewed.plant.clone()).unwrap().labor.len()
}

/// Why a code is not taken.
async fn not_taken(device: &Device, code: &str) -> String {
    let (status, problem) = device.enroll(code).await.unwrap_err();
    assert_eq!((status, problem.code.as_str()), (403, code::BAD_CODE), "{}", problem.detail);
    problem.detail
}

#[tokio::test]
async fn a_take_over_whose_answer_was_lost_is_asked_for_again() {
    let (headquarters, old) = with_somebody().await;
    let mut new = another(&headquarters, &adopt(&headquarters).await).await;
    assert_eq!(greeted(&new).await, refusal(409, code::ROLLED_BACK));
    let lost: Renewed = new.post("renew", &renew(&new)).await.unwrap();
    assert_eq!((lost.former_terminal, people(&lost)), (old.id, 1));
    let again: Renewed = new.post("renew", &renew(&new)).await.unwrap();
    assert_eq!(again, lost, "the same question, the same answer");
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.lives").await.unwrap(), 1);

    // The device was switched off before it heard: it says hello as it was, and asks for a life of another name.
    assert_eq!(greeted(&new).await, refusal(409, code::ROLLED_BACK));
    let heard: Renewed = new.post("renew", &renew_as(&new, 0xac)).await.unwrap();
    let from = (heard.former_terminal, heard.former.as_str(), heard.end.seq);
    assert_eq!(from, (new.id, lost.incarnation.as_str(), 0));
    assert_eq!(people(&heard), 1, "what was inherited is handed on");
    go_on(&mut new, &heard).await;
    new.append(Body::ClockedOut { user: user("1001"), entry: old.origin().record(2) });
    new.push(2).await.unwrap();
    let entries = "SELECT count(*) * 10 + count(end_ts) FROM ops_labor_entries";
    assert_eq!(headquarters.number(entries).await.unwrap(), 11, "one entry, and it has ended");
    let taken = "SELECT count(*) FROM edge.audit WHERE action = 'taken over'";
    assert_eq!(headquarters.number(taken).await.unwrap(), 1);
}

#[tokio::test]
async fn a_device_that_enrolls_again_with_an_earlier_life_goes_on_in_a_new_one() {
    let (headquarters, mut device) = with_somebody().await;
    let early = (device.incarnation, device.lines.clone());
    let renewed: Renewed = device.post("renew", &renew(&device)).await.unwrap();
    go_on(&mut device, &renewed).await;

    (device.incarnation, device.lines) = early;
    let code = headquarters.enrollment_code("T-07").await.unwrap();
    device.enroll(&code).await.unwrap();
    device.sign_in().await.unwrap();
    let stands = "SELECT count(*) FROM edge.terminals
                  WHERE incarnation = '00000000000000ab' AND watermark = 1";
    assert_eq!(headquarters.number(stands).await.unwrap(), 1, "the later life stands");
    assert_eq!(greeted(&device).await, refusal(409, code::ROLLED_BACK));
    let other = refusal(409, code::OTHER_INCARNATION);
    assert_eq!(code_of(device.push(1).await), other, "its numbers are taken");
    let again: Renewed = device.post("renew", &renew_as(&device, 0xac)).await.unwrap();
    assert_eq!(
        (again.former, again.end.seq, again.former_terminal),
        (renewed.incarnation.clone(), 1, device.id)
    );
    let lives = "SELECT count(*) FROM edge.lives";
    assert_eq!(headquarters.number(lives).await.unwrap(), 2);
}

#[tokio::test]
async fn a_device_that_broke_before_its_first_session_hands_on_whom_it_was_to_replace() {
    let (headquarters, old) = with_somebody().await;
    let broken = another(&headquarters, &adopt(&headquarters).await).await;
    let third = another(&headquarters, &adopt(&headquarters).await).await;
    for device in [&old, &broken] {
        assert_eq!(greeted(device).await, refusal(401, code::UNAUTHORIZED), "its token is gone");
    }
    assert_eq!(greeted(&third).await, refusal(409, code::ROLLED_BACK));
    let renewed: Renewed = third.post("renew", &renew(&third)).await.unwrap();
    assert_eq!((renewed.former_terminal, people(&renewed)), (old.id, 1));
}

#[tokio::test]
async fn a_device_is_replaced_once_however_many_codes_there_are() {
    let (headquarters, old) = with_somebody().await;
    let (late, early) = (adopt(&headquarters).await, adopt(&headquarters).await);
    let mut second = another(&headquarters, &early).await;
    let unused = Device::new(&headquarters.url());
    let why = not_taken(&unused, &late).await;
    assert!(why.contains("another active terminal"), "{why}");
    let renewed: Renewed = second.post("renew", &renew(&second)).await.unwrap();
    go_on(&mut second, &renewed).await;

    // The second device is locked out, so its code is free; the older paper is still in the drawer.
    revoke(&headquarters).await;
    for holder in [&unused, &second] {
        let why = not_taken(holder, &late).await;
        assert!(why.contains("another device has taken over already"), "{why}");
    }
    // The first one comes back, as if nothing had happened: by the old paper, and by a new code.
    let plain = headquarters.enrollment_code("T-07").await.unwrap();
    for code in [&late, &plain] {
        let why = not_taken(&old, code).await;
        assert!(why.contains("another device has taken over from this one"), "{why}");
    }
    let unspent = "SELECT count(*) FROM edge.enrollment_codes WHERE used_at IS NULL";
    assert_eq!(headquarters.number(unspent).await.unwrap(), 2, "a refused code is not spent");

    // As one that takes over from the second it may.
    let mut first = old;
    first.enroll(&adopt(&headquarters).await).await.unwrap();
    first.sign_in().await.unwrap();
    assert_eq!(greeted(&first).await, refusal(409, code::ROLLED_BACK));
    let back: Renewed = first.post("renew", &renew_as(&first, 0xac)).await.unwrap();
    assert_eq!((back.former_terminal, people(&back)), (second.id, 1));
    go_on(&mut first, &back).await;
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.lives").await.unwrap(), 2);
}
