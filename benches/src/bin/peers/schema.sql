-- Room in each page for the new version of a row that an order changes.
create table stock (sku int4 not null, node int2 not null, free int4 not null check (free >= 0))
    with (fillfactor = 50);

-- The id is the idempotency key. A line without a node waits for stock.
create table orders (
    id text primary key,
    destination int2 not null,
    skus int4[] not null,
    nodes int2[] not null,
    quantities int4[] not null
);

-- Places one order, and returns the units that are allocated. An order that is known
-- already breaks the primary key, which undoes the whole transaction.
create function place(an_id text, a_destination int2, the_skus int4[], the_quantities int4[])
returns int4 language plpgsql as $$
declare
    the_nodes int2[] := '{}';
    units int4 := 0;
    a_node int2;
    place_of tid;
begin
    for line in 1 .. cardinality(the_skus) loop
        loop
            select ctid, node into place_of, a_node from stock
            where sku = the_skus[line] and free >= the_quantities[line]
            order by ('@RANKS@'::int2[])[a_destination * 60 + node + 1] limit 1;
            exit when not found;
            -- Another order may have moved the row since: look again.
            update stock set free = free - the_quantities[line]
            where ctid = place_of and free >= the_quantities[line];
            if found then
                units := units + the_quantities[line];
                exit;
            end if;
        end loop;
        the_nodes := the_nodes || a_node;
    end loop;
    insert into orders values (an_id, a_destination, the_skus, the_nodes, the_quantities);
    return units;
end $$;
