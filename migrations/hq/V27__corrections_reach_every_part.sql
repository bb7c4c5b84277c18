-- A correction goes down to every terminal that turns out to hold a part of its record: also to those that
-- begin the batch later, and to those that lost it with headquarters when another one gives it back.

GRANT UPDATE (others, updated_at) ON edge.corrections TO kart_gateway;

-- Figures ask when each counter was read first.
CREATE INDEX ON edge.production_counts (equipment_id, counter, until_ts);
