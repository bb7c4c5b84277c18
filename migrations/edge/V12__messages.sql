-- Messages of brokers whose values were taken, by the number under which a broker delivers one until
-- it hears "saved". One that is delivered once more under its number changes nothing. Numbers begin
-- again at 65536, and with them the rows.
CREATE TABLE messages (
    broker TEXT NOT NULL,
    packet INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    PRIMARY KEY (broker, packet)
) STRICT, WITHOUT ROWID;
