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
time-adrift = Zeit ±{ $by } s seit { $since }
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
refusal-open-elsewhere = Auftrag { $number } läuft auf { $machine }, begonnen an { $terminal } vor { $age }. Enter: mitarbeiten. Andere Nummer: anderer Auftrag.
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
refusal-other-reading = Von { $counter } ist inzwischen ein anderer Stand zurückgehalten. Schließen und neu ansehen.
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

## Aufträge: von der Warteschlange bis zum Ende
kind-batch-paused = Auftrag ruht
kind-batch-resumed = Auftrag geht weiter
kind-batch-produced = Teile gemeldet
kind-batch-aborted = Auftrag abgebrochen
kind-batch-field-set = Antwort auf eine Frage
kind-batch-equipment-added = Maschine zum Auftrag hinzugefügt
kind-batch-equipment-removed = Maschine vom Auftrag genommen
kind-queue-asked = Reihenfolge gewünscht
refusal-not-on-batch = { $name } ist nicht an diesem Auftrag.
refusal-already-paused = Auftrag { $number } ruht schon. Zuerst fortsetzen.
refusal-not-paused = Auftrag { $number } ruht nicht.
refusal-not-queued = Dieser Eintrag steht nicht mehr in der Warteschlange.
refusal-start-in-future = Begonnen um: Diese Zeit kommt erst noch.
refusal-start-before-end = Begonnen um: Der Auftrag davor auf { $machine } endete später.
refusal-start-too-early = Vor dieser Schicht: Ausweis der Vorarbeit oder Schichtleitung (leer, wenn Sie es sind) und warum.
refusal-not-compatible = { $machine } vertritt { $instead } nicht: Ausweis der Vorarbeit oder Schichtleitung und warum.
refusal-may-not-agree = { $name } gehört weder zur Vorarbeit noch zur Schichtleitung.
refusal-why-needed = Bitte sagen, warum.
refusal-field-missing = { $label } muss beantwortet werden.
refusal-field-wrong = { $label }: bitte { $takes }.
refusal-scrap-uneven = { $split } Teile haben einen Grund, { $scrap } sind Ausschuss.
field-takes-text = freier Text
field-takes-number = eine Zahl
field-takes-boolean = ja oder nein
field-takes-date = ein Tag: 2026-11-22
field-takes-select = etwas aus der Liste
answer-yes = ja
answer-no = nein
answer-none = –
start-next = Als Nächstes. Für ein anderes Produkt einfach tippen.
start-time = Begonnen um (früher)
bad-start-time = Begonnen um: eine Zeit der letzten 16 Stunden, zum Beispiel 06:15.
enqueue-title = In die Warteschlange von { $machine } stellen
second-badge = Zweiter Ausweis
second-why = Warum
rework = Zur Nacharbeit
scrap-left = { $count } ohne Grund
scrap-without-reason = { $count ->
    [one] 1 Ausschussteil hat noch keinen Grund.
   *[other] { $count } Ausschussteile haben noch keinen Grund.
}
scrap-too-many-reasons = Für { $count } Teile zu viel ist ein Grund genannt: ← nimmt eines weg.
orders-title = Als Nächstes auf { $machine }
orders-machine = Warteschlange der Maschine
orders-station = Warteschlange der Station
no-orders = Nichts in der Warteschlange. n stellt etwas hinein.
order-asked = gewünscht
order-continues = geht hier weiter
batch-title = Auftrag { $number } auf { $machine }
batch-stands = { $good } gut, { $scrap } Ausschuss von { $target }
batch-rests = ruht seit { $since }
batch-provisional = Nummer dieses Terminals
batch-others = { $count ->
    [one] ← → 1 weiterer Auftrag
   *[other] ← → { $count } weitere Aufträge
}
batch-resting = Ruht: { $number } (x)
batch-people = Wer arbeitet daran? ● ist dabei; Enter ändert das.
batch-machines = Welche Maschinen arbeiten daran? ● ist dabei; Enter ändert das.
batch-onward = Auf welcher Maschine geht es weiter? Zuerst die, die sie vertreten.
abort-reason = Warum wird er abgebrochen?
deed-complete = abschließen
deed-pause = ruhen lassen
deed-resume = fortsetzen
deed-tell = Teile melden
deed-people = Leute daran
deed-machines = weitere Maschinen
deed-continue = auf anderer Maschine weiter
deed-abort = abbrechen
what-pause = Auftrag { $number } ruht
what-resume = Auftrag { $number } geht weiter
what-tell = Auftrag { $number }: { $good } gut, { $scrap } Ausschuss, { $rework } zur Nacharbeit gemeldet
what-abort = Auftrag { $number } abgebrochen: { $reason }
what-leave = { $name } hat Auftrag { $number } verlassen
what-come = { $name } ist an Auftrag { $number }
what-machine-on = { $machine } arbeitet an Auftrag { $number }
what-machine-off = { $machine } arbeitet nicht mehr an Auftrag { $number }
what-continue = Auftrag { $number } geht auf { $machine } weiter
what-enqueue = { $product } soll in die Warteschlange
what-order-moved = { $number } soll an eine andere Stelle
what-order-removed = { $number } soll aus der Warteschlange
key-batch = Auftrag
key-orders = Nächste
key-pick-next = Eintrag der Warteschlange oder Antwort
key-choice-left = Antwort davor
key-choice-right = Antwort danach
key-fewer = ein Teil weniger für diesen Grund
key-further = ein Teil mehr für diesen Grund
key-start-order = starten
key-order-earlier = früher
key-order-later = später
key-order-new = neu
key-order-remove = entfernen
key-pick-order = Eintrag
key-confirm-batch = weiter, speichern
key-pick-deed = wählen
key-batch-before = Auftrag davor
key-batch-after = Auftrag danach

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

## Tafel, Minutenprüfung, große Ziffern, Sprache
board = Tafel
board-hours = Stunde für Stunde
board-costs = Was Stopps kosten
board-batches = Aufträge
board-back = { $count ->
    [one] die Schicht davor
   *[other] { $count } Schichten davor
}
board-stops = { $count ->
    [one] 1 Stopp
   *[other] { $count } Stopps
}
board-touch-dwell = Leute { $touch }, hier { $dwell }
board-batches-head = gut / Soll, Tempo, Zeit der Leute (× Vorgabe), Zeit hier
board-reading = { $counter }: { $from } → { $to }, { $parts } Teile in { $readings ->
    [one] 1 Ablesung
   *[other] { $readings } Ablesungen
 }
board-hour-behind = { $hour }: { $planned } geplant; Soll ist der Vorgabetakt × { $aim } % Ziel
board-batch-behind = { $batch }: { $made } in dieser Schicht, Soll { $due } beim Vorgabetakt × { $aim } %
hour-target = Soll
hour-good = Gut
hour-difference = +/-
hour-scrap = Aussch.
hour-runs = Lief
hour-stops = Stand
hour-no-reason = Warum?
line-runs = lief
line-unexplained = ohne Grund
line-stopped = stand
line-planned = geplant
line-setup = Rüsten
line-idle = ohne Arbeit
line-unknown = nicht gesehen
pace-well = Tempo { $share } %
pace-near = Tempo { $share } %
pace-behind = ZURÜCK { $share } %
pace-unknown = Tempo –
ledger = Minuten, die nicht alle stimmen können
ledger-scope = Soweit dieses Terminal es weiß. Wer hier steht, ist damit nicht schuld.
ledger-empty = Nichts in dieser Schicht widerspricht sich.
ledger-ran-alone = { $machine } lief, niemand war angemeldet
ledger-batch-ran-alone = { $machine } lief mit { $batches }, niemand war angemeldet
ledger-booked-while-down = { $machine } stand, gebucht auf { $batches }: { $people }
ledger-several-batches = { $machine } hat einen Platz und hatte { $batches }
ledger-two-stations = { $people } an zwei Stationen: { $stations }
language-name = Deutsch
language-is = { $language }.
language-of = { $language } für { $name }.
language-not-kept = Diese Sprache gilt, bis der Bildschirm geschlossen wird: { $reason }
key-board = Tafel
key-ledger = Minuten, die nicht stimmen können
key-large = große Ziffern
key-small = zurück zu allen Maschinen
key-language = Sprache
key-next-section = nächster Teil
key-previous-section = Teil davor
key-open-line = dahinter
key-shift-before = Schicht davor
key-shift-after = Schicht danach
key-go-there = dorthin
key-pick-line = Zeile

## Stopps
stops-title = Stopps
key-sweep = aufräumen
key-join = zu einem
key-split = teilen
key-withdraw = zurücknehmen
key-twin = geplant/ungeplant
key-pick-group = Gruppe
key-take-suggestion = ja, alle
key-open-group = anderer Grund
stop-waits = { $machine } steht. Warum? (e)
blind = ? { $machine } { $from } nicht gesehen, { $lasted }
blind-title = Niemand konnte sie sehen. Es war:
blind-ran = In Betrieb
blind-nobody = Niemand weiß es
several-alike = { $count } Stopps von { $machine }, jeder für sich begründet
several-shared = { $count } Stopps mehrerer Maschinen werden ein Ereignis
share-title = Ein Grund für mehrere Maschinen
split-title = Stopp in zwei teilen
split-at = Zweiter Teil ab
split-hint = Eine Uhrzeit zwischen { $from } und { $until }, etwa 07:22 oder 07:22:30
sweep-title = Stopps ohne Grund, gleiche beieinander
sweep-hint = y nimmt den Vorschlag für die ganze Gruppe; Enter zeigt alle Gründe
nothing-to-sweep = Kein beendeter Stopp wartet auf einen Grund.
nothing-suggested = kein Vorschlag
mark-stops = Die Stopps, die einer waren, mit m markieren, dann j drücken.
no-reason-found = Kein Grund hat das im Namen.
looked-for = Name mit „{ $text }“
type-to-find = Buchstaben suchen einen Grund nach Namen
suggestions-taken = Von { $given } Gründen war { $first }-mal der erste Vorschlag richtig, { $page }-mal einer der ersten neun.
told-part = Teil eines geteilten Stopps
told-merged = mehrere zu einem gemacht
told-shared = { $count } Maschinen
told-blind = von einem Menschen gesagt
because-map = laut Fehlercode
because-fault = bei diesem Fehler
because-before = nach so einem Zustand
because-product = bei diesem Produkt
because-hour = um diese Zeit
because-favourite = hier oft
because-listed = aus der Liste
group-planned = geplant
group-unplanned = ungeplant
group-idle = Leerlauf
what-ran = { $machine } lief, als niemand sie sah
what-nobody-knows = { $machine }: niemand weiß, was war
what-split-stop = Stopp um { $at } geteilt
what-merge = Stopps von { $machine } zu einem gemacht
what-take-back = Zurückgenommen, { $machine } wie vorher
what-withdraw = Grund zurückgenommen: { $reason } ({ $machine })
what-sweep = { $count } Stopps begründet: { $reason }
kind-explanation-withdrawn = Grund zurückgenommen
kind-told-part = Stopp geteilt
kind-told-merged = Stopps zu einem gemacht
kind-told-shared = Stopp mehrerer Maschinen
kind-told-blind = Ungesehene Zeit benannt
kind-event-taken-back = Zurückgenommen
refusal-stop-lasts = Dieser Stopp dauert noch. Er kann geändert werden, wenn er vorbei ist.
refusal-higher-rank = Jemand mit höherer Rolle hat den Grund { $reason } genannt.
refusal-supervisor-needed = Die Schicht ist vorbei: Das ändert die Schichtleitung und sagt im Kommentar, warum.
refusal-not-neighbours = Nur beendete Stopps, die beieinander liegen, werden einer.
refusal-nothing-to-undo = Hier gibt es nichts zurückzunehmen.

## People
who-forgotten = Eine Weile kam keine Taste: Bitte sagen, wer da ist. Das Getippte ist noch hier.
punch-menu-title = Wofür ist der Ausweis?
punch-back = { $name } — zurück von { $what }? { $away } weg. Enter
punch-break = { $name } — Pause machen? Enter
punch-meal = { $name } — essen gehen? Enter
punch-activity = { $name } — etwas anderes tun (Reinigen, Schulung)? Enter
punch-move = { $name } — an { $station } weiterarbeiten? Enter
punch-shares = { $name } — Zeit auf die Aufträge aufteilen? Enter
shares-title = Zeit von { $name }, Prozent
shares-sum = Zusammen { $sum } von 100; gilt ab jetzt.
punch-record = { $name } — eigene Zeiten lesen? Enter
punch-pin = { $name } — andere PIN wählen? Enter
punch-early = { $by } vor der Schicht { $shift }: auf die Sekunde festgehalten.
punch-late = { $by } in der Schicht { $shift }.
inside-break = Pause
inside-meal = Essen
inside-activity = Etwas anderes
act-out = Abmelden
act-back = Ich bin zurück
act-move = An { $station } weiterarbeiten
act-shares = Meine Zeit aufteilen
act-record = Meine Zeiten
act-pin = Meine PIN
undo-title = Falschen Ausweis zurücknehmen
undo-hint = Zwei Minuten lang, jeder. Beides bleibt stehen. Dann den richtigen scannen.
undo-in = { $name } angemeldet um { $time }, vor { $age }
undo-out = { $name } abgemeldet um { $time }, vor { $age }
undo-began = { $name }: { $what } seit { $time }, vor { $age }
undo-back = { $name }: zurück von { $what } um { $time }, vor { $age }
undo-too-late = { $name }: zu spät zum Zurücknehmen
nothing-to-undo = Nichts zurückzunehmen: nur die letzten zwei Minuten. Später berichtigt die Schichtleitung.
told-title = Die Abmeldung fehlt
told-since = { $name }: angemeldet seit { $since }. Wann war Schluss?
told-last-key = Vorschlag: { $time }, das Letzte, was mit dem Ausweis erfasst wurde.
told-taken-over = Vorschlag: { $time }, der letzte Eintrag; danach machte jemand anders weiter.
told-shift-end = Vorschlag: { $time }, das Schichtende. Sonst gibt es keinen Hinweis.
told-nothing = Nichts sagt, wann Schluss war.
told-time = Gegangen (hh:mm:ss)
told-reason = Warum andere Zeit
told-hint = Enter: so war es. Esc: später; solange sind die Stunden vorläufig.
missing-out = Abmeldung fehlt
time-form = Zeit als 14:01 oder 14:01:40 eingeben.
time-never = { $time } gab es in dieser Nacht nicht: Die Uhren wurden vorgestellt.
time-twice = { $time } gab es in dieser Nacht zweimal. { $time } 1 für das erste, { $time } 2 für das zweite Mal.
pin-title = PIN von { $name }
pin-old = Bisherige PIN
pin-new = Neue PIN
pin-again = Neue PIN nochmals
pin-hint = 4 bis 12 Ziffern. Gilt hier, bis die Zentrale eine andere gibt.
pins-differ = Die beiden sind verschieden. Neue PIN zweimal eingeben.
record-whose = Meine Zeiten: wessen Ausweis?
record-title = Zeiten von { $name }
record-reading = Wird gelesen …
record-lost = Nicht gelesen: { $reason }
record-empty = In diesem Monat ist hier nichts erfasst.
record-sum = { $month }: { $worked } da, { $open ->
    [0] alles bestätigt
    [one] 1 Eintrag nicht bestätigt (c)
   *[other] { $open } Einträge nicht bestätigt (c)
}
record-shift = Schicht
record-void = zurückgenommen, zählt nicht
record-provisional = Abmeldung fehlt: vorläufig
record-confirmed = bestätigt
record-told = Ende nachgetragen
record-open = {""}
nothing-to-confirm = Es gibt nichts zu bestätigen.
punch-kind-in = { $recorded } angemeldet ({ $by })
punch-kind-out = { $recorded } abgemeldet ({ $by })
punch-kind-began = { $recorded } begonnen ({ $by })
punch-kind-back = { $recorded } zurück ({ $by })
punch-kind-undone = { $recorded } als falscher Ausweis zurückgenommen ({ $by })
punch-kind-missing = { $recorded } Abmeldung fehlt, Vorschlag { $until }
punch-kind-told = { $recorded } Ende nachgetragen: { $until } ({ $by })
punch-kind-confirmed = { $recorded } bestätigt { $from } – { $until } ({ $by })
punch-kind-asked = { $recorded } gewünscht: { $from } – { $until } ({ $by })
punch-kind-corrected = { $recorded } in der Zentrale berichtigt: { $from } – { $until } ({ $by })
punch-kind-other = { $recorded } ({ $by })
what-break = { $name }: Pause
what-meal = { $name }: Essen
what-activity = { $name }: etwas anderes
what-back = { $name } ist zurück
what-move = { $name } arbeitet an { $station } weiter
what-undo = Zurückgenommen: Ausweis von { $name }. Jetzt den richtigen scannen
what-told-out = { $name } ging um { $time }
what-split = Zeit von { $name } aufgeteilt
what-pin = PIN von { $name } an diesem Terminal gesetzt
what-confirm = { $name } hat { $count } Einträge bestätigt
kind-labor-began = Pause oder Essen
kind-labor-ended = Zurück
kind-punch-undone = Ausweis zurückgenommen
kind-out-missed = Abmeldung fehlt
kind-out-told = Abmeldung nachgetragen
kind-labor-confirmed = Zeiten bestätigt
kind-labor-asked = Berichtigung gewünscht
kind-labor-split = Zeit aufgeteilt
kind-pin-set = PIN gewählt
refusal-already-away = { $name } ist schon weg.
refusal-not-away = { $name } ist nicht weg.
refusal-cannot-undo = Zu spät: Dieser Ausweis lässt sich hier nicht mehr zurücknehmen. Die Schichtleitung berichtigt es.
refusal-no-such-entry = Dieser Eintrag ist hier nicht mehr offen.
refusal-out-outside = Gegangen: muss zwischen { $from } und { $until } liegen.
refusal-out-impossible = Gegangen: muss nach dem Anmelden und vor jetzt liegen.
refusal-reason-needed = Warum andere Zeit: Es braucht ein Wort, wenn es nicht der Vorschlag ist.
refusal-bad-shares = Anteile: je 1 bis 100 Prozent, zusammen 100, nur eigene Aufträge.
refusal-bad-pin = PIN: 4 bis 12 Ziffern.
key-undo = Ausweis zurück
key-record = meine Zeiten
key-pick-act = wählen
key-act-up = auf
key-act-down = ab
key-confirm-undo = zurücknehmen
key-pick-punch = Ausweis
key-confirm-told = so war es
key-told-later = später
key-confirm-shares = weiter, speichern
key-confirm-pin = weiter, speichern
key-agree = bestätigen
key-month-before = Monat davor
key-month-after = Monat danach

## Was Menschen einander sagen: Notizen, Übergaben, Vorfälle, Rufe
key-notes = Buch
key-note = Notiz
key-hand = Übergabe
key-search = suchen
key-search-end = Suche beenden
key-save = speichern
key-pick-word = wählen
key-sign = unterschreiben
key-incident = Vorfall
key-pick-incident = wählen
key-open-incident = öffnen
key-new-incident = neu
key-severity = wie schlimm
key-follow = nächster Schritt
key-resolve = erledigt
key-help-call = Hilfe rufen
key-call = rufen / kommen
key-end-call = Ruf beenden
log-title = Schichtbuch
log-search = Suchen nach
log-empty = Hier hat noch niemand etwas geschrieben. n schreibt eine Notiz.
log-not-found = Keine Notiz hat alle diese Wörter.
log-taken = übernommen von { $name }
note-title = Notiz ins Schichtbuch
note-text = Notiz
note-kind = Was für eine (Tab, dann Ziffer)
note-about = Worüber (Tab, dann Ziffer)
note-here = diese Station
note-general = allgemein
note-quality = Qualität
note-maintenance = Instandhaltung
note-material = Material
note-safety = Sicherheit
note-handover = Übergabe
give-title = Übergabe an die nächste Schicht
give-text = In Worten dazu
take-title = Übergabe der Schicht davor
take-from = Von
card-stops = { $count ->
    [0] Alle Stillstände begründet
    [one] 1 Stillstand ohne Grund
   *[other] { $count } Stillstände ohne Grund
}
card-incidents = { $count ->
    [0] Kein offener Vorfall
    [one] 1 offener Vorfall
   *[other] { $count } offene Vorfälle
}
card-calls = { $count ->
    [0] Niemand ist gerufen
    [one] 1 offener Ruf um Hilfe
   *[other] { $count } offene Rufe um Hilfe
}
card-waiting = { $count ->
    [0] Alles ist in der Zentrale
   *[other] { $count } Einträge warten auf die Zentrale
}
card-batch = { $number }: { $good } gut bisher
card-batch-of = { $number }: { $good } von { $target }
incident = Vorfall
incident-open = VORFALL { $what } (i)
incident-title = Vorfall melden
incidents-title = Offene Vorfälle
incident-machines = Maschinen (Tab)
incident-mark = Maschinen: Ziffer markiert oder nimmt weg. Ohne Marke gilt er der Station.
incident-of-station = Diese Station, keine Maschine
incident-reason = Was ist es (Ziffer)
incident-no-reasons = Keine Gründe eingerichtet: aufschreiben, was war (Tab).
severity = Wie schlimm (F3)
severity-minor = gering: kann warten
severity-major = ernst: nachsehen
severity-critical = KRITISCH: kann nicht warten
choose-incident = Wählen Sie, was es ist, oder schreiben Sie es.
write-something = Schreiben Sie zuerst etwas.
follow-title = Vorfall
follow-nobody = Noch sucht niemand die Ursache: Enter, sobald jemand sucht.
follow-somebody = Jemand sucht die Ursache. Enter, wenn es erledigt ist.
follow-by = { $name } sucht die Ursache. Enter, wenn es erledigt ist.
follow-notes = Was es war
call-title = Hilfe
call-new = { $help } zu { $place } rufen
call-open = HILFE { $what } (a)
call-waits = NOCH KOMMT NIEMAND
call-comes = { $name } kommt
help-maintenance = Instandhaltung
help-material = Material
help-quality = Qualität
help-supervisor = Schichtleitung
what-note = Notiz
what-give = Übergabe unterschrieben
what-take = Übergabe übernommen
what-incident = Vorfall { $reason }
what-troubleshoot = Jemand sucht die Ursache
what-resolve = Vorfall erledigt
what-call = Hilfe zu { $place } gerufen
what-coming = Unterwegs
what-end-call = Ruf beendet
kind-note-written = Notiz
kind-handover-given = Übergeben
kind-handover-taken = Übernommen
kind-incident-opened = Vorfall
kind-troubleshooting-started = Ursache wird gesucht
kind-incident-resolved = Vorfall erledigt
kind-help-called = Hilfe gerufen
kind-call-acknowledged = Hilfe kommt
kind-call-ended = Ruf beendet
refusal-no-such-incident = Dieser Vorfall ist nicht mehr offen.
refusal-already-troubleshooting = Die Ursache sucht schon jemand.
refusal-no-such-call = Dieser Ruf ist beendet.
refusal-already-called = Diese Hilfe ist schon gerufen.
refusal-already-acknowledged = Es kommt schon jemand.
refusal-no-such-handover = Diese Übergabe wartet auf keine Unterschrift mehr.
refusal-own-handover = { $name } hat diese Übergabe gegeben. Jemand aus der nächsten Schicht unterschreibt.
asking = Wird gefragt …
