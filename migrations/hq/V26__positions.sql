-- Machines with places that work side by side, for example slots of a chamber.

ALTER TABLE edge.equipment ADD COLUMN positions integer CHECK (positions > 0);
COMMENT ON COLUMN edge.equipment.positions IS
    'places that work side by side, the ideal cycle being that of one; null for one';
