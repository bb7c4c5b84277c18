# Deutsch.

## Verbindung zum Rekorder
connecting = Frage den Rekorder nach seinem Stand …
daemon-away = REKORDER ANTWORTET NICHT seit { $since }: alle Werte unten sind alt
daemon-away-advice = Weiterarbeiten geht: Eingaben bleiben hier und werden später gespeichert.
daemon-never = DER REKORDER ANTWORTET NICHT (gefragt seit { $since })
daemon-never-advice = Läuft kartd, und ist das sein Socket? Siehe kart --help. Es wird weiter gefragt.
daemon-fault = DER REKORDER HAT EINE STÖRUNG seit { $since }: { $text }
daemon-foreign = DER REKORDER HAT EINE ANDERE VERSION als dieser Bildschirm
daemon-foreign-advice = Diesen Bildschirm verlassen (Strg-Q) und kart neu starten.
daemon-back = Der Rekorder ist wieder da.

## Aufzeichnung und Zentrale
recording = Zeichnet auf
not-recording = KEINE AUFZEICHNUNG seit { $since }: { $reason }
log-damaged = PROTOKOLL BESCHÄDIGT { $since }, siehe { $file }
saved-here = { $count } gespeichert
hq-alone = Arbeitet allein, ohne Zentrale
hq-connecting = Zentrale: wird verbunden
hq-preparing = Zentrale bereitet ein neues Leben des Protokolls vor
hq-up = Zentrale verbunden
hq-down = Zentrale fehlt seit { $since }
hq-refused = DIE ZENTRALE LEHNT DIESES TERMINAL AB
at-headquarters = { $count } Zentrale
waiting = { $count } warten
waiting-oldest = { $count } warten, seit { $oldest }
held = { $count } dort zurückgehalten
refused-there = { $count } dort abgelehnt
time-unconfirmed = Uhrzeit nicht bestätigt
clock-fast = Uhr hier geht { $by } vor
clock-slow = Uhr hier geht { $by } nach
site-data = Stammdaten { $age } alt
site-data-never = Stammdaten nie bestätigt
no-site = Noch keine Stammdaten: niemand kann sich hier anmelden.
nobody-here = Niemand ist angemeldet. Ausweis scannen oder b drücken.
here = Hier:

## Maschinen
state-running = läuft
state-stopped = steht
state-setup = rüstet
state-planned = geplant
state-blocked = blockiert
state-starved = ohne Material
state-unknown = unbekannt
no-machines = Mit diesem Terminal ist noch keine Maschine verbunden.
machine-gone = Diese Maschine ist nicht mehr mit diesem Terminal verbunden.
no-machine = Keine Maschine ausgewählt.
good-parts = gut
good-of = gut von { $target }
scrap-parts = { $count } Ausschuss
to-go = noch { $count }
no-batch-here = Kein Auftrag. Mit s starten.
begun-at = begonnen an { $terminal } vor { $age }
begun-at-none = begonnen in der Zentrale vor { $age }
together = daran: { $people }
elsewhere = { $machine }: Auftrag { $batch }, { $begun }
conflict = ▲ { $what } Die Zentrale klärt es.
conflict-ended-again = Auftrag { $about } wurde zweimal beendet.
conflict-added-after-end = Zu Auftrag { $about } wurde nach seinem Ende noch etwas erfasst.
conflict-negative-quantity = Zu Auftrag { $about } wurde weniger als nichts erfasst.
conflict-other-product = Auftrag { $about } wurde mit zwei Produkten begonnen.
conflict-unplanned-run = Auftrag { $about } lief zweimal für einen Eintrag der Warteschlange.
conflict-anchor-gone = Eintrag { $about } steht am Ende seiner Warteschlange: sein Vorgänger ist weg.
conflict-entry-gone = Eintrag { $about } der Warteschlange war schon verbraucht oder entfernt.
conflict-illegal-transition = Fertigungsauftrag { $about } tat, was sein Zustand nicht erlaubt.
conflict-moved-from-elsewhere = Fertigungsauftrag { $about } wurde gesehen, wo er nicht steht.
conflict-number-taken = Zwei Fertigungsaufträge haben die Nummer { $about }.
conflict-labor-overlap = { $about } ist zur selben Zeit zweimal angemeldet.
conflict-other = { $about }: Das Erfasste widerspricht sich.
conflicts-more = … und { $count } weitere
what-join = Mitarbeit an Auftrag { $number }
join-offer = An einem anderen Terminal offen: { $number }. Enter: mitarbeiten.
complete-elsewhere = Auftrag { $number } wurde an { $terminal } begonnen und wird dort abgeschlossen.
why = warum? (e)
stops-wait = { $count ->
    [one] 1 Stopp: warum? (e)
   *[other] { $count } Stopps: warum? (e)
}
device-starting = Gerät wird verbunden …
device-up = Das Gerät antwortet.
device-down = keine Antwort seit { $since }: { $reason }
device-partly = einzelne Werte fehlen seit { $since }: { $reason }
next-batch = { $more ->
    [0] Als Nächstes: { $batch }
   *[other] Als Nächstes: { $batch } (+ { $more } weitere)
}
jobs-here = Aufträge hier: { $jobs }
signals = Gerät und Signale
never-read = nie gelesen
age-fresh = vor { $age }
age-old = { $age } ALT
quality-old = zuletzt bekannt
time-of-arrival = ~ Alter seit Ankunft der Nachricht: sie nennt keine eigene Zeit, die gilt

## Belege
receipts = Hier aufgezeichnet
no-receipts = Hier hat noch niemand etwas aufgezeichnet.
stage-saved = hier gespeichert
stage-sending = unterwegs
stage-at-headquarters = in der Zentrale
stage-waiting = wartet in der Zentrale
stage-refused = von der Zentrale abgelehnt
held-unresolved-ref = Es nennt etwas, das in der Zentrale noch nicht eingerichtet ist.
held-waits-for-record = Ein Eintrag davor wird in der Zentrale zurückgehalten.
held-unreadable = Die Zentrale kann es nicht lesen: bitte der Leitung sagen.
held-bad-text = Der Text kam nicht heil an: bitte der Leitung sagen.
held-refused = Die Tabellen dort nehmen es nicht an: bitte der Leitung sagen.
held-otherwise = { $detail }
kind-genesis = Protokoll begonnen
kind-map-applied = Andere Zuordnung in Kraft
kind-started = Rekorder gestartet
kind-state-changed = Maschinenzustand
kind-counted = Teile gezählt
kind-clocked-in = Angemeldet
kind-clocked-out = Abgemeldet
kind-batch-started = Auftrag gestartet
kind-batch-joined = Beim Auftrag dabei
kind-batch-left = Auftrag verlassen
kind-batch-completed = Auftrag abgeschlossen
kind-stop-explained = Stopp begründet
kind-clock-corrected = Uhr dieses Rechners berichtigt
kind-clock-stepped = Uhr dieses Rechners wurde gestellt
kind-correction-seen = In der Zentrale berichtigt

## Formulare
saving = Wird gespeichert …
saving-away = Noch nicht gespeichert: Rekorder fehlt. Es wird wiederholt.
still-saving = Es wird noch gespeichert; das Ergebnis erscheint hier.
who = Wer
who-nobody = niemand ist angemeldet
choose-person = Wer sind Sie? Ausweis scannen oder F2 drücken.
badge-first = Zuerst den Ausweis scannen: hier ist niemand angemeldet.
badge-title = Ausweis
badge-hint = Nummer des Ausweises eingeben, dann Enter.
badge = Ausweis
burst = Ausweis { $digits } …
punch-in-title = Anmelden
punch-out-title = Abmelden
punch-in = { $name } — an { $station } anmelden? Enter
punch-out = { $name } — abmelden? Gearbeitet { $worked }. Enter
punch-time = Es ist { $time }.
punch-since = Angemeldet seit { $since }.
no-station = Hier gibt es keinen Platz, an dem man sich anmelden kann.
pin = PIN
type-pin = PIN eingeben, dann Enter.
screen-hidden = In dieser Organisation nicht in Gebrauch.
start-title = Auftrag auf { $machine } starten
product = Produkt
no-product = Kein Produkt passt.
choose-product = Ein Produkt auswählen.
target = Ziel, Teile
bad-target = Das Ziel muss eine Zahl über 0 sein.
batch-number = Los-Nr. (optional)
work-order = Auftrag (opt.)
complete-title = { $number } auf { $machine } abschließen
no-batch = Auf { $machine } läuft kein Auftrag.
good = Gutteile
scrap = Ausschuss
counted = die Maschine zählte { $count }
counted-difference = die Maschine zählte { $count }: Differenz { $difference }
bad-quantity = Teile müssen ganze Zahlen sein.
scrap-reason = Warum Ausschuss?
choose-scrap-reason = Einen Grund für den Ausschuss wählen.
stops = Stopps ohne Grund
still = und steht noch
explain-title = Warum stand sie?
nothing-to-explain = Kein Stopp wartet auf einen Grund.
choose-reason = Einen Grund wählen.
reading-held = { $counter }: { $before } → { $now } um { $at }, zurückgehalten: nichts gebucht
held-title = Unmögliche Zählerstände: { $machine }
held-accept = annehmen: die Teile wurden gemacht
held-drop = verwerfen: sie wurden es nicht
held-hint = Was der Zähler von da an zählt, gilt so oder so.
nothing-held = Kein Zählerstand dieser Maschine wird zurückgehalten.
choose-held = Wähle einen Zählerstand.
choose-supervisor = Wer bist du? Ein Vorgesetzter ist nötig; drücke F2.
comment = Bemerkung (opt.)
more = … { $count } weitere: Bild ab

## Was aufgezeichnet wurde
what-clock-in = { $name } an { $station } angemeldet
what-clock-out = { $name } abgemeldet
what-start = Auftrag { $product } auf { $machine } gestartet
what-complete = Auftrag { $number } abgeschlossen: { $good } gut, { $scrap } Ausschuss
what-explain = Stopp von { $machine } begründet: { $reason }
what-accept = Zählerstand { $counter } von { $machine } angenommen
what-drop = Zählerstand { $counter } von { $machine } verworfen
mark-saved = GESPEICHERT
mark-saving = SPEICHERT
pending = { $what } …
pending-away = Rekorder fehlt, wird wiederholt: { $what }
refused-later = Nicht aufgezeichnet: { $what }. { $why }
quit-unsaved = { $count ->
    [one] Ein Eintrag ist noch nicht gespeichert. Nochmals drücken, um trotzdem zu gehen.
   *[other] { $count } Einträge sind noch nicht gespeichert. Nochmals drücken, um trotzdem zu gehen.
}
small-window = Dieses Fenster hat { $columns }×{ $rows }; 80×24 zeigt alles.

## Ablehnungen
refusal-unknown-badge = Niemand hier hat den Ausweis { $badge }.
refusal-inactive = { $name } darf hier nicht mehr arbeiten. Bitte die Schichtleitung fragen.
refusal-already-clocked-in = { $name } ist schon angemeldet.
refusal-not-clocked-in = { $name } ist nicht angemeldet.
refusal-machine-only = Platz { $station } nimmt nur Maschinenzeit an.
refusal-batch-running = Auf { $machine } läuft { $number }. Zuerst abschließen.
refusal-open-elsewhere = Auftrag { $number } ist an { $machine } offen, begonnen an { $terminal }. Enter: mitarbeiten. Andere Nummer: anderer Auftrag.
refusal-already-on-batch = { $name } arbeitet schon an diesem Auftrag.
refusal-no-such-batch = Dieser Auftrag läuft hier nicht mehr.
refusal-no-such-stop = Dieser Stopp wartet nicht mehr auf einen Grund.
refusal-unknown = { $what ->
    [station] Dieser Platz ist hier nicht mehr bekannt.
    [machine] Diese Maschine ist hier nicht mehr bekannt.
    [product] Dieses Produkt ist hier nicht mehr bekannt.
    [reason] Dieser Grund ist hier nicht mehr bekannt.
    [person] Diese Person ist hier nicht mehr bekannt.
   *[other] { $what } ist hier nicht bekannt.
}
refusal-bad-value = { $field }: { $problem }
refusal-not-recording = NICHT AUFGEZEICHNET: { $reason }
refusal-no-site = Dieses Terminal hat noch keine Stammdaten.
refusal-pin-needed = { $name } hat eine PIN: bitte eingeben, dann Enter.
refusal-pin-wrong = Das ist nicht die PIN von { $name }. { $left ->
    [0] Fünf Minuten warten.
    [one] Noch ein Versuch.
   *[other] Noch { $left } Versuche.
}
refusal-pin-locked = { $name } muss nach zu vielen falschen PINs fünf Minuten warten.
refusal-pin-expired = Die Zentrale hat PINs zu lange nicht bestätigt. Wer Schichtleitung hat, schaltet sie mit Ausweis und PIN frei.
refusal-broken = Nicht aufgezeichnet: der Rekorder konnte es nicht lesen ({ $text }).

## Tasten
key-help = Hilfe
key-quit = Ende
key-back = zurück
key-badge = Ausweis
key-start = Start
key-complete = Abschluss
key-explain = Grund
key-receipts = Belege
key-open-machine = alles über die gewählte Maschine
key-pick-machine = Maschine wählen
key-machine-up = Maschine darüber
key-machine-down = Maschine darunter
key-machine-left = Maschine davor
key-machine-right = Maschine danach
key-up = hinauf
key-down = hinunter
key-page-up = Seite hinauf
key-page-down = Seite hinunter
key-next = nächstes Feld
key-previous = Feld davor
key-person = andere Person
key-find-badge = weiter
key-confirm-punch = ja
key-station-up = Platz darüber
key-station-down = Platz darunter
key-confirm-start = weiter, Start
key-confirm-complete = weiter, Abschluss
key-pick-stop = Stopp
key-open-stop = begründen
key-pick-reason = Grund
key-confirm-explain = speichern
key-held = zurückgehaltene Zählerstände
key-pick-held = Zählerstand
key-comment = Bemerkung
help-title = Tasten
help-badge = Ein Ausweis kann jederzeit gescannt werden.

## Stand
status-unreachable = KEINE AUFZEICHNUNG, oder nicht erreichbar: { $error }

## Inbetriebnahme
commissioning = Inbetriebnahme
commissioning-lost = Keine Antwort: { $reason }
tab-registers = Register
tab-plan = Abfrageplan
no-devices = Die Zuordnung liest kein Modbus-Gerät.
table-coil = Coils
table-discrete = Eingänge
table-holding = Halteregister
table-input = Eingangsregister
registers-what = { $device } (Unit { $unit } an { $line }): { $table } { $from } bis { $to }
registers-read = gelesen { $at } · ▲ geändert seit { $since } · ● ändert sich passend · ✗ kaum
registers-reading = Wird gelesen …
registers-refused = Nicht gelesen: { $reason }
registers-go = Erstes Register: { $number }
registers-mapped = zugeordnet: { $signal }
plan-in-force = In Kraft: Zuordnung { $map }
plan-file = Datei mit anderer Zuordnung: { $path }
plan-reading = { $path } wird gelesen …
plan-preview = { $path }: aus Zuordnung { $from } würde { $to }
plan-refused = { $path } würde abgelehnt:
plan-line = { $line }: { $share } % der Zeit belegt
plan-line-tight = { $line }: { $share } % der Zeit belegt; knapp, ein langsames Gerät wird seltener gelesen
plan-line-refused = { $line }: { $share } % der Zeit belegt; ABGELEHNT, die Zeit reicht nicht
plan-group = { $device } (Unit { $unit }) alle { $every } ms: { $requests ->
    [one] { $requests } Anfrage
   *[other] { $requests } Anfragen
 }, { $bytes } Bytes, etwa { $takes } ms
plan-phase = { $phase } ms nach Beginn jedes Intervalls
plan-waits = wartet höchstens { $waits } ms auf andere Anfragen
plan-late = VERSPÄTET: wartet bis { $waits } ms auf andere; kleineres max_registers hilft
plan-hole = { $device }: nie { $what }
plan-request = { $what }: { $signals ->
    [one] { $signals } Signal
   *[other] { $signals } Signale
 }, { $bytes } Bytes, { $along } mitgelesen
change-warnings = ansehen
change-machines-added = neue Maschinen
change-machines-removed = nicht mehr beobachtet
change-rules = andere Regeln
change-signals-added = neue Signale
change-signals-moved = anderswo gelesen
change-signals-removed = Signale entfallen
change-counters = Zähler, die neu beginnen
change-started = beginnen neu
change-kept = laufen weiter
change-stopped = enden
key-commission = Inbetriebnahme: Register, Topics, Regeln
key-next-screen = weiter
key-previous-screen = die vorige
key-pick-screen = diese Ansicht
key-mark = merken
key-go = gehe zu
key-device = anderes
key-table = Tabelle
key-take = Eingabe übernehmen

## Kennzahlen
figures = Kennzahlen
figures-today = heute
figures-reading = Wird gelesen …
column-availability = Verfügbar
column-performance = Leistung
column-quality = Qualität
column-oee = OEE
column-coverage = Bekannt
column-unexplained = Unerklärt
figure-coverage = Bekannt
figure-unexplained = unerklärt
figure-availability = Verfügbarkeit
figure-performance = Leistung
figure-rate-efficiency = Tempo
figure-operational-efficiency = Auslastung
figure-quality = Qualität
figure-oee = OEE
figure-teep = TEEP
figure-downtime = Stillstand
figure-mtbf = MTBF
figure-mttr = MTTR
figure-scrap-rate = Ausschuss
figure-labor-efficiency = Arbeit
figure-breakdown-loss = Störungen
figure-setup-loss = Rüsten
figure-small-stop-loss = Kurzstopps
figure-micro-stops = Anzahl Kurzstopps
figure-speed-loss = Tempoverlust
figure-defect-loss = Fehlteile
figure-startup-loss = Anlauf
figure-missing = k. A.
figure-behind = { $figure } von { $machine }: { $value }, { $known } der Zeit bekannt
figure-nothing-behind = Nichts.
figure-hole = nichts aufgezeichnet
figure-rate = { $seconds } s je Teil
missing-not-planned = in dieser Zeit ist nichts geplant
missing-not-seen = von dieser Zeit ist nichts bekannt
missing-no-time = sie lief nicht und stand nicht ungeplant
missing-no-run = sie lief nicht
missing-no-rate = niemand sagt, wie lange ein Teil dauern soll
missing-no-parts = weder ein Zähler noch ein fertiger Auftrag sagt, was gemacht wurde
missing-no-batch = in dieser Zeit wurde kein Auftrag fertig
missing-nothing-made = die fertigen Aufträge ergaben nichts
missing-no-positions = sie hat keine Plätze nebeneinander
missing-no-failure = sie hatte keine Störung
missing-not-repaired = die Störung dauert an
missing-no-standard = keine Vorgabezeit, oder niemand war angemeldet
missing-no-counter = Ausschuss wird nicht gezählt
missing-no-factor = einer ihrer Faktoren fehlt
key-figures = Kennzahlen dieser Schicht
key-open-figure = was dahinter steht
key-reasons = Gründe wie erfasst oder wie jetzt
figures-recorded = wie erfasst
figures-now = wie jetzt
key-figure-left = Kennzahl davor
key-figure-right = nächste Kennzahl
tab-topics = Topics
tab-signals = Signale
tab-rules = Regeln
no-brokers = Die Zuordnung hört auf keinen Broker.
topics-of-the-map = worauf die Zuordnung hört
topics-what = { $broker }, Filter: { $filter }   { $prefix }
topics-heard = { $topics } Topics, { $messages } Nachrichten, seit Sie zusehen{ $beyond ->
    [0] {""}
   *[other] , { $beyond } auf Topics, für die kein Platz war
 }
topics-listening = Es wird zugehört …
topics-lost = Nichts gehört: { $reason }
topic-live = { $topic }: { $count } Nachrichten, { $rate } je Minute, { $bytes } Bytes
topic-retained = { $topic }: AUFBEWAHRT, Alter unbekannt; { $count } Nachrichten, { $bytes } Bytes
topic-captured = würde erfasst: { $signals }
topic-not-captured = Die Zuordnung erfasst von diesem Topic nichts.
signals-of = Signale von { $machine }
rules-recorded = { $machine }: { $state } seit { $since } (Zuordnung { $map })
rules-nothing = Über { $machine } ist noch nichts aufgezeichnet.
rules-asks = Die Regeln verlangen: { $state }, nach Regel { $rule }
rules-blind = Niemand weiß es: ein Signal, das eine Regel braucht, ist nicht zu sehen.
rules-no-heartbeat = Niemand weiß es: das Lebenszeichen steht still.
rules-settling = Eine andere Zuordnung ist eben in Kraft getreten; ihre Signale werden gelesen.
rules-pending = { $state } in { $left }, wenn es so bleibt
rule-otherwise = sonst → { $state }
rule-decides = ← entscheidet
rule-hides = ← ist unbekannt, daher entscheidet keine danach
condition-value = ist { $value }, gelesen vor { $age }
condition-not-seen = nicht zu sehen
condition-since = so seit { $age }
condition-turns = kippt in { $left }
condition-rose = gestiegen binnen { $within }
