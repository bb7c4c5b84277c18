//! What the day leaves in the central tables, to be read beside the story: to the second where a machine says it, to the
//! minute where a person does.

use super::floor::Day;

/// Downtime, batches, incidents and notes, with what hangs on them: machines, batches, people.
const EVENTS: &str = "
    SELECT concat_ws(' ', from_to, kind, machines, words) FROM (
        SELECT e.start_ts, e.event_type AS kind,
            CASE WHEN e.source = 'machine' AND e.reason_group_type <> 'idle' AND e.end_ts IS NOT NULL AND e.start_ts > b.first
                THEN to_char(e.start_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI:SS-')
                    || to_char(e.end_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI:SS')
                ELSE to_char(e.start_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI-')
                    || coalesce(to_char(e.end_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI'), '') END AS from_to,
            (SELECT string_agg(q.code, '+' ORDER BY q.code) FROM oee_machine_event_equipment m
             JOIN oee_equipment q ON q.id = m.equipment_id WHERE m.event_id = e.id) AS machines,
            concat_ws(', ', d.batch_number, d.status, d.good_parts || ' good', d.scrap_parts || ' scrap ' || coalesce(a.name, ''),
                e.reason_label, e.reason_group_type, n.category, n.note_text, e.comment, u.display_name,
                (SELECT 'in ' || string_agg(k.batch_number, '+') FROM oee_event_batch_links l
                 JOIN oee_batch_details k ON k.event_id = l.batch_event_id WHERE l.event_id = e.id),
                CASE WHEN e.is_archived THEN 'archived' END) AS words
        FROM oee_machine_events e
        CROSS JOIN (SELECT min(start_ts) AS first FROM oee_machine_events WHERE event_type = 'batch') b
        LEFT JOIN oee_batch_details d ON d.event_id = e.id
        LEFT JOIN oee_abort_reasons a ON a.id = d.scrap_reason_id
        LEFT JOIN oee_notes_details n ON n.event_id = e.id
        LEFT JOIN users u ON u.id = e.created_by) told
    ORDER BY date_trunc('minute', start_ts), concat_ws(' ', from_to, kind, machines, words) COLLATE \"C\"";
const EVENTS_LEFT: [&str; 19] = [
    "21:50- downtime EQ-212 unplanned",
    "21:50-06:04 downtime EQ-211 unplanned",
    "21:50-12:20 downtime EQ-214 Nothing to make, idle, Jurij Nowak",
    "05:50-05:50 note handover, guide worn on EQ-212, Jurij Nowak",
    "06:04-11:10 batch EQ-211 B-1042, completed, 494 good, 3 scrap Burr too high, Ada Brandt",
    "06:44:04-06:44:40 downtime EQ-211 unplanned, in B-1042",
    // What the split that was taken back left, and the one that holds.
    "07:18-07:22 downtime EQ-211 Part jammed in the die, unplanned, Ada Brandt, in B-1042",
    "07:18-07:22 downtime EQ-211 Part jammed in the die, unplanned, Ada Brandt, in B-1042, archived",
    "07:18:22-07:26:40 downtime EQ-211 Part jammed in the die, unplanned, Ada Brandt, in B-1042, archived",
    "07:22-07:26 downtime EQ-211 Waiting for maintenance, unplanned, Ada Brandt, in B-1042",
    "07:22-07:26 downtime EQ-211 unplanned, Ada Brandt, in B-1042, archived",
    "08:15- incident EQ-211+EQ-212 Guard rattles, since the change of shift, Ada Brandt, in B-1042",
    "11:11-12:20 batch EQ-211 B-1043, completed, 300 good, 0 scrap , Ada Brandt",
    "12:20- batch EQ-214 B-1043, running, Sabine Köhler",
    "12:20-14:05 downtime EQ-211 Nothing to make, idle, Sabine Köhler",
    "12:40:04-12:42:00 downtime EQ-214 Part jammed in the die, unplanned, Sabine Köhler, in B-1043",
    "12:55:04-12:57:00 downtime EQ-214 Part jammed in the die, unplanned, Sabine Köhler, in B-1043",
    "13:10:04-13:12:00 downtime EQ-214 Part jammed in the die, unplanned, Sabine Köhler, in B-1043",
    "14:05- downtime EQ-211 unplanned",
];

/// Attendance, and the raw punches beside it.
const LABOR: &str = "
    SELECT concat_ws(' ', to_char(l.start_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI-')
            || coalesce(to_char(l.end_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI'), ''),
        u.display_name, l.entry_type, s.code)
    FROM ops_labor_entries l JOIN users u ON u.id = l.user_id JOIN ops_stations s ON s.id = l.station_id
    ORDER BY l.start_ts";
const LABOR_LEFT: [&str; 6] = [
    "21:50-05:58 Jurij Nowak shift ST-21",
    "05:52-14:03 Ada Brandt shift ST-21",
    "09:30-10:01 Ada Brandt meal ST-21",
    "10:02-10:02 Mei-Lin Özdemir shift ST-21",
    "12:18- Sabine Köhler shift ST-21",
    "13:55- Mei-Lin Özdemir shift ST-21",
];
const PUNCHES: &str = "
    SELECT concat_ws(' ', to_char(p.recorded_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI'), u.display_name, p.kind)
    FROM edge.punches p JOIN users u ON u.id = p.user_id ORDER BY p.recorded_ts";
const PUNCHES_LEFT: [&str; 12] = [
    "21:50 Jurij Nowak in",
    "05:52 Ada Brandt in",
    "05:58 Jurij Nowak out",
    "09:30 Ada Brandt meal",
    "10:01 Ada Brandt back",
    "10:02 Mei-Lin Özdemir in",
    "10:02 Mei-Lin Özdemir undone",
    "12:18 Sabine Köhler in",
    "13:55 Mei-Lin Özdemir in",
    "14:03 Ada Brandt out",
    "14:03 Ada Brandt confirmed",
    "14:03 Ada Brandt confirmed",
];

/// Who and what spent time on which batch. Whoever clocks in where a batch runs is on it.
const ON_BATCHES: &str = "
    SELECT concat_ws(' ', to_char(t.start_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI-')
            || coalesce(to_char(t.end_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI'), ''),
        d.batch_number, coalesce(u.display_name, q.code))
    FROM oee_batch_time_entries t JOIN oee_batch_details d ON d.id = t.batch_id
    LEFT JOIN users u ON u.id = t.user_id
    LEFT JOIN oee_equipment q ON q.id = t.equipment_id AND t.user_id IS NULL
    ORDER BY date_trunc('minute', t.start_ts), coalesce(u.display_name, q.code) COLLATE \"C\"";
const ON_BATCHES_LEFT: [&str; 11] = [
    "06:04-09:30 B-1042 Ada Brandt",
    "06:04-11:10 B-1042 EQ-211",
    "10:01-11:10 B-1042 Ada Brandt",
    "10:02-10:02 B-1042 Mei-Lin Özdemir",
    "11:11-12:20 B-1043 Ada Brandt",
    "11:11-12:20 B-1043 EQ-211",
    "12:18-12:20 B-1043 Sabine Köhler",
    "12:20-14:03 B-1043 Ada Brandt",
    "12:20- B-1043 EQ-214",
    "12:20- B-1043 Sabine Köhler",
    "13:55- B-1043 Mei-Lin Özdemir",
];

/// Signatures, answers, the queue, the link between the two machines of one batch, reasons; and what is held back: nothing.
const OTHERS: &str = "
    SELECT concat_ws(' ', 'signed', to_char(g.signed_at AT TIME ZONE 'Europe/Berlin', 'HH24:MI'), u.display_name, g.side)
    FROM edge.signatures g JOIN users u ON u.id = g.user_id
    UNION ALL SELECT concat_ws(' ', 'answer', v.label, v.value) FROM oee_batch_custom_field_values v
    UNION ALL SELECT concat_ws(' ', 'queue', q.batch_number, q.status) FROM oee_batch_queue q
    UNION ALL SELECT concat_ws(' ', 'goes on', b.batch_number) FROM edge.batch_starts s
        JOIN oee_batch_details b ON b.event_id = s.continues_event_id
    UNION ALL SELECT concat_ws(' ', 'reason', to_char(x.explained_at AT TIME ZONE 'Europe/Berlin', 'HH24:MI'),
            u.display_name, x.reason_label)
        FROM edge.stop_explanations x JOIN oee_machine_events e ON e.id = x.event_id AND e.source = 'machine'
        JOIN users u ON u.id = x.explained_by
    UNION ALL SELECT concat_ws(' ', 'held back', code) FROM edge.quarantine
    ORDER BY 1";
const OTHERS_LEFT: [&str; 13] = [
    "answer Die no. D-7/2",
    "answer Die no. D-7/3",
    "goes on B-1043",
    "queue B-1042 started",
    "queue B-1043 started",
    "reason 05:50 Jurij Nowak Nothing to make",
    "reason 07:21 Ada Brandt Part jammed in the die",
    "reason 12:22 Sabine Köhler Nothing to make",
    "reason 13:40 Sabine Köhler Part jammed in the die",
    "reason 13:40 Sabine Köhler Part jammed in the die",
    "reason 13:40 Sabine Köhler Part jammed in the die",
    "signed 05:50 Jurij Nowak leaving",
    "signed 05:55 Ada Brandt coming",
];

impl Day {
    pub(super) async fn rows_at_headquarters(&self) {
        self.office(EVENTS, &EVENTS_LEFT).await;
        self.office(LABOR, &LABOR_LEFT).await;
        self.office(PUNCHES, &PUNCHES_LEFT).await;
        self.office(ON_BATCHES, &ON_BATCHES_LEFT).await;
        self.office(OTHERS, &OTHERS_LEFT).await;
    }
}
