-- Who may do what. The server appends to the journal and can neither change nor delete what stands
-- in it; only the retention role deletes, and only what retention is about. Neither may alter the
-- schema. Roles belong to the cluster, so they may exist already.

do $$
begin
    create role wardline_server nologin;
exception when duplicate_object then null;
end $$;
do $$
begin
    create role wardline_retention nologin;
exception when duplicate_object then null;
end $$;

-- So that the user who owns the schema can step down to them. A superuser can already.
do $$
begin
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant wardline_server, wardline_retention to %I', current_user);
    end if;
end $$;

grant usage on schema wardline to wardline_server, wardline_retention;
grant select on all tables in schema wardline to wardline_server;

grant insert on
    wardline.entries, wardline.entry_details, wardline.statements, wardline.epoch_boxes,
    wardline.admit_boxes, wardline.units, wardline.payloads, wardline.message_ids,
    wardline.counters, wardline.tiles, wardline.cursors, wardline.devices,
    wardline.signed_prekeys, wardline.one_time_prekeys
to wardline_server;

-- What is a state and not a record.
grant update (id) on wardline.clinics to wardline_server;
grant update (seq, time, body, sig, fence) on wardline.heads to wardline_server;
grant update (counter) on wardline.counters to wardline_server;
grant update (delivered, read) on wardline.cursors to wardline_server;
grant update (generation, last_seen) on wardline.devices to wardline_server;
grant update (registration, id, key, sig) on wardline.signed_prekeys to wardline_server;
-- Condemning is the server's, in the transaction of its entry: from live, and no other way.
grant update (state) on wardline.units to wardline_server;
grant delete on wardline.signed_prekeys, wardline.one_time_prekeys to wardline_server;
-- Only so that a key that is being handed out can be locked (for update).
grant update (key) on wardline.one_time_prekeys to wardline_server;

grant select on wardline.units, wardline.payloads, wardline.entry_details to wardline_retention;
grant delete on wardline.payloads, wardline.entry_details, wardline.units to wardline_retention;
grant update (state) on wardline.units to wardline_retention;

-- A unit only ever moves forward, whoever asks.
create function wardline.unit_moves_forward() returns trigger language plpgsql as $$
begin
    if new.state <= old.state then
        raise exception 'a retention unit cannot go back from state % to %', old.state, new.state;
    end if;
    return new;
end $$;
create trigger unit_moves_forward before update of state on wardline.units
    for each row execute function wardline.unit_moves_forward();

grant select on wardline.schema_versions to wardline_server, wardline_retention;
