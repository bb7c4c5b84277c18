//! Topics, rules and signals on the screen, as broker and machine have them.

use kart_tests::broker::Broker;

use super::*;

/// One machine told by messages: its state at once, its fault with a delay.
fn told(broker: &Broker) -> String {
    format!(
        r#"
[[broker]]
name = "hall"
address = "{}"
[[machine]]
code = "EQ-311"
otherwise = "stopped"
signal = [
    {{ name = "state", broker = "hall", topic = "hall/{{machine}}/state", format = "plain" }},
    {{ name = "fault", broker = "hall", topic = "hall/{{machine}}/fault", format = "plain" }},
    {{ name = "good", broker = "hall", topic = "hall/{{machine}}/counts", pointer = "/good" }},
]
counter = [{{ signal = "good", kind = "good", max_per_s = 1000.0 }}]
rule = [
    {{ name = "broken", when = [{{ signal = "fault", at_least = 1, on_delay_ms = 600000 }}], state = "setup" }},
    {{ name = "producing", when = [{{ signal = "state", is = "run" }}], state = "running" }},
]
"#,
        broker.address()
    )
}

async fn say(broker: &Broker, level: &str, payload: &str, retain: bool) {
    broker.publish(&format!("hall/EQ-311/{level}"), payload, retain).await.unwrap();
}

#[tokio::test]
async fn topics_and_rules_on_the_screen_are_those_of_broker_and_machine() {
    let _turn = turn().await;
    let broker = Broker::start().await.unwrap();
    broker.publish("elsewhere/weather", "rain", true).await.unwrap();
    let mut terminal = start(&told(&broker)).await;
    let up = |machine: &kart_api::Machine| (machine.link == kart_api::DeviceLink::Up).then_some(());
    terminal.shown("its link", up).await.unwrap();
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["EQ-311", "UNKNOWN"]).await.unwrap();
    screen.press("k4").unwrap();
    screen
        .shows(&[
            "Nobody can tell",
            "fault >= 1: cannot be seen",
            "cannot be told, so none behind it decides",
        ])
        .await
        .unwrap();

    // What the map listens to, level by level, and what a message would be captured as.
    screen.press("2").unwrap();
    screen
        .shows(&["hall, filter: what the map listens to", "0 messages since you look"])
        .await
        .unwrap();
    say(&broker, "fault", "0", false).await;
    say(&broker, "state", "run", false).await;
    say(&broker, "counts", "{\"good\": 1042, \"scrap\": 7}", false).await;
    screen.shows(&["hall/ (3)", "3 topics, 3 messages"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["EQ-311/ (3)"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen
        .shows(&[
            "counts",
            "would be captured: EQ-311 good = 1042 ~ when it came",
            "{\"good\": 1042, \"scrap\": 7}",
        ])
        .await
        .unwrap();
    say(&broker, "counts", "{\"scrap\": 7}", false).await;
    screen.shows(&["would be captured: ", "/good"]).await.unwrap();
    // Another filter finds what the map does not know of.
    screen.press("g#\r").unwrap();
    screen.shows(&["elsewhere/ (1)"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen
        .shows(&["weather", "RETAINED", "The map captures nothing from this topic."])
        .await
        .unwrap();

    // The rule that decides, and a delay that runs.
    screen.press("4").unwrap();
    screen
        .shows(&[
            "is running since",
            "The rules ask for: running, by rule producing",
            "producing → running  ← decides",
        ])
        .await
        .unwrap();
    say(&broker, "fault", "3", false).await;
    screen.shows(&["fault >= 1: it is 3", "turns in 9 min", "← decides"]).await.unwrap();
    say(&broker, "state", "wait", false).await;
    screen.shows(&["is stopped since", "by rule otherwise"]).await.unwrap();
    screen.press("3").unwrap();
    screen.shows(&["Signals of EQ-311", "1,042", "wait", "0..3"]).await.unwrap();
    // The look was no second listener of the record.
    let made = |machine: &kart_api::Machine| {
        (machine.good == 0 && machine.link == kart_api::DeviceLink::Up).then_some(())
    };
    terminal.shown("its link as it was", made).await.unwrap();
    let log = terminal.daemon().unwrap();
    let ups = format!("{}{}", log.stdout(), log.stderr()).matches("link up").count();
    assert_eq!(ups, 1, "{}", log.tail());
    screen.press(ESCAPE).unwrap();
    screen.shows(&["STOPPED"]).await.unwrap();
}
