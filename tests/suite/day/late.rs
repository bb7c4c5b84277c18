//! From the meal to the manager's question: a wrong badge, the end of a batch, the substitute, the next crew.

use kart_core::kpi::{Figures, Kpi, Mode as Counting, Reasons, Span};
use kart_core::time::Micros;
use kart_tests::screen::ENTER;
use serde_json::Value;

use super::floor::{Day, F8, JAM, Mode, PRESS, SUBSTITUTE};

impl Day {
    /// A meal by badge; the batch goes on alone meanwhile, and the ledger says so.
    pub(super) async fn eats(&mut self) {
        self.at("09:30:00");
        self.says(PRESS, Mode::InCycle, 0, 100).await;
        self.enter("1001");
        self.sees(&["Ada Brandt", "Meal"]).await;
        self.enter("3");
        self.sees(&["Ada Brandt (Meal"]).await;
        self.at("10:01:30");
        self.enter("1001");
        self.sees(&["Ada Brandt", "back from"]).await;
        self.press(ENTER);
        self.screen.lacks(&["(Meal", "back from"]).await.unwrap();
        self.press("w");
        self.sees(&["EQ-211 ran B-1042, nobody clocked on"]).await;
        self.leaves("nobody clocked on").await;
    }

    /// Somebody else's name on the screen: the badge of the neighbour.
    pub(super) async fn takes_back_a_wrong_badge(&mut self) {
        self.at("10:02:00");
        self.enter("1003");
        self.sees(&["Mei-Lin Özdemir", "clock in"]).await;
        self.press(ENTER);
        self.sees(&["SAVED", "Mei-Lin Özdemir clocked in"]).await;
        self.at("10:02:09");
        self.press("u");
        self.sees(&["Take back a wrong badge", "Mei-Lin Özdemir clocked in at 10:02"]).await;
        self.press(ENTER);
        self.sees(&["SAVED", "Taken back"]).await;
        self.screen.lacks(&["Mei-Lin Özdemir ("]).await.unwrap();
    }

    /// The machine says 496, she counts 494 and 3 of scrap; then comes what is queued next.
    pub(super) async fn completes_and_goes_on(&mut self) {
        self.at("11:10:00");
        self.says(PRESS, Mode::InCycle, 0, 85).await;
        self.press("c");
        self.sees(&["Complete B-1042 on EQ-211", "the machine counted 496"]).await;
        self.enter("494");
        self.enter("3");
        self.sees(&["the machine counted 496: difference -2", "Why scrap?"]).await;
        self.enter("1");
        self.sees(&["SAVED", "B-1042 completed: 494 good, 3 scrap"]).await;
        self.at("11:11:00");
        self.press("s");
        self.sees(&["Start a batch on EQ-211", "B-1043"]).await;
        self.press(ENTER);
        self.sees(&["Die no.*"]).await;
        self.enter("D-7/3");
        self.sees(&["SAVED", "B-1043", "good of 500"]).await;
    }

    /// A phone call: the batch goes on on the press that stands in, with its supervisor's badge.
    pub(super) async fn moves_to_the_substitute(&mut self) {
        self.at("12:18:00");
        self.says(PRESS, Mode::InCycle, 0, 300).await;
        self.enter("1005");
        self.sees(&["Sabine Köhler", "clock in"]).await;
        self.press(ENTER);
        self.sees(&["SAVED", "Sabine Köhler clocked in"]).await;
        self.at("12:20:00");
        self.press("x");
        self.sees(&["Batch B-1043 on EQ-211", "6 continue on another machine"]).await;
        self.enter("6");
        self.sees(&["On which machine does it go on?", "1 EQ-214"]).await;
        // The counts stand, and so does the machine that may stand in.
        self.press(ENTER);
        self.press(ENTER);
        self.press(ENTER);
        self.sees(&["SAVED", "B-1043 goes on on EQ-214"]).await;
        self.says(PRESS, Mode::Automatic, 0, 0).await;
        self.says(SUBSTITUTE, Mode::InCycle, 0, 0).await;
        self.is(SUBSTITUTE, "running").await;
        // Who worked on it says yes at the new place.
        self.joins("Ada Brandt").await;
    }

    /// Somebody comes to the batch on the substitute.
    async fn joins(&mut self, name: &str) {
        self.press("3");
        self.press("x");
        self.sees(&["Batch B-1043 on EQ-214", "4 people on it"]).await;
        self.enter("4");
        self.sees(&["Who works on it?", name]).await;
        self.chooses(name).await;
        self.press(ENTER);
        self.sees(&["SAVED", &format!("{name} is on batch B-1043")]).await;
        self.leaves("Who works on it?").await;
        self.leaves("Batch B-1043").await;
    }
}

impl Day {
    /// What waits at the end of the shift: four stops, three of them alike, which one key explains.
    pub(super) async fn sweeps(&mut self) {
        self.at("12:22:00");
        self.sees(&["Why did it stop?", "EQ-211 12:2"]).await;
        self.press("nothing");
        self.sees(&["1 Nothing to make"]).await;
        self.enter("1");
        self.sees(&["SAVED", "explained: Nothing to make"]).await;
        // While somebody reads the board no card comes; it is said that a stop waits.
        self.press("t");
        self.sees(&["Board · EQ-214"]).await;
        let stops = [
            ("12:40:00", "12:40:02", "12:42:00"),
            ("12:55:00", "12:55:02", "12:57:00"),
            ("13:10:00", "13:10:02", "13:12:00"),
        ];
        for (runs, last, again) in stops {
            self.runs_until(SUBSTITUTE, runs, 90).await;
            self.strokes(SUBSTITUTE, &[last]).await;
            self.says(SUBSTITUTE, Mode::Automatic, JAM, 0).await;
            self.at(again);
            self.is(SUBSTITUTE, "stopped").await;
            self.strokes(SUBSTITUTE, &[again]).await;
            self.is(SUBSTITUTE, "running").await;
        }
        self.says(SUBSTITUTE, Mode::InCycle, 0, 0).await;
        self.sees(&["EQ-214 stopped. Why? (e)"]).await;
        self.at("13:40:00");
        self.leaves("Board · EQ-214").await;
        self.press("e");
        self.sees(&["Stops"]).await;
        self.press(F8);
        self.sees(&["Stops that wait, alike ones together", "3", "Part jammed in the die"]).await;
        self.chooses("EQ-214").await;
        self.press("y");
        self.sees(&["SAVED", "3 stops explained: Part jammed in the die"]).await;
        self.leaves("alike ones together").await;
        self.leaves("Stops").await;
    }

    /// The next shift comes while this one is still there: both are on the batch.
    pub(super) async fn hands_over(&mut self) {
        self.at("13:55:00");
        self.enter("1003");
        self.sees(&["Mei-Lin Özdemir", "clock in"]).await;
        self.press(ENTER);
        self.sees(&["SAVED", "Mei-Lin Özdemir clocked in"]).await;
        self.joins("Mei-Lin Özdemir").await;

        self.at("14:03:30");
        self.enter("1001");
        self.sees(&["Ada Brandt", "clock out?", "Worked 8 h 11 min"]).await;
        self.press(ENTER);
        self.sees(&["SAVED", "Ada Brandt clocked out"]).await;
        self.press("y");
        self.sees(&["My record: whose badge?"]).await;
        self.enter("1001");
        let record =
            ["Record of Ada Brandt", "8 h 11 min clocked in", "Meal  31 min", "2 entries not"];
        self.sees(&record).await;
        self.press("c");
        self.sees(&["SAVED", "Ada Brandt confirmed 2 entries"]).await;
        self.leaves("Record of Ada Brandt").await;
    }

    /// The board at headquarters says what the terminal says, and opens to the list.
    pub(super) async fn figures_at_headquarters(&mut self) {
        // The late shift has begun; whatever the early one did is over.
        self.strokes(PRESS, &["14:05:00"]).await;
        self.is(PRESS, "running").await;
        self.at("14:10:00");
        self.terminal.confirmed().await.unwrap();
        let [from, until] = ["06:00:00", "14:00:00"].map(|time| self.moment(time));
        let span = [from, until].map(|time| Micros(time.as_microsecond()));
        let span = Span { from: span[0], until: span[1] };
        let (from, until) = (from.to_string(), until.to_string());
        let asked = ["figures", "--equipment", PRESS.code, "--from", &from, "--to", &until];
        let there = self.kart_hq(&[&asked[..], &["--json"]].concat()).await;
        let there: Value = serde_json::from_str(&there).unwrap();
        let there: Figures =
            serde_json::from_value(there["machines"][0]["figures"].clone()).unwrap();
        let here = self.client.figures(Some(span), Reasons::Recorded).await.unwrap();
        let here = here.machines.iter().find(|machine| machine.code == PRESS.code).unwrap();
        for (kpi, figure) in &there.figures {
            assert_eq!(shown(here.figures.value(*kpi)), shown(figure.value), "{kpi:?}");
        }

        // The shift less what nobody has work for ran but for three stops, the first of them unexplained.
        let (mode, said) = (there.mode, |kpi| shown(there.value(kpi)));
        assert_eq!(mode, Counting::Standard);
        let (run, stood) = (22_021.0, 247.0 + 36.0 + 498.0);
        assert_eq!(said(Kpi::Availability), shown(Some(100.0 * run / (run + stood))));
        assert_eq!(said(Kpi::Coverage), shown(Some(100.0)));
        assert_eq!(said(Kpi::Unexplained), shown(Some(247.0 / 60.0)));
        let opened = self.kart_hq(&[&asked[..], &["--open", "availability"]].concat()).await;
        for line in [
            "07:22:00+01:00\t3:37 min\tstopped as unplanned\tPart jammed in the die (unplanned) by Ada Brandt",
            "07:26:40+01:00\t4:40 min\tstopped as unplanned\tWaiting for maintenance (unplanned) by Ada Brandt",
        ] {
            assert!(opened.contains(line), "{line}\n{opened}");
        }
    }
}

/// A figure as people read it.
fn shown(value: Option<f64>) -> Option<String> {
    value.map(|value| format!("{value:.1}"))
}
