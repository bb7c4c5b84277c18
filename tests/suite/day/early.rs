//! From the evening before to the meal: the handover, the first batch, stops, an incident.

use std::time::Duration;

use kart_tests::screen::{ENTER, TAB};
use kart_tests::wait::lasts;

use super::floor::{Day, F3, JAM, Mode, PRESS};

/// A card that has just come cannot be signed by a key that was meant for what stood before it.
const TOO_SOON: Duration = Duration::from_millis(2_100);

impl Day {
    /// What the next crew has to know is written down.
    pub(super) async fn night(&mut self) {
        self.press("e");
        self.sees(&["Stops"]).await;
        self.chooses("EQ-214").await;
        self.press(ENTER);
        self.sees(&["Why did it stop?"]).await;
        self.press("nothing");
        self.sees(&["1 Nothing to make"]).await;
        self.enter("1");
        self.sees(&["SAVED", "explained: Nothing to make"]).await;
        self.leaves("Stops").await;
        self.press("n");
        self.sees(&["Shift log"]).await;
        self.press("h");
        self.sees(&["Hand over to the next crew", "2 stops without a reason", "No open incident"])
            .await;
        self.enter("guide worn on EQ-212");
        self.sees(&["SAVED", "Handover signed"]).await;
        self.leaves("Shift log").await;
    }

    /// A person comes early, signs what the night hands over, and starts the first batch.
    pub(super) async fn begins(&mut self) {
        self.at("05:52:11");
        self.enter("1001");
        self.sees(&["Ada Brandt", "clock in", "before the shift Early"]).await;
        self.press(ENTER);
        let card =
            ["Handover of the crew before", "guide worn on EQ-212", "2 stops without a reason"];
        self.sees(&card).await;
        lasts(TOO_SOON).await;
        self.at("05:55:00");
        self.press(ENTER);
        self.sees(&["SAVED", "Handover taken over"]).await;
        self.at("05:58:00");
        self.enter("1002");
        self.sees(&["Jurij Nowak", "clock out?"]).await;
        self.press(ENTER);
        self.sees(&["SAVED", "Jurij Nowak clocked out"]).await;

        self.at("06:04:00");
        self.press("s");
        self.sees(&["Start a batch on EQ-211", "B-1042"]).await;
        self.press(ENTER);
        self.sees(&["Die no.*"]).await;
        self.enter("D-7/2");
        self.sees(&["SAVED", "good of 500"]).await;
        // Setup ends with the first good stroke.
        self.strokes(PRESS, &["06:04:07"]).await;
        self.is(PRESS, "running").await;
    }

    /// A loss of speed, a short stop that nobody is asked of, and one that somebody is.
    pub(super) async fn stops(&mut self) {
        self.runs_until(PRESS, "06:31:06", 100).await;
        self.strokes(PRESS, &["06:31:08", "06:31:10", "06:31:14", "06:31:16"]).await;
        self.runs_until(PRESS, "06:44:00", 100).await;
        self.strokes(PRESS, &["06:44:02"]).await;
        self.at("06:44:36");
        self.is(PRESS, "stopped").await;
        self.strokes(PRESS, &["06:44:40"]).await;
        self.is(PRESS, "running").await;
        self.runs_until(PRESS, "07:18:16", 100).await;
        self.strokes(PRESS, &["07:18:18", "07:18:20"]).await;
        self.says(PRESS, Mode::Automatic, JAM, 0).await;
        self.at("07:19:22");
        self.is(PRESS, "stopped").await;
        // The card comes by itself, with what the fault word stands for first.
        self.sees(&["Why did it stop?", "07:18 stopped", "1 Part jammed in the die"]).await;
        self.at("07:21:00");
        self.enter("1");
        self.sees(&["SAVED", "explained: Part jammed in the die"]).await;
        self.strokes(PRESS, &["07:26:40", "07:26:42"]).await;
        self.is(PRESS, "running").await;
        self.says(PRESS, Mode::InCycle, 0, 0).await;
    }

    /// Half of that stop was waiting: told, taken back, and told again.
    pub(super) async fn splits(&mut self) {
        self.at("07:40:00");
        self.press("e");
        self.split_at("07:22").await;
        // The second part waits for a reason.
        self.chooses("07:22").await;
        self.press("u");
        self.sees(&["SAVED", "Taken back"]).await;
        self.split_at("07:22").await;
        self.chooses("07:22").await;
        self.press(ENTER);
        self.sees(&["Why did it stop?"]).await;
        self.press("waiting for m");
        self.sees(&["Name with “waiting for m”", "1 Waiting for maintenance"]).await;
        self.enter("1");
        self.sees(&["SAVED", "explained: Waiting for maintenance"]).await;
        self.leaves("Stops").await;
    }

    async fn split_at(&mut self, time: &str) {
        self.sees(&["Stops", "07:18 stopped"]).await;
        self.chooses("07:18").await;
        self.press("t");
        self.sees(&["Split a stop in two", "between 07:18:22 and 07:26:40"]).await;
        self.enter(time);
        self.sees(&["SAVED", "Stop split at 07:22", "part of a split stop"]).await;
    }

    /// A guard rattles: both presses and the batch.
    pub(super) async fn reports(&mut self) {
        self.at("08:15:00");
        self.press("i");
        self.sees(&["Report an incident", "Guard rattles"]).await;
        self.press("1");
        self.press(F3);
        self.sees(&["major"]).await;
        self.press(TAB);
        self.press("2");
        self.sees(&["[x] EQ-212"]).await;
        self.press(TAB);
        self.enter("since the change of shift");
        self.sees(&["SAVED", "INCIDENT EQ-211, EQ-212 · Guard rattles"]).await;
    }
}
